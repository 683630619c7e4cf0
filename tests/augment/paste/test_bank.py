"""Patches of a manifest: whole, and in the right pixels for every resize rule."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from made_pastes import BOXES, LABELS, SIDE, world

from longtail.augment.paste.bank import patch_bank
from longtail.data import prepare
from longtail.data.boxes import box_table
from longtail.data.images.png import encode_png


def test_every_box_is_a_patch_of_its_row(tmp_path: Path) -> None:
    manifest, prepared = world(tmp_path)
    bank = patch_bank(manifest, prepared, np.arange(40))
    assert manifest.boxes is not None
    assert len(bank) == len(manifest.boxes)
    for row, label, box in zip(bank.rows, bank.labels, bank.boxes, strict=True):
        assert manifest.targets[row, label] == 1
        assert box.tolist() == [side // 2 for side in BOXES[LABELS[label]]]
    assert bank.frames.tolist() == [[0, 0, 32, 32]] * 40
    assert bank.of_row(0).tolist() == []
    assert set(bank.labels[bank.of_row(1)]) == {1, 2, 3}


def test_some_rows_alone_and_none_without_boxes(tmp_path: Path) -> None:
    manifest, prepared = world(tmp_path)
    assert set(patch_bank(manifest, prepared, [1, 3]).rows) == {1, 3}
    assert len(patch_bank(replace(manifest, boxes=None), prepared, np.arange(40))) == 0


def test_what_is_no_patch_is_counted(tmp_path: Path) -> None:
    manifest, prepared = world(tmp_path)
    boxes = box_table(
        [("000.png", "Common", 1, 1, 9, 9), ("001.png", "Common", 1, 1, 5, 30), ("001.png", "Rare", 0, 0, 9, 9)]
    )
    bank = patch_bank(replace(manifest, boxes=boxes), prepared, np.arange(40))
    assert bank.rows.tolist() == [1]
    assert bank.left_out == {"the image lacks the label": 1, "under 4 pixels": 1}


def test_padding_has_a_frame_and_cropping_cuts_boxes(tmp_path: Path) -> None:
    manifest, _ = world(tmp_path)
    (tmp_path / "001.png").write_bytes(encode_png(np.full((SIDE, 2 * SIDE), 9, np.uint8)))
    one = manifest.select([1])
    padded = patch_bank(one, prepare(one, 32, resize="pad", store=tmp_path / "p"), [0])
    assert padded.frames.tolist() == [[0, 8, 32, 24]]
    rare = padded.boxes[padded.labels == 2][0]
    assert rare.tolist() == [10, 16, 14, 22]  # (40, 32, 56, 56) of 128 x 64, and 8 down
    cropped = patch_bank(one, prepare(one, 32, resize="crop", store=tmp_path / "p"), [0])
    assert cropped.boxes[cropped.labels == 2][0].tolist() == [4, 16, 12, 28]
    assert cropped.left_out == {"under 4 pixels": 2}  # Common and Other lie in what was cut off
