"""The numbers of made manifests, and those of which nothing can be planned."""

from pathlib import Path

import numpy as np
import pytest
from made_data import made_manifest
from made_fingerprints import boxed

from longtail.data import Manifest, from_classes, inspect
from longtail.errors import UserError
from longtail.stages.proposing.fingerprint import Fingerprint, fingerprint_of


def made(manifest: Manifest) -> Fingerprint:
    return fingerprint_of(manifest, inspect(manifest, duplicates=False))


def test_counts_shares_sizes_studies_and_boxes(tmp_path: Path) -> None:
    manifest = boxed(tmp_path)
    found = fingerprint_of(manifest, inspect(manifest, tail=10, head=20, duplicates=False))
    assert (found.train, found.valid) == (80, 20)
    assert found.counts == {"Mass": 50, "Hernia": 8}
    assert (found.tail, found.tail_below, found.boxes) == (("Hernia",), 10, {"Hernia": 8})
    assert found.ratio == 50 / 8
    assert found.positive == 58 / 159
    assert found.unknown == pytest.approx(1 / 160)
    assert (found.side, found.channels, found.looked_at, found.unreadable) == (40, 1, 100, 0)
    assert (found.studies, found.several, found.both_views) == (50, 50, 10)
    assert (found.unpastable, found.mixed) == ("", 0)
    classes = np.arange(100) // 2 % 2
    classes[[2, 5, 9]] = 0, -1, 1  # in studies of the classes 1, 0 and 0
    assert made(from_classes(manifest.table, ["a", "b"], classes, tmp_path)).mixed == 2


def test_boxes_without_a_normal_image_cannot_be_pasted(tmp_path: Path) -> None:
    manifest = boxed(tmp_path)
    manifest.targets[:, 0] = 1
    found = fingerprint_of(manifest, inspect(manifest, tail=10, duplicates=False))
    assert "normal" in found.unpastable


def test_what_cannot_be_planned_is_one_sentence(tmp_path: Path) -> None:
    manifest = Manifest.load(made_manifest(tmp_path, images=8))
    with pytest.raises(UserError, match="has no rows of a split 'train'.*longtail data split"):
        made(manifest.with_column("split", ["test"] * 8))
    manifest.targets[:] = 0
    with pytest.raises(UserError, match="no training row of .* has any label"):
        made(manifest)
    same = from_classes(manifest.table, ["a", "b"], np.zeros(8, np.int64), manifest.root)
    with pytest.raises(UserError, match="are of the class 'a'"):
        made(same)
    for path in same.image_paths:
        path.write_bytes(b"no image")
    with pytest.raises(UserError, match="no image file that was looked at can be read"):
        made(from_classes(manifest.table, ["a", "b"], np.arange(8) % 2, manifest.root))
