from pathlib import Path

import pytest

from longtail import Manifest
from longtail.cli import run


def test_the_demo_ends_in_a_report(in_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["demo", "--out", "out", "--patients", "20", "--size", "48"]
    assert run(words) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[-1] == "report: out/report.html"
    assert (in_tmp / "out" / "report.html").stat().st_size > 50_000
    manifest = Manifest.load("out/data/split.csv")
    assert set(manifest.column("split")) == {"train", "val", "test"}
    for command in (line[2:] for line in shown.splitlines() if line.startswith("$ ")):
        assert command in (in_tmp / "out" / "report.html").read_text(encoding="utf-8").replace("&#39;", "'")
    assert run(words) == 0  # again, over its own output
