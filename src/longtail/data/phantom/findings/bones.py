"""Broken ribs."""

import numpy as np
import numpy.typing as npt

from longtail.data.phantom.findings import finding
from longtail.data.phantom.grid import Array, Grid
from longtail.data.phantom.scene import Change, FrontalScene
from longtail.data.phantom.shapes import Stroke, paint


@finding("Fracture", prevalence=0.024, lasting=0.5, size="0.1 x 0.2", factors={"airleak": 0.4, "age": 0.15})
def fracture(scene: FrontalScene, rng: np.random.Generator) -> list[Change]:
    """Two or three neighbouring ribs with a gap, ends that do not meet, and a cuff of new bone."""
    first, count = int(rng.integers(3, 6)), int(rng.integers(2, 4))
    side = 1 if rng.random() < 0.5 else -1
    total = np.zeros_like(scene.density)
    for number in range(first, first + count):
        x, y, slope = scene.chest.thorax.rib_place(number, side, rng.uniform(0.74, 0.84))
        along = np.array([1.0, slope]) / np.hypot(1.0, slope)
        total += _break(scene.grid, np.array([x, y]), along)
    return [Change(add=total)]


def _break(grid: Grid, at: npt.NDArray[np.float64], along: npt.NDArray[np.float64]) -> Array:
    """A dark cleft across the rib with a displaced, brighter stump on either side."""
    across = np.array([-along[1], along[0]])
    cleft = [Stroke(np.stack([at - 0.034 * across, at + 0.034 * across]), 0.02, 1.0)]
    stumps = []
    for way in (-1, 1):  # two widths: a stump's rim is paler than its middle, and it tapers away from the break
        end, far = at + way * (0.016 * along + 0.016 * across), at + way * (0.075 * along + 0.006 * across)
        stumps += [Stroke(np.stack([end, far]), 0.04, 0.55), Stroke(np.stack([end, 0.4 * end + 0.6 * far]), 0.026, 1.0)]
    return 0.2 * paint(grid, stumps) - 0.17 * paint(grid, cleft)
