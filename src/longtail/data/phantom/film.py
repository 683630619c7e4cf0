"""One film: the normal chest, its findings, the exposure; and a box for every piece that was drawn."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from longtail.data.phantom.cohort import Case
from longtail.data.phantom.findings import FRONTAL, LATERAL, Finding
from longtail.data.phantom.frontal import draw_frontal
from longtail.data.phantom.grid import Array, Grid
from longtail.data.phantom.lateral import SideScene, draw_lateral
from longtail.data.phantom.people import Patient, Shot
from longtail.data.phantom.render import expose
from longtail.data.phantom.scene import Box, Change, FrontalScene, apply, box_around
from longtail.data.phantom.thorax import Thorax

_TEXTURE, _GRAIN = 0x7E47, 0x6A1  # streams of their own, apart from the findings'


@dataclass(frozen=True)
class Film:
    """Grey `(S, S)` float32 in [0, 1], and what was drawn where (a label can have several boxes, or none)."""

    grey: Array
    boxes: tuple[tuple[str, Box], ...]


def draw_film(seed: int, case: Case, study: int, image: int, table: Mapping[str, Finding], size: int) -> Film:
    """Film `image` of a study. Every random stream is keyed by what it belongs to, so no film depends on another."""
    visit = case.studies[study]
    shot = visit.shots[image]
    scene = normal_scene(case.patient, shot, size, np.random.default_rng([seed, case.number, _TEXTURE]))
    boxes = []
    for name in reversed(visit.findings):  # the rare first: later ones never remove what earlier ones drew
        when = 0 if table[name].chronic else study + 1
        rng = np.random.default_rng([seed, case.number, when, zlib.crc32(name.encode())])
        boxes += [(name, box) for box in draw_finding(scene, name, rng)]
    grain = np.random.default_rng([seed, case.number, study + 1, image, _GRAIN])
    return Film(expose(scene.density, shot, grain), tuple(boxes))


def normal_scene(patient: Patient, shot: Shot, size: int, rng: np.random.Generator) -> FrontalScene | SideScene:
    """The chest without findings, from the shot's view."""
    grid = Grid(size, shot.pose)
    if shot.view == "LATERAL":
        return draw_lateral(grid, patient, shot, rng)
    return draw_frontal(grid, Thorax.of(patient, shot), patient, shot, rng)


def draw_finding(scene: FrontalScene | SideScene, name: str, rng: np.random.Generator) -> list[Box]:
    """Draw one finding into the scene; the boxes of its pieces (none where the view does not show it)."""
    found = (box_around(apply(scene, change)) for change in _changes(scene, name, rng))
    return [box for box in found if box is not None]


def _changes(scene: FrontalScene | SideScene, name: str, rng: np.random.Generator) -> Sequence[Change]:
    if isinstance(scene, FrontalScene):
        return FRONTAL.entries[name].function(scene, rng)
    return LATERAL.entries[name].function(scene, rng) if name in LATERAL.entries else ()
