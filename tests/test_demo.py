import json
from pathlib import Path

import pytest

from longtail import Manifest
from longtail.cli import run


def test_the_demo_ends_in_a_report(in_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["demo", "--out", "out", "--patients", "30", "--size", "48", "--smoke"]
    assert run(words) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[-1] == "report: out/report.html"
    report = (in_tmp / "out" / "report.html").read_text(encoding="utf-8")
    assert report == (in_tmp / "out" / "run" / "report.html").read_text(encoding="utf-8")
    assert "represent" in report
    assert "rebalance" in report
    manifest = Manifest.load("out/data/split.csv")
    assert set(manifest.column("split")) == {"train", "val", "test"}
    data_page = (in_tmp / "out" / "data.html").read_text(encoding="utf-8").replace("&#39;", "'")
    commands = [line[2:] for line in shown.splitlines() if line.startswith("$ ")]
    assert [command.split()[1:3] for command in commands] == [
        ["data", "phantoms"], ["data", "split"], ["data", "inspect"], ["fit", "demo"],
    ]  # fmt: skip
    assert all(command in data_page for command in commands[:2])
    told = json.loads((in_tmp / "out" / "run" / "metrics.json").read_text(encoding="utf-8"))["test"]["means"]["ap"]
    assert f"all {told['value']:.3f} ({told['over']})" in shown
    assert run(words) == 0  # again, over its own output
