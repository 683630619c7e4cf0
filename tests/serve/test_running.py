"""Addresses, tokens, and what is missing."""

from pathlib import Path

import pytest

from longtail.cli import run
from longtail.errors import UserError
from longtail.serve.running import is_local, read_token, serve


def test_which_addresses_are_this_machine() -> None:
    assert [is_local(each) for each in ("localhost", "127.0.0.1", "::1", "127.8.8.8")] == [True] * 4
    assert [is_local(each) for each in ("0.0.0.0", "::", "192.168.0.7", "ward")] == [False] * 4


def test_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LONGTAIL_TOKEN", raising=False)
    assert read_token(None) is None
    file = tmp_path / "token"
    file.write_text(" abc \n", encoding="utf-8")
    assert read_token(file) == "abc"
    file.write_text("\n", encoding="utf-8")
    with pytest.raises(UserError, match="is empty"):
        read_token(file)
    file.write_bytes(b"\xff\xfe" * 20)
    with pytest.raises(UserError, match="holds no text"):
        read_token(file)


def test_mistakes_are_sentences(
    in_tmp: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("longtail.serve.running.require", lambda *_: None)
    with pytest.raises(UserError, match="shorter than 16"):
        serve(in_tmp, token="short")
    assert run(["serve", "nowhere"]) == 2
    assert "no folder 'nowhere'" in capsys.readouterr().err
    assert run(["serve", "nowhere", "--max-seconds", "inf"]) == 2
    assert "the limit 'seconds' of a server is inf; give a number above 0" in capsys.readouterr().err


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("longtail.export.formats.module_exists", lambda name: name != "uvicorn")
    with pytest.raises(UserError, match="serving needs uvicorn: pip install uvicorn"):
        serve("run")
