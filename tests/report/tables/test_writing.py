"""Tables as files."""

import json
from pathlib import Path

import pytest

from longtail.errors import UserError
from longtail.report.tables.paper_table import PaperTable
from longtail.report.tables.showing import write_table

_TABLE = PaperTable("Table 9", ("Label", "AP", "n"), (("a|b", 0.25, 3), ("Mean", float("nan"), None)), "Of two.")
_CURVES = PaperTable(
    "Figure 2: curves", ("Line", "Epoch", "Stage", "Image size", "Train loss", "Val loss", "Val mAP"),
    (("a > b", 1, "a", 64, 0.5, None, 0.1), ("a > b", 2, "b", 96, 0.4, None, 0.2)),
)  # fmt: skip


def test_three_forms(tmp_path: Path) -> None:
    assert _TABLE.write(tmp_path / "t.csv").read_text(encoding="utf-8") == "Label,AP,n\na|b,0.25,3\nMean,,\n"
    found = json.loads(_TABLE.write(tmp_path / "t.json").read_text(encoding="utf-8"))
    assert found["rows"] == [{"Label": "a|b", "AP": 0.25, "n": 3}, {"Label": "Mean", "AP": None, "n": None}]
    lines = _TABLE.write(tmp_path / "t.md").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "**Table 9**"
    assert lines[4:6] == ["| a\\|b | 0.250 | 3 |", "| Mean |  |  |"]


def test_curves_are_drawn(tmp_path: Path) -> None:
    assert write_table(_CURVES, tmp_path / "c.png").read_bytes()[:4] == b"\x89PNG"
    assert "<svg" in write_table(_CURVES, tmp_path / "c.svg").read_text(encoding="utf-8")


def test_mistakes(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="only the curves are drawn"):
        write_table(_TABLE, tmp_path / "t.png")
    with pytest.raises(UserError, match=r"must end in \.csv, \.json or \.md"):
        write_table(_TABLE, tmp_path / "t.xlsx")
