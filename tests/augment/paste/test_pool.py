"""What may be pasted onto what, and errors that name what is missing."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_pastes import LABELS, world

from longtail.augment.paste.pool import normal_label, paste_pool, require_feasible
from longtail.augment.paste.settings import PasteSettings
from longtail.augment.paste.view_kinds import kind_of_view
from longtail.data import Manifest, Prepared, prepare
from longtail.errors import UserError

RARE = PasteSettings(tail=("Rare",))


def _refused(manifest: Manifest, prepared: Prepared, **said: Any) -> str:
    """What is said once images are prepared, and the same before."""
    settings = PasteSettings(**{"tail": ("Rare",), **said})
    with pytest.raises(UserError) as told:
        paste_pool(manifest, prepared, settings)
    rows = manifest.rows_of("train") if manifest.has("split") else np.arange(len(manifest))
    with pytest.raises(UserError) as before:
        require_feasible(manifest, settings, rows)
    assert str(before.value) == str(told.value)
    return str(told.value)


def test_normal_images_and_tail(tmp_path: Path) -> None:
    manifest, prepared = world(tmp_path)
    pool = paste_pool(manifest, prepared, PasteSettings(tail_below=6))
    assert pool.normal == 0
    assert pool.normals[0].tolist() == list(range(0, 40, 2))
    assert [LABELS[label] for label in pool.tail] == ["Rare"]  # on 4 images; Other on 7
    assert pool.anchors("normal") == pool.anchors("tail") == [(2, 0)]
    assert pool.pasteable(0) == [1, 2, 3]
    unnamed = replace(manifest, labels=("Fine", *LABELS[1:]))
    assert normal_label(unnamed, "Fine") == 0
    assert normal_label(unnamed, None) is None
    three = replace(manifest, labels=LABELS[1:], targets=manifest.targets[:, 1:].copy())
    three.targets[0, 0] = np.nan  # not known to be normal
    assert paste_pool(three, prepared, RARE).normals[0].tolist() == list(range(2, 40, 2))


def test_only_the_training_split_and_readable_images(tmp_path: Path) -> None:
    manifest, prepared = world(tmp_path)
    parts = manifest.with_column("split", ["train" if row < 20 else "val" for row in range(40)])
    pool = paste_pool(parts, prepared, RARE)
    assert pool.rows.max() == 19
    assert pool.bank.rows.max() < 20
    assert paste_pool(parts, prepared, RARE, rows=np.arange(10, 40)).rows.min() == 10
    (tmp_path / "000.png").write_bytes(b"no image")
    blank = prepare(manifest, 16, store=tmp_path / "blank", on_bad="blank", channels=1)
    assert 0 not in paste_pool(manifest, blank, RARE).rows
    skipped = prepare(manifest, 16, store=tmp_path / "blank", on_bad="skip", channels=1)
    pool = paste_pool(manifest, skipped, RARE)
    assert len(pool.manifest) == len(skipped) == 39
    with pytest.raises(UserError, match="40 images are prepared and the manifest has 5 rows"):
        paste_pool(manifest.select(np.arange(5)), prepared, RARE)


def test_views_stay_apart(tmp_path: Path) -> None:
    manifest, prepared = world(tmp_path)
    views = ["PA" if row % 4 else "AP" for row in range(40)]
    assert paste_pool(manifest.with_column("view", views), prepared, RARE).anchors("normal") == [(2, 0)]
    apart = ["LATERAL" if row % 2 else "PA" for row in range(40)]
    assert "on a kind of view of which there is a normal image" in _refused(
        manifest.with_column("view", apart), prepared
    )
    assert [kind_of_view(view) for view in ("pa", "LL", "left lateral", "AP_AXIAL", "", "Oblique")] == [
        "frontal", "lateral", "lateral", "frontal", "", "OBLIQUE",
    ]  # fmt: skip


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    manifest, prepared = world(tmp_path)
    assert manifest.boxes is not None
    assert "there is no box to cut a patch from among 40 images" in _refused(replace(manifest, boxes=None), prepared)
    common = replace(manifest, boxes=manifest.boxes[manifest.boxes["label"] == "Common"])
    told = _refused(common, prepared)
    assert "no tail finding (Rare) has a box" in told
    assert "boxes are of Common" in told
    assert paste_pool(common, prepared, replace(RARE, on_normal=0)).anchors("tail") == [(2, 0)]
    abnormal = manifest.select(np.arange(1, 40, 2))
    assert "no row to use has the label 'No Finding'" in _refused(abnormal, prepare(abnormal, 32, store=tmp_path / "a"))
    assert "Did you mean 'Rare'?" in _refused(manifest, prepared, tail=("Rar",))
    assert "no finding is in the tail" in _refused(manifest, prepared, tail=(), tail_below=2)
    assert "unknown label 'Fine'" in _refused(manifest, prepared, normal="Fine")
    never = replace(manifest, labels=(*LABELS, "Never"), targets=np.pad(manifest.targets, ((0, 0), (0, 1))))
    assert "no image with a tail finding (Never)" in _refused(never, prepared, tail=("Never",), on_normal=0)


def test_a_single_label_needs_a_normal_class(tmp_path: Path) -> None:
    manifest, prepared = world(tmp_path, single=True)
    pool = paste_pool(manifest, prepared, RARE)
    assert pool.single
    unnamed = replace(manifest, labels=("nv", *LABELS[1:]))
    assert "none of the classes (nv, Common, Rare, Other) is known to be normal" in _refused(unnamed, prepared)
    assert paste_pool(unnamed, prepared, replace(RARE, normal="nv")).normals[0].tolist() == list(range(0, 40, 2))
