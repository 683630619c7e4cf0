"""Every finding, in every view that shows it: visible, inside its boxes, and nothing where it does not show."""

import zlib

import numpy as np
import pytest

from longtail.data.phantom.film import draw_finding, normal_scene
from longtail.data.phantom.findings import findings
from longtail.data.phantom.people import make_patient, make_shot
from longtail.data.phantom.render import expose

SIZE = 128
CASES = [(f.name, view) for f in findings() for view in ("PA", "AP", "LATERAL") if view != "LATERAL" or f.lateral]


def _pair(name, view, trial, size=SIZE):
    """A film without and with the finding, from the same streams; its boxes, and the grain's deviation."""
    rng = np.random.default_rng([3, trial, zlib.crc32(name.encode())])
    patient, shot = make_patient(rng, 60), make_shot(rng, view)
    films, boxes = [], []
    for draw in (False, True):
        scene = normal_scene(patient, shot, size, np.random.default_rng(trial))
        if draw:
            boxes = draw_finding(scene, name, np.random.default_rng([trial, 9]))
        films.append(expose(scene.density, shot, np.random.default_rng(trial)))
    return films[0].astype(float), films[1].astype(float), boxes, shot.noise


@pytest.mark.parametrize(("name", "view"), CASES)
def test_the_change_is_visible_and_in_its_boxes(name, view):
    for trial in range(3):
        without, with_it, boxes, noise = _pair(name, view, trial)
        energy = (with_it - without) ** 2
        inside = np.zeros((SIZE, SIZE), dtype=bool)
        assert boxes
        for left, top, right, bottom in boxes:
            assert 0 <= left < right <= SIZE
            assert 0 <= top < bottom <= SIZE
            inside[top:bottom, left:right] = True
        assert energy[inside].sum() >= 0.9 * energy.sum()
        # Rose: a shape is seen where contrast / noise x sqrt(pixels) is well above 5.
        assert np.sqrt(energy.sum()) / noise > 25
        assert np.abs(with_it - without).max() > 3 * noise


@pytest.mark.parametrize("name", [f.name for f in findings() if not f.lateral])
def test_frontal_only_findings_leave_the_lateral_alone(name):
    without, with_it, boxes, _ = _pair(name, "LATERAL", 0)
    assert boxes == []
    np.testing.assert_array_equal(without, with_it)


@pytest.mark.parametrize("name", ["Nodule", "Pneumothorax", "Cardiomegaly"])
def test_boxes_scale_with_the_film(name):
    small, large = (_pair(name, "PA", 1, size)[2][0] for size in (64, 256))
    np.testing.assert_allclose(np.array(small) * 4, large, atol=10)


def test_boxes_are_tight():
    _, _, boxes, _ = _pair("Nodule", "PA", 2)
    left, top, right, bottom = boxes[0]
    assert (right - left) * (bottom - top) < 0.02 * SIZE**2
