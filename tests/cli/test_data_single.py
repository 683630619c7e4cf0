"""`longtail data single`."""

import pytest

from longtail.cli import run
from longtail.data.manifest import Manifest


@pytest.fixture
def manifest(in_tmp):
    rows = [f"{i}.png,{int(i % 3 == 0)},{int(i % 2 == 0)}" for i in range(12)]
    (in_tmp / "in.csv").write_text("\n".join(["image,Mass,Nodule", *rows]) + "\n")


@pytest.mark.usefixtures("manifest")
def test_single(capsys):
    assert run(["data", "single", "in.csv", "--out", "out.csv"]) == 0
    assert "6 of 12 images written to out.csv" in capsys.readouterr().out
    done = Manifest.load("out.csv", check_files=False)
    assert done.task == "singlelabel"
    assert done.counts().tolist() == [2, 4]


@pytest.mark.usefixtures("manifest")
def test_labels_by_flag():
    assert run(["data", "single", "in.csv", "--out", "out.csv", "--labels", "Nodule,Mass"]) == 0
    assert Manifest.load("out.csv", check_files=False).labels == ("Nodule", "Mass")


@pytest.mark.usefixtures("manifest")
def test_an_unknown_class_is_told(capsys):
    assert run(["data", "single", "in.csv", "--out", "out.csv", "--classes", "Mas,Nodule"]) == 2
    assert "Did you mean 'Mass'?" in capsys.readouterr().err
