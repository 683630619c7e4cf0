"""Parents are recorded, and a split that tears a pasted image from any of them is found."""

import json
from pathlib import Path

import numpy as np
import pytest
from made_pastes import world

from longtail.augment.paste.making import synthesize
from longtail.augment.paste.parents import leaking_parents, with_pasted
from longtail.augment.paste.settings import PasteSettings
from longtail.data import Manifest, validate
from longtail.errors import UserError

SETTINGS = PasteSettings(on_normal=10, on_tail=10, tail=("Rare",))


def test_parents_of_training_rows_do_not_leak(tmp_path: Path) -> None:
    manifest, prepared = world(tmp_path / "world")
    parts = manifest.with_column("split", ["train" if row < 24 else "val" for row in range(40)])
    pasted = synthesize(parts, prepared, tmp_path / "out", SETTINGS)
    whole = with_pasted(parts, pasted)
    assert validate(whole) == []
    assert set(pasted.column("split")) == {"train"}
    assert leaking_parents(whole) == 0
    for row in range(len(pasted)):
        parents = json.loads(pasted.column("parents")[row])
        rows = [int(name[:3]) for name in parents]
        assert len(rows) >= 2
        assert max(rows) < 24
        assert json.loads(pasted.column("parent_studies")[row]) == [f"s{one}" for one in rows]
        patients = json.loads(pasted.column("parent_patients")[row])
        assert set(patients) == {f"p{one // 2}" for one in rows}
        assert pasted.column("patient")[row] == patients[0]
    assert len(set(pasted.column("study"))) == 20

    torn = whole.with_column("split", ["val" if row < 24 and row % 2 else "train" for row in range(60)])
    assert leaking_parents(torn) == 20  # every patch is of an odd row
    of_patient = whole.with_column("split", ["train"] * 60).select(np.r_[0:40, 40])
    sibling = int(json.loads(pasted.column("parents")[0])[1][:3]) - 1  # another image of the patch's patient
    split = list(of_patient.column("split"))
    split[sibling] = "test"
    assert leaking_parents(of_patient.with_column("split", split)) == 1
    assert leaking_parents(manifest) == 0


def test_rows_are_added_with_their_boxes_and_survive_a_file(tmp_path: Path) -> None:
    manifest, prepared = world(tmp_path / "world")
    pasted = synthesize(manifest, prepared, tmp_path / "out", SETTINGS)
    whole = with_pasted(manifest, pasted)
    assert whole.boxes is not None
    assert manifest.boxes is not None
    assert pasted.boxes is not None
    assert len(whole.boxes) == len(manifest.boxes) + len(pasted.boxes)
    assert all(path.is_file() for path in whole.image_paths)
    again = Manifest.load(whole.save(tmp_path / "world" / "all.csv"))
    np.testing.assert_array_equal(again.targets, whole.targets)
    assert leaking_parents(again) == 0
    with pytest.raises(UserError, match="add them to the manifest that they were made of"):
        with_pasted(Manifest(manifest.table, manifest.labels[:3], manifest.targets[:, :3], manifest.root), pasted)
