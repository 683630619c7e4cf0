"""`longtail tables`."""

from pathlib import Path

import pytest
from made_staged_run import staged_run

from longtail.cli import run


@pytest.fixture
def made(in_tmp: Path) -> Path:
    staged_run(in_tmp)
    return in_tmp


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize(
    ("table", "shown"),
    [
        ("1", "Table 1: label ratios"),
        ("2", "model3 *"),
        ("3", "Positives lateral"),
        ("4", "ensemble+views"),
        ("curves", "model0 > model2"),
    ],
)
def test_each_is_printed_and_written(table: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tables", "run", "--table", table, "--out", "t.json"]) == 0
    out = capsys.readouterr().out
    assert shown in out
    assert "wrote t.json" in out
    assert Path("t.json").exists()


@pytest.mark.usefixtures("made")
def test_a_manifest_alone_has_a_table_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tables", "manifest.csv", "--table", "1"]) == 0
    assert "Hernia" in capsys.readouterr().out


@pytest.mark.usefixtures("made")
def test_curves_as_a_picture() -> None:
    words = ["tables", "run", "--table", "curves", "--line", "model0,model2", "--line", "model0,model3"]
    assert run([*words, "--out", "f.png"]) == 0
    assert Path("f.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.usefixtures("made")
def test_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tables", "run", "--table", "7"]) == 2
    assert "unknown table '7'" in capsys.readouterr().err
