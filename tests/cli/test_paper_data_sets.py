"""The data sets of the metric-learning paper by the commands of docs/two-stage.md, with small files in their form."""

from pathlib import Path

import numpy as np
import pytest
from made_files import picture

from longtail.cli import run
from longtail.data.division.profiles import long_tail_counts
from longtail.data.manifest import Manifest


def _run(line: str) -> None:
    assert run(line.split()) == 0, line


def _counts(path: Path, split: str) -> list[int]:
    manifest = Manifest.load(path)
    return [int(count) for count in manifest.counts(manifest.rows_of(split))]


@pytest.mark.parametrize("name", ["flowers", "dogs"])
def test_folders_of_classes_cut_at_a_ratio_of_10(name: str, in_tmp: Path) -> None:
    for kind in range(4):
        for i in range(40):
            picture(in_tmp / name, f"class-{kind}/{i}.png")
    _run(f"data read folder --root {name} --out {name}-all")
    _run(f"data split {name}-all/manifest.csv --ratios 75/5/20 --out {name}.csv")
    _run(f"data tail {name}.csv --ratio 10 --out split.csv")
    assert _counts(in_tmp / "split.csv", "train") == long_tail_counts(30, 10, 4) == [30, 14, 6, 3]
    assert _counts(in_tmp / "split.csv", "val") == [2] * 4
    assert _counts(in_tmp / "split.csv", "test") == [8] * 4


def test_pathmnist_keeps_its_own_splits(in_tmp: Path) -> None:
    rows = {"train": 180, "val": 9, "test": 18}
    arrays = {}
    for split, count in rows.items():
        arrays[f"{split}_images"] = np.zeros((count, 28, 28, 3), dtype=np.uint8)
        arrays[f"{split}_labels"] = (np.arange(count) % 9).astype(np.uint8)[:, None]
    (in_tmp / "medmnist").mkdir()
    np.savez(in_tmp / "medmnist" / "pathmnist.npz", **arrays)
    _run("data read medmnist --root medmnist --out path subset=pathmnist")
    _run("data tail path/manifest.csv --ratio 10 --out split.csv")
    assert _counts(in_tmp / "split.csv", "train") == long_tail_counts(20, 10, 9)
    assert _counts(in_tmp / "split.csv", "val") == [1] * 9
    assert _counts(in_tmp / "split.csv", "test") == [2] * 9
