"""The command line as a whole: help, versions, mistakes, exit statuses."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pydantic import BaseModel, field_serializer
from pydantic_core import PydanticSerializationError

from longtail.cli import app, main, run


def test_help_lists_the_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(verb in shown for verb in ("data", "demo", "list"))


@pytest.mark.parametrize("words", [[], ["data"], ["list"]])
def test_a_bare_group_shows_its_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words) == 0
    assert "Usage: longtail" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("longtail 0.")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["dta"], "Did you mean 'data'?"),
        (["data", "inspekt"], "Did you mean 'inspect'?"),
        (["data", "inspect"], "Missing argument"),
        (["data", "inspect", "x.csv", "--roots", "y"], "--root"),
        (["data", "inspect", "absent.csv"], "there is no file 'absent.csv'"),
    ],
)
def test_a_mistake_is_one_sentence_and_status_2(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str], in_tmp: Path
) -> None:
    assert run(words) == 2
    shown = capsys.readouterr()
    assert message in shown.err
    assert shown.err.startswith("error: ")
    assert shown.err.count("\n") == 1
    assert not list(in_tmp.iterdir())


@pytest.mark.parametrize(
    ("raised", "status", "message"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (OSError(errno.ENOSPC, "full", "x.u8"), 2, "the disk is full at 'x.u8'"),
        (PermissionError(errno.EACCES, "no", "y"), 2, "no permission"),
    ],
)
def test_interruptions_and_refusals(
    raised: BaseException,
    status: int,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr("longtail.data.loading.load_manifest", broken)
    assert run(["data", "inspect", "m.csv"]) == status
    assert message in capsys.readouterr().err


def test_an_interrupt_in_compiled_code_is_one_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C in a function that pydantic calls comes out as an error of pydantic's."""

    class Asked(BaseModel):
        value: int = 1

        @field_serializer("value")
        def told(self, _: int) -> int:
            raise KeyboardInterrupt

    with pytest.raises(PydanticSerializationError):
        Asked().model_dump()
    monkeypatch.setattr("longtail.data.loading.load_manifest", lambda *_, **__: Asked().model_dump())
    assert run(["data", "inspect", "m.csv"]) == 130
    assert capsys.readouterr().err.startswith("error: interrupted")


def test_a_fault_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("longtail.data.loading.load_manifest", broken)
    with pytest.raises(ZeroDivisionError):
        run(["data", "inspect", "m.csv"])


def test_main_exits_with_the_status() -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["nothing-like-this"])
    assert exit_.value.code == 2


def test_python_dash_m_works() -> None:
    done = subprocess.run([sys.executable, "-m", "longtail", "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("longtail ")


def test_every_verb_has_a_help_line() -> None:
    groups = [app, *(group.typer_instance for group in app.registered_groups)]
    for group in groups:
        for command in group.registered_commands:
            assert command.callback is not None
            assert (command.callback.__doc__ or "").strip(), command.callback


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_after_the_work_ends_without_a_traceback(number: int) -> None:
    """Libraries clean up at exit for a while; the result was told by then."""
    code = "import atexit, os; from longtail.cli import main;"
    code += f"atexit.register(lambda: os.kill(os.getpid(), {int(number)})); main(['--version'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == -number
    assert done.stdout.startswith("longtail ")
    assert done.stderr == ""


def test_sigterm_ends_work_as_ctrl_c_does(tmp_path: Path) -> None:
    """Work is stopped in the middle, no file is half written, and the exit status is the shell's for SIGTERM."""
    call = [sys.executable, "-m", "longtail", "data", "phantoms", "--patients", "3000", "--out", str(tmp_path / "p")]
    with subprocess.Popen([*call, "--workers", "1"], stderr=subprocess.PIPE, text=True) as work:
        deadline = time.monotonic() + 60
        while not list((tmp_path / "p").glob("images/*")) and time.monotonic() < deadline:
            time.sleep(0.05)
        work.terminate()
        said = work.communicate(timeout=30)[1]
    assert work.returncode == 143
    assert said == "error: interrupted; what was finished is kept: the same command goes on from there.\n"
    assert not (tmp_path / "p" / "manifest.csv").exists()


def _shell(line: str, **more: str) -> subprocess.CompletedProcess[str]:
    line = line.replace("LT", f"{sys.executable} -m longtail")
    call = ["bash", "-o", "pipefail", "-c", line]
    return subprocess.run(call, capture_output=True, text=True, check=False, env={**os.environ, **more})


@pytest.mark.parametrize("line", ["LT list datasets | head -1", "LT list datasets >&-", "LT list datasets 2>&-"])
def test_output_that_nobody_reads_is_no_mistake(line: str) -> None:
    done = _shell(line)
    assert (done.returncode, done.stderr) == (0, "")


def test_letters_that_the_terminal_lacks_are_written_as_numbers(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("image,\u00fc\na.png,1\nb.png,0\n", encoding="utf-8")
    done = _shell(f"LT data inspect {tmp_path}/m.csv --no-page --no-files", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "\\xfc" in done.stdout


def test_a_name_that_is_no_text_is_told_not_thrown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / os.fsdecode(b"r\xf6ntgen")
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this disk has names of text only")
    (folder / "m.csv").write_text("image,A\na.png,1\nb.png,0\n")
    assert run(["data", "inspect", str(folder / "m.csv"), "--no-files"]) == 2
    said = capsys.readouterr().err
    assert "r\\udcf6ntgen/m.csv' is not UTF-8; rename it." in said
    assert said.startswith("error: the file or folder name '")
