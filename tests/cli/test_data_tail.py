"""`longtail data tail`."""

import pytest

from longtail.cli import run
from longtail.data.manifest import Manifest


@pytest.fixture
def manifest(in_tmp):
    rows = [f"{i}.png,{'abc'[i % 3]},{'test' if i % 4 == 0 else 'train'}" for i in range(480)]
    (in_tmp / "in.csv").write_text("\n".join(["image,label,split", *rows]) + "\n")
    return in_tmp / "in.csv"


@pytest.mark.usefixtures("manifest")
def test_tail(capsys):
    assert run(["data", "tail", "in.csv", "--out", "out.csv", "--ratio", "10"]) == 0
    out, error = capsys.readouterr()
    assert "imbalance ratio 1 before, 10 after" in out
    assert "290 of 480 images written to out.csv" in out
    assert error == ""
    done = Manifest.load("out.csv", check_files=False)
    assert done.counts(done.rows_of("train")).tolist() == [120, 38, 12]
    assert done.counts(done.rows_of("test")).tolist() == [40, 40, 40]


@pytest.mark.usefixtures("manifest")
def test_head_share_of_all_rows(capsys):
    assert (
        run(["data", "tail", "in.csv", "--out", "out.csv", "--head-share", "0.8", "--head", "b", "--within", "all"])
        == 0
    )
    assert Manifest.load("out.csv", check_files=False).counts().tolist() == [20, 160, 20]
    assert "holds 80.0%" in capsys.readouterr().out


@pytest.mark.usefixtures("manifest")
def test_too_few_images_are_told(capsys):
    assert run(["data", "tail", "in.csv", "--out", "out.csv", "--ratio", "2", "--n-max", "200"]) == 0
    assert "warning: a (120 of 200), b (120 of 141) had fewer images" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--out", "in.csv", "--ratio", "10"], "would replace the manifest"),
        (["--out", "out.csv"], "say what the tail is"),
        (["--out", "out.csv", "--ratio", "10", "--within", "trian"], "Did you mean 'train'"),
        (["--out", "out.csv", "--ratio", "0.1"], "write 10"),
        (["--out", "out.csv", "--head-share", "0.8", "--head", "d"], "unknown label 'd'"),
    ],
)
def test_mistakes_are_one_sentence(manifest, capsys, arguments, why):
    before = manifest.read_bytes()
    assert run(["data", "tail", "in.csv", *arguments]) == 2
    error = capsys.readouterr().err
    assert why in error
    assert error.count("\n") == 1
    assert manifest.read_bytes() == before
