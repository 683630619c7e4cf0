from pathlib import Path

import pytest

from longtail.cli import run

NIH = """Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position
90000001_000.png,Cardiomegaly,0,90001,57,M,PA
90000002_000.png,No Finding,0,90002,81,F,AP
"""


def test_read(in_tmp: Path, capsys: pytest.CaptureFixture[str]):
    (in_tmp / "Data_Entry_2017.csv").write_text(NIH)
    assert run(["data", "read", "nih", "--root", ".", "--out", "out", "--format", "parquet"]) == 0
    out, err = capsys.readouterr()
    assert "out/manifest.parquet: 2 images, 15 labels" in out
    assert "next: longtail data inspect out/manifest.parquet" in out
    assert "2 of 2 images are not in" in err
    assert (in_tmp / "out/manifest.parquet").exists()


def test_read_with_an_option(in_tmp: Path, capsys: pytest.CaptureFixture[str]):
    (in_tmp / "train.csv").write_text("")
    assert run(["data", "read", "chexpert", "blnk=unknown", "--root", "."]) == 2
    assert "error: unknown option 'blnk'" in capsys.readouterr().err
    assert run(["data", "read", "chexpert", "blank", "--root", "."]) == 2
    assert "write key=value" in capsys.readouterr().err


def test_list_datasets(capsys: pytest.CaptureFixture[str]):
    assert run(["list", "datasets"]) == 0
    out = capsys.readouterr().out
    assert "cxr-lt-2024" in out
    assert "Wang et al. 2017" in out


def test_a_folder_without_its_option(in_tmp: Path, capsys: pytest.CaptureFixture[str]):
    (in_tmp / "files").mkdir()
    assert run(["data", "read", "nih", "files"]) == 2
    assert "longtail data read nih --root files." in capsys.readouterr().err
    assert not (in_tmp / "manifest").exists()
