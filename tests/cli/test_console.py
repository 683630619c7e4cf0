import numpy as np
import pytest

from longtail import losses
from longtail.cli import console


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        (float("nan"), ""),
        (12345, "12,345"),
        (np.int64(12345), "12,345"),
        (0.123456, "0.1235"),
        (True, "True"),
        ("a", "a"),
    ],
)
def test_cells_as_people_read_them(cell: object, text: str) -> None:
    assert console.cell_text(cell) == text


def test_a_table_keeps_every_column_off_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    console.table("title", ["label", "images"], [["[red]x[/red]", 1200], ["y", None]])
    shown = capsys.readouterr().out
    assert "title" in shown
    assert "[red]x[/red]" in shown  # users' text is no markup
    assert "1,200" in shown


def test_progress_off_a_terminal_is_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "_SECONDS_BETWEEN_LINES", 0)
    with console.progress(3000, "prepare") as advance:
        advance(1500)
    assert capsys.readouterr().err.startswith("prepare: 1,500 of 3,000 images, ")
    assert [console._rate(speed) for speed in (1200.4, 12.3, 2.34, 0.23, 0)] == ["1,200", "12", "2.3", "0.2", "0"]


def test_progress_on_a_terminal_is_a_bar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with console.progress(10, "prepare") as advance:
        advance(10)
    assert "prepare: " not in capsys.readouterr().err


def test_a_narrow_terminal_keeps_the_first_column_readable(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    console.table("t", ["label", "group", "images", "% of known", "boxes"], [["Subcutaneous", "head", 82, 36.3, 0]])
    assert "Subcutaneous" in capsys.readouterr().out


def test_a_cell_cannot_command_the_terminal(capsys):
    console.table("t\x1b[2J", ["label", "[b]\x1b[1m"], [["a\x1b[31mred\x07", 1], ["Lunge\u00f6dem\u00a0x", 2]])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "[b]\\x1b[1m" in out  # a split's name, for example, which is no markup either
    assert "\\x1b[31mred\\x07" in out
    assert "Lunge\u00f6dem" in out


def test_lines_cannot_command_the_terminal(capsys):
    console.say("a\x1b[2Jb\tc\nd")
    console.note("\x07e\u2028")
    told = capsys.readouterr()
    assert told.out == "a\\x1b[2Jb\tc\nd\n"
    assert told.err == "\\x07e\u2028\n"


def test_a_mistake_with_a_whole_file_in_it_keeps_its_beginning_and_end(capsys):
    console.complain(f"the column '{'x' * 100_000}' is unknown; valid are a and b.\nand\rmore")
    first, second = capsys.readouterr().err.splitlines()
    assert len(first) < 2100
    assert first.startswith("error: the column 'xxx")
    assert first.endswith("xxx' is unknown; valid are a and b.")
    assert second == "error: and\\rmore"


def test_warnings_of_longtail_are_told_and_those_of_libraries_are_not(capsys):
    console.warn_of(UserWarning("few images."), UserWarning, losses.__file__, 3)
    console.warn_of(UserWarning("Corrupt EXIF data"), UserWarning, np.__file__, 3)
    console.warn_of("old", DeprecationWarning, losses.__file__, 3)
    assert capsys.readouterr().err == "warning: few images.\n"


def test_a_long_line_of_any_kind_is_cut(capsys):
    console.warn("patient '" + "x" * 100_000 + "' is in two splits.")
    assert len(capsys.readouterr().err) < 2100
