import json

import pytest
from PIL import Image

from longtail.cli import run


@pytest.fixture
def folder(tmp_path):
    rows = ["picture,subject,part,Mass,Nodule,age"]
    for number in range(8):
        Image.new("L", (20 + number, 20)).save(tmp_path / f"{number}.png")
        part = "train" if number < 5 else "test"
        rows.append(f"{number}.png,p{number},{part},{number % 2},{int(number % 3 == 0)},{40 + number}")
    (tmp_path / "manifest.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


FLAGS = ["--image", "picture", "--patient", "subject", "--split", "part", "--labels", "Mass,Nodule"]


def test_tables_and_files(folder, capsys):
    assert run(["data", "inspect", str(folder / "manifest.csv"), *FLAGS]) == 0
    out, err = capsys.readouterr()
    assert "Nodule" in out
    assert "head: more than" in out
    assert "inspection.png" in err
    assert json.loads((folder / "inspection.json").read_text())["rows"] == 8
    assert (folder / "inspection.png").read_bytes().startswith(b"\x89PNG")


def test_json_elsewhere_without_a_page(folder, capsys):
    out = folder / "audit"
    assert (
        run(
            [
                "data",
                "inspect",
                str(folder),
                *FLAGS,
                "--json",
                "--no-page",
                "--out",
                str(out),
                "--head",
                "2",
                "--tail",
                "1",
            ]
        )
        == 0
    )
    told = json.loads(capsys.readouterr().out)
    assert told["tail"]["boundaries"] == {"head": 2, "tail": 1, "rule": "as stated"}
    assert [path.name for path in out.iterdir()] == ["inspection.json"]


def test_errors_are_all_told_after_the_audit(folder, capsys):
    with (folder / "manifest.csv").open("a") as file:
        file.write("none.png,p9,train,1,0,1\n0.png,p9,test,0,0,1\n")
    assert run(["data", "inspect", str(folder), *FLAGS, "--no-page"]) == 2
    out, err = capsys.readouterr()
    assert "missing-file" in err
    assert "duplicate-image" in err
    assert "do not exist" in " ".join(out.split())
    assert (folder / "inspection.json").exists()


def test_no_files_looks_at_none(folder, capsys):
    for path in folder.glob("*.png"):
        path.unlink()
    assert run(["data", "inspect", str(folder), *FLAGS, "--no-files", "--no-page"]) == 0
    assert "missing" not in capsys.readouterr().out


def test_root_counts_from_the_working_folder(folder, tmp_path, monkeypatch, capsys):
    (tmp_path / "pictures").mkdir()
    for path in folder.glob("*.png"):
        path.rename(tmp_path / "pictures" / path.name)
    monkeypatch.chdir(tmp_path)
    assert run(["data", "inspect", "manifest.csv", *FLAGS, "--root", "pictures", "--no-page"]) == 0
    assert run(["data", "inspect", "manifest.csv", *FLAGS, "--no-page"]) == 2
    capsys.readouterr()


def test_a_wrong_column_names_the_nearest(folder, capsys):
    assert run(["data", "inspect", str(folder), "--image", "pictures"]) == 2
    assert "Did you mean 'picture'" in capsys.readouterr().err


def test_a_plan_is_a_recipe_for_this_manifest(folder, capsys):
    (folder / "manifest.yaml").write_text("image: picture\nsplit: part\nlabels: [Mass, Nodule]\n")
    words = ["data", "inspect", str(folder), "--no-page", "--no-duplicates"]
    plan = folder / "plan.yaml"
    assert run([*words, "--plan", str(plan)]) == 0
    assert f"next: longtail validate {plan} {folder}" in capsys.readouterr().err
    assert run(["validate", str(plan), str(folder)]) == 0
    text = plan.read_text()
    for refused, why in (
        ([str(plan)], "is not overwritten"),
        ([str(folder / "new.yaml"), "--no-files"], "leave --no-files out"),
        ([str(folder / "new.yaml"), "--patient", "subject"], "write that into 'manifest.yaml'"),
    ):
        capsys.readouterr()
        assert run([*words, "--plan", *refused]) == 2
        assert why in capsys.readouterr().err
    assert plan.read_text() == text
    assert not (folder / "new.yaml").exists()
