"""`longtail data merge` end to end."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from longtail.cli import run
from longtail.data.manifest import Manifest, from_states


@pytest.fixture
def two(tmp_path: Path) -> list[str]:
    table = pd.DataFrame({"image": ["1.png", "2.png"], "patient": ["1", "2"]})
    nih = from_states(table.assign(source="nih"), ["Effusion", "Hernia"], np.array([[1, 0], [0, 1]]), tmp_path / "nih")
    other = from_states(table, ["Pleural effusion", "ILD"], np.array([[1, 0], [0, 1]]), tmp_path / "b")
    nih.save(tmp_path / "nih" / "manifest.csv")
    other.save(tmp_path / "b" / "manifest.parquet")
    return [str(tmp_path / "nih" / "manifest.csv"), str(tmp_path / "b" / "manifest.parquet")]


def test_with_the_chest_map(two, tmp_path: Path, capsys):
    out = tmp_path / "out"
    sources = ["--source", "nih", "--source", "vindr"]
    assert run(["data", "merge", *two, "--out", str(out), "--map", "chest", *sources]) == 0
    said = capsys.readouterr()
    assert "4 images, 2 labels" in said.out
    assert "25.0%" not in said.out
    assert "50.0%" in said.out
    assert "left out of vindr: ILD" in said.err
    merged = Manifest.load(out / "manifest.csv", check_files=False)
    assert merged.labels == ("Hernia", "Pleural Effusion")
    assert merged.table["patient"].tolist() == ["nih:1", "nih:2", "vindr:1", "vindr:2"]


def test_without_a_map_and_as_parquet(two, tmp_path: Path):
    assert run(["data", "merge", *two, "--out", str(tmp_path / "out"), "--format", "parquet"]) == 0
    merged = Manifest.load(tmp_path / "out" / "manifest.parquet", check_files=False)
    assert merged.labels == ("Effusion", "Hernia", "Pleural effusion", "ILD")
    assert merged.table["source"].tolist() == ["nih", "nih", "b", "b"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--map", "chset"], "Did you mean 'chest'"),
        (["--keep", "maped"], "Did you mean 'mapped'"),
        (["--source", "nih"], "2 manifests but 1 sources"),
        (["--map", "chest"], "no map for the source 'b'"),
    ],
)
def test_mistakes(two, tmp_path: Path, capsys, more, message):
    assert run(["data", "merge", *two, "--out", str(tmp_path / "out"), *more]) == 2
    assert message in capsys.readouterr().err


def test_an_input_is_not_written_over_unless_forced(two, tmp_path: Path, capsys):
    before = Path(two[0]).read_bytes()
    assert run(["data", "merge", *two, "--out", str(tmp_path / "nih")]) == 2
    assert "would replace the manifest" in capsys.readouterr().err
    assert Path(two[0]).read_bytes() == before
    assert run(["data", "merge", *two, "--out", str(tmp_path / "nih"), "--force"]) == 0


def test_releases_of_the_same_patients_are_told(two, tmp_path: Path, capsys):
    sources = ["--source", "nih", "--source", "nih-cxr-lt"]
    assert run(["data", "merge", *two, "--out", str(tmp_path / "out"), *sources]) == 0
    assert "of the same patients, whose ids got one form: nih, nih-cxr-lt" in capsys.readouterr().err
