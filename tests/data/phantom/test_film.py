"""Films: chest-like grey, the same patient looks the same, chronic findings stay in place."""

from dataclasses import replace

import numpy as np
import pytest

from longtail.data.phantom.cohort import Case, Study
from longtail.data.phantom.film import draw_film, normal_scene
from longtail.data.phantom.findings import findings
from longtail.data.phantom.people import Patient, Shot, make_patient, make_shot
from longtail.data.phantom.scene import Change, apply, box_around

TABLE = {f.name: f for f in findings()}


def _person() -> tuple[Patient, Shot]:
    rng = np.random.default_rng(1)
    return make_patient(rng, 60), make_shot(rng, "PA")


@pytest.mark.parametrize("size", [64, 512])
def test_a_frontal_film_looks_like_a_chest(size):
    patient, shot = _person()
    film = draw_film(0, Case(0, patient, (Study((), (shot,)),)), 0, 0, TABLE, size).grey
    assert film.dtype == np.float32
    assert 0 <= film.min() <= film.max() <= 1

    def level(x, y):
        column, row = (int((v + 1) / 2 * size) for v in (x, y))
        reach = size // 32
        return float(film[row - reach : row + reach, column - reach : column + reach].mean())

    lungs = [level(-0.42, -0.2), level(0.45, -0.2)]
    assert max(lungs) < 0.5 < level(0.0, 0.2) - 0.1  # lungs dark, heart and spine bright
    assert level(0.0, 0.75) > 0.6  # the belly
    assert level(0.97, 0.3) < 0.15  # beside the body


def test_chronic_findings_keep_their_place_and_acute_ones_do_not():
    patient, shot = _person()
    visits = tuple(Study(("Lung Opacity", "Mass"), (shot,)) for _ in range(3))
    boxes = [dict(draw_film(3, Case(9, patient, visits), s, 0, TABLE, 128).boxes) for s in range(3)]
    assert len({b["Mass"] for b in boxes}) == 1
    assert len({b["Lung Opacity"] for b in boxes}) > 1


def test_an_ap_film_shows_a_larger_heart():
    patient, shot = _person()
    hearts = [
        normal_scene(patient, replace(shot, view=v), 64, np.random.default_rng(0)).chest.heart for v in ("PA", "AP")
    ]
    assert hearts[1].sum() > 1.1 * hearts[0].sum()


def test_fluid_fills_air_once_and_nothing_is_thinner_than_air():
    patient, shot = _person()
    scene = normal_scene(patient, shot, 64, np.random.default_rng(0))
    before, air, full = scene.density.copy(), scene.air.copy(), np.ones_like(scene.density)
    np.testing.assert_allclose(apply(scene, Change(fill=full)), air)
    assert np.abs(apply(scene, Change(fill=full))).max() < 1e-6
    np.testing.assert_allclose(scene.density, before + air, atol=1e-6)
    apply(scene, Change(add=-99 * full))
    assert scene.density.min() == 0


def test_a_box_holds_nearly_all_of_the_change():
    assert box_around(np.zeros((9, 9), np.float32)) is None
    spot = np.zeros((20, 30), np.float32)
    spot[5:9, 11:14] = 1
    assert box_around(spot) == (11, 5, 14, 9)
