"""Support devices: central lines, breathing and feeding tubes, drains, pacemakers."""

from collections.abc import Callable

import numpy as np

from longtail.data.phantom.findings import also_lateral, finding
from longtail.data.phantom.lateral import SideScene
from longtail.data.phantom.scene import Change, FrontalScene
from longtail.data.phantom.shapes import Stroke, curve, paint

Drawn = list[Stroke]
_WIRE, _TUBE = 0.016, 0.03


@finding("Support Devices", prevalence=0.24, lasting=0.6, size="0.2 to 0.8", factors={"illness": 0.8})
def support_devices(scene: FrontalScene, rng: np.random.Generator) -> list[Change]:
    """One to three devices; each has its box."""
    chosen = _choose(rng)
    return [Change(add=np.float32(0.55) * paint(scene.grid, _DEVICES[name](scene, rng))) for name in chosen]


def _choose(rng: np.random.Generator) -> list[str]:
    """The pacemaker or some of the tubes of intensive care."""
    if rng.random() < 0.3:
        return ["pacemaker"]
    others = [name for name in _DEVICES if name != "pacemaker"]
    count = int(rng.choice((1, 2, 3), p=(0.45, 0.35, 0.2)))
    return [others[i] for i in sorted(rng.permutation(len(others))[:count])]


def _central_line(scene: FrontalScene, rng: np.random.Generator) -> Drawn:
    shift = scene.chest.thorax.shift
    tip = rng.uniform(-0.1, 0.08)
    side = -1 if rng.random() < 0.7 else 1
    line = curve(
        [
            (side * 0.3, -0.98),
            (side * 0.2, -0.75),
            (-0.06 + 0.05 * side, -0.55),
            (shift - 0.1, -0.3),
            (shift - 0.11, tip),
        ],
        40,
    )
    return [Stroke(line, _WIRE * 1.2, 0.9)]


def _breathing_tube(scene: FrontalScene, rng: np.random.Generator) -> Drawn:
    middle = scene.chest.thorax.shift + 0.008
    tip = rng.uniform(-0.36, -0.27)
    line = np.array([(middle + 0.015, -1.1), (middle, -0.7), (middle, tip)])
    return [Stroke(line, _TUBE * 1.3, 0.45), Stroke(line, _TUBE * 0.5, 0.95)]


def _feeding_tube(scene: FrontalScene, rng: np.random.Generator) -> Drawn:
    low = scene.chest.thorax.base + rng.uniform(0.2, 0.3)
    line = curve(
        [(0.02, -1.1), (0.015, -0.5), (0.03, 0.0), (0.05, low - 0.1), (0.2, low + 0.12), (0.36, low + 0.1)], 48
    )
    return [Stroke(line, _WIRE * 1.3, 0.8)]


def _chest_drain(scene: FrontalScene, rng: np.random.Generator) -> Drawn:
    side = 1 if rng.random() < 0.5 else -1
    wall = scene.chest.thorax.wall_at(0.1)
    line = curve(
        [(side * (wall + 0.25), 0.25), (side * (wall - 0.05), 0.08), (side * 0.42, -0.2), (side * 0.3, -0.5)], 40
    )
    return [Stroke(line, _TUBE * 1.5, 0.35), Stroke(line, _TUBE * 0.6, 0.85)]


def _pacemaker(scene: FrontalScene, rng: np.random.Generator) -> Drawn:
    x, y = 0.52 + rng.uniform(-0.03, 0.03), -0.42 + rng.uniform(-0.03, 0.03)
    angle = np.linspace(0, 2 * np.pi, 25)
    can = np.stack([x + 0.105 * np.cos(angle), y + 0.085 * np.sin(angle)], axis=1)
    base = scene.chest.thorax.base
    start, vein, cava = (x - 0.04, y - 0.05), (0.2, -0.58), (-0.1, -0.35)
    atrium = curve([start, vein, cava, (-0.12, 0.0), (-0.05, 0.08), (-0.09, 0.0)], 48)
    ventricle = curve(
        [(x - 0.02, y - 0.06), (0.2, -0.56), (-0.09, -0.33), (-0.1, 0.05), (0.02, base - 0.04), (0.24, base - 0.05)], 48
    )
    leads = [Stroke(line, _WIRE, 0.8) for line in (atrium, ventricle)]
    return [*leads, Stroke(can, 0, 0.85, fill=True), Stroke(can, 0.018, 1.0)]


_DEVICES: dict[str, Callable[[FrontalScene, np.random.Generator], Drawn]] = {
    "central line": _central_line,
    "breathing tube": _breathing_tube,
    "feeding tube": _feeding_tube,
    "chest drain": _chest_drain,
    "pacemaker": _pacemaker,
}


@also_lateral("Support Devices")
def support_devices_lateral(scene: SideScene, rng: np.random.Generator) -> list[Change]:
    """The same devices from the side."""
    return [Change(add=np.float32(0.5) * paint(scene.grid, _from_the_side(name))) for name in _choose(rng)]


def _from_the_side(name: str) -> Drawn:
    lines = {
        "central line": [(-0.1, -1.0), (-0.08, -0.6), (-0.1, -0.25), (-0.12, 0.02)],
        "breathing tube": [(-0.06, -1.1), (-0.02, -0.7), (0.01, -0.35)],
        "feeding tube": [(0.02, -1.1), (0.1, -0.5), (0.14, 0.0), (0.06, 0.45), (-0.1, 0.6)],
        "chest drain": [(0.0, 0.3), (0.06, 0.1), (0.1, -0.2), (0.06, -0.5)],
        "pacemaker": [(-0.44, -0.42), (-0.2, -0.5), (-0.12, -0.2), (-0.12, 0.1), (-0.4, 0.26)],
    }
    strokes = [Stroke(curve(lines[name], 40), _WIRE * 1.2, 0.85)]
    if name == "pacemaker":
        can = np.array([(-0.47, -0.5), (-0.42, -0.5), (-0.45, -0.33), (-0.5, -0.33)])
        strokes.append(Stroke(can, 0, 1.0, fill=True))
    return strokes
