"""`longtail data split`."""

import numpy as np
import pytest

from longtail.cli import run
from longtail.data.grouping import leaking_groups
from longtail.data.manifest import Manifest


@pytest.fixture
def manifest(in_tmp):
    rng = np.random.default_rng(0)
    rows = [f"{i}.png,p{rng.integers(60)},{int(rng.random() < 0.5)},{int(rng.random() < 0.1)}" for i in range(300)]
    (in_tmp / "in.csv").write_text("\n".join(["image,patient,Mass,Hernia", *rows]) + "\n")
    return in_tmp / "in.csv"


@pytest.mark.usefixtures("manifest")
def test_split(capsys):
    assert run(["data", "split", "in.csv", "--out", "out.csv", "--ratios", "75/5/20", "--seed", "3"]) == 0
    out, error = capsys.readouterr()
    assert "Hernia" in out
    assert "by patient" in out
    assert "300 images written to out.csv" in out
    assert error == ""
    done = Manifest.load("out.csv", check_files=False)
    assert leaking_groups(done, "patient") == 0
    assert len(done.rows_of("train")) == pytest.approx(225, abs=5)
    assert done.labels == ("Mass", "Hernia")


@pytest.mark.usefixtures("manifest")
def test_a_split_by_image_warns_of_groups_that_leak(capsys):
    assert run(["data", "split", "in.csv", "--out", "out.parquet", "--by", "image"]) == 0
    assert "groups of column 'patient' have images in more than one part" in capsys.readouterr().err


def test_without_a_column_of_groups_each_image_is_alone_and_told(manifest, capsys):
    text = manifest.read_text()
    manifest.write_text(text.replace("patient", "person"))
    assert run(["data", "split", "in.csv", "--out", "out.csv"]) == 0
    error = capsys.readouterr().err
    assert "warning: no column says which images are of one patient, lesion or study" in error
    assert error.count("\n") == 1
    assert run(["data", "split", "in.csv", "--out", "out.csv", "--by", "image"]) == 0
    assert capsys.readouterr().err == ""
    for name in ("PatientID", "Patient ID", "StudyInstanceUID", "Lesion ID"):
        manifest.write_text(text.replace("patient", name))
        assert run(["data", "split", "in.csv", "--out", "out.csv", "--folds", "3"]) == 0
        shown = capsys.readouterr()
        assert "by image" not in shown.out
        assert shown.err == ""


def test_a_column_that_is_taken_for_no_label_is_told(manifest, capsys):
    head, *rows = manifest.read_text().splitlines()
    manifest.write_text(
        "\n".join([f"{head},Edema", *[f"{row},{'yes' if i % 9 else 'no'}" for i, row in enumerate(rows)]])
    )
    assert run(["data", "split", "in.csv", "--out", "out.csv"]) == 0
    assert "'Edema' of 'in.csv' holds words such as 'no', 'yes'" in capsys.readouterr().err


@pytest.mark.usefixtures("manifest")
def test_folds(capsys):
    assert run(["data", "split", "in.csv", "--out", "folds.csv", "--folds", "4"]) == 0
    assert set(Manifest.load("folds.csv", check_files=False).column("fold")) == {"0", "1", "2", "3"}
    assert run(["data", "split", "in.csv", "--out", "folds.csv", "--folds", "4", "--ratios", "80/20"]) == 2
    assert "leave out --ratios" in capsys.readouterr().err


@pytest.mark.usefixtures("manifest")
def test_keep():
    assert run(["data", "split", "in.csv", "--out", "first.csv", "--ratios", "70/10/20"]) == 0
    assert (
        run(["data", "split", "first.csv", "--out", "second.csv", "--ratios", "50/50", "--keep", "test", "--seed", "9"])
        == 0
    )
    first, second = (Manifest.load(f"{name}.csv", check_files=False) for name in ("first", "second"))
    assert (first.rows_of("test") == second.rows_of("test")).all()
    assert len(second.rows_of("val")) > 2 * len(first.rows_of("val"))


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--out", "in.csv"], "would replace the manifest"),
        (["--out", "in.parquet"], "the YAML beside it"),
        (["--out", "out.csv", "--by", "pateint"], "Did you mean 'patient'"),
        (["--out", "out.csv", "--folds", "61"], "groups to divide by 'patient', too few for 61 parts"),
        (["--out", "out.csv", "--ratios", "70/20"], "sum 90"),
        (["--out", "out.csv", "--method", "magic"], "unknown method"),
        (["--out", "out.txt"], "must end in .csv or .parquet"),
        (["--out", "out.csv", "--keep", "test"], "has no column 'split', so no test to keep"),
    ],
)
def test_mistakes_are_one_sentence(manifest, capsys, arguments, why):
    before = manifest.read_bytes()
    assert run(["data", "split", "in.csv", *arguments]) == 2
    error = capsys.readouterr().err
    assert why in error
    assert error.count("\n") == 1
    assert manifest.read_bytes() == before


@pytest.mark.usefixtures("manifest")
def test_force():
    assert run(["data", "split", "in.csv", "--out", "in.csv", "--force"]) == 0
    assert Manifest.load("in.csv", check_files=False).has("split")
