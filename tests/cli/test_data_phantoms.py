"""`longtail data phantoms` end to end."""

from pathlib import Path

from longtail.cli import run
from longtail.data.manifest import Manifest


def test_draws_a_set_that_loads(tmp_path: Path, capsys):
    out = tmp_path / "made"
    arguments = ["data", "phantoms", "--out", str(out), "--patients", "4", "--size", "32", "--prevalence", "Hernia=1"]
    assert run(arguments) == 0
    said = capsys.readouterr()
    made = Manifest.load(out)
    assert f"{len(made):,} images of 4 patients" in said.out
    assert "Hernia" in said.out
    assert made.counts()[made.labels.index("Hernia")] == len(made)
    assert run(arguments) == 0  # finished already


def test_mistakes_end_with_status_2(tmp_path: Path, capsys):
    (tmp_path / "other.txt").write_text("mine")
    assert run(["data", "phantoms", "--out", str(tmp_path)]) == 2
    assert "not empty" in capsys.readouterr().err
    assert run(["data", "phantoms", "--out", str(tmp_path / "a"), "--format", "jpeg"]) == 2
    assert "Valid: dicom, png" in capsys.readouterr().err
    assert run(["data", "phantoms", "--out", str(tmp_path / "a"), "--prevalence", "Hernia"]) == 2
    assert "key=value" in capsys.readouterr().err
