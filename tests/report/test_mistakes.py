"""Which mistakes are the worst, which go together, and which come as pictures."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from made_runs import made_manifest, made_run
from PIL import Image

from longtail.report.errors_matrix import missed_and_alarmed
from longtail.report.gallery import gallery
from longtail.report.mistakes import worst_mistakes
from longtail.report.run_folder import read_run
from longtail.report.scoring import score
from longtail.report.thumbnails import heat_overlay, thumbnail


def _scored(states: Any, values: Any, counts: Any, classes: Any = None) -> Any:
    return SimpleNamespace(states=np.array(states, float), values=np.array(values, float), counts=np.array(counts),
                           classes=None if classes is None else np.array(classes))  # fmt: skip


def test_misses_and_false_alarms_the_worst_first_each_row_once() -> None:
    states = [[1, 0], [1, 0], [0, 1], [0, np.nan], [0, 0]]
    values = [[0.4, 0.1], [0.1, 0.9], [0.6, 0.2], [0.9, 0.9], [0.1, 0.1]]
    found = worst_mistakes(_scored(states, values, [10, 3]), np.array([0.5, 0.5]), most=6)
    missed = [(one.row, one.label) for one in found if one.missed]
    alarms = [(one.row, one.label) for one in found if not one.missed]
    assert missed == [(1, 0), (2, 1), (0, 0)]
    assert alarms == [(1, 1), (3, 0), (2, 0)]


def test_rare_labels_are_not_crowded_out() -> None:
    states, values = np.ones((20, 2)), np.full((20, 2), 0.01)
    values[:, 1] = np.linspace(0.3, 0.4, 20)
    found = worst_mistakes(_scored(states, values, [900, 3]), np.array([0.5, 0.5]), most=8)
    assert sum(one.label == 1 for one in found) == 2


def test_a_wrong_class_is_named_by_what_was_said() -> None:
    values = [[0.8, 0.2, 0], [0.1, 0.9, 0], [0.4, 0.35, 0.25]]
    states = np.eye(3)[[1, 1, 2]]
    found = worst_mistakes(_scored(states, values, [5, 5, 1], [1, 1, 2]), np.full(3, 0.5), most=4)
    assert [(one.row, one.label, one.missed) for one in found] == [(0, 0, False), (2, 0, False)]


def test_errors_that_go_together() -> None:
    states = np.array([[1, 0, 0], [1, 0, np.nan], [0, 1, 0]], np.float32)
    values = np.array([[0.1, 0.9, 0.9], [0.1, 0.8, 0.9], [0.2, 0.9, 0.1]], np.float32)
    both, missed = missed_and_alarmed(states, values, np.full(3, 0.5))
    assert missed.tolist() == [2, 0, 0]
    assert both.tolist() == [[0, 2, 1], [0, 0, 0], [0, 0, 0]]


def test_pictures_have_boxes_heat_and_a_pointing_score(tmp_path: Path) -> None:
    manifest = made_manifest(tmp_path / "data", labels=3, patients=40)
    scored = score(read_run(made_run(tmp_path / "run", manifest, stages=1, epochs=1, skill=0.0)), manifest)
    assert scored is not None
    heat = np.zeros((12, 12), np.float32)
    heat[4, 3] = 1  # in the box of label 0
    shown = gallery(scored, np.full(3, 0.5), lambda _image, _label: heat, most=12)
    boxed = [one for one in shown.missed + shown.alarms if one.boxes]
    assert boxed
    assert boxed[0].boxes == [(12.5, 100 * 8 / 48, 37.5, 100 * 22 / 48)]
    assert shown.pointing.hits == shown.pointing.tries == len(boxed)
    hidden = gallery(scored, np.full(3, 0.5), lambda _image, _label: None, most=12, anonymous=True)
    assert {one.ident for one in hidden.missed + hidden.alarms} == {""}
    assert hidden.pointing.tries == 0
    assert not any(one.blank for one in shown.missed + hidden.missed)
    empty = gallery(scored, np.full(3, 0.5), lambda _image, _label: np.zeros((4, 4), np.float32), most=4)
    assert {(one.overlay, one.blank) for one in empty.missed + empty.alarms} == {(None, True)}
    for path in manifest.image_paths:
        path.unlink()
    assert gallery(scored, np.full(3, 0.5), lambda _image, _label: None, most=4).unreadable == 4


def test_thumbnails_carry_no_metadata(tmp_path: Path) -> None:
    picture = Image.new("RGB", (400, 100), (200, 10, 10))
    exif = picture.getexif()
    exif[0x010E] = "Jane Doe"
    picture.save(tmp_path / "a.jpg", exif=exif)
    small = thumbnail(tmp_path / "a.jpg")
    assert small is not None
    assert (small.width, small.height) == (192, 48)
    assert "SmFuZSBEb2U" not in small.source  # the name in base64
    assert thumbnail(tmp_path / "none.png") is None
    assert heat_overlay(np.ones((4, 4))).startswith("data:image/png")
