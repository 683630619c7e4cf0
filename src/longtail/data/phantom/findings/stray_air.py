"""Air where none belongs: under the diaphragm, in the mediastinum, in the chest wall."""

import numpy as np

from longtail.data.phantom.findings import also_lateral, finding
from longtail.data.phantom.lateral import SideScene
from longtail.data.phantom.scene import Change, FrontalScene
from longtail.data.phantom.shapes import Stroke, clouds, curve, edge, paint


@finding("Pneumoperitoneum", prevalence=0.0045, lasting=0.2, size="0.35 x 0.06", factors={"illness": 0.45})
def pneumoperitoneum(scene: FrontalScene, rng: np.random.Generator) -> list[Change]:
    """A black crescent under one dome or both, the diaphragm a thin line over it."""
    depth = rng.uniform(0.055, 0.085)
    sides = (-1, 1) if rng.random() < 0.45 else (-1,)
    grid, chest = scene.grid, scene.chest
    changes = []
    for side in sides:
        span = np.clip(1 - np.square((side * grid.x - np.float32(0.37)) / np.float32(0.28)), 0, 1)
        below = chest.below - np.float32(0.022)
        crescent = edge(below, 0.01) * edge(depth * np.sqrt(span) - below, 0.012) * edge(span - 0.02, 0.02)
        changes.append(Change(add=-np.clip(scene.density - 0.28, 0, 0.75) * crescent))
    return changes


@also_lateral("Pneumoperitoneum")
def pneumoperitoneum_lateral(scene: SideScene, rng: np.random.Generator) -> list[Change]:
    """The crescent under the front of the domes."""
    depth = rng.uniform(0.055, 0.085)
    span = np.clip(1 - np.square((scene.grid.x + np.float32(0.22)) / np.float32(0.26)), 0, 1)
    below = scene.chest.below - np.float32(0.08)
    crescent = edge(below, 0.01) * edge(depth * np.sqrt(span) - below, 0.012) * edge(span - 0.02, 0.02)
    return [Change(add=-np.clip(scene.density - 0.35, 0, 0.75) * crescent)]


@finding("Pneumomediastinum", prevalence=0.003, lasting=0.2, size="0.3 x 0.7", factors={"airleak": 0.8})
def pneumomediastinum(scene: FrontalScene, rng: np.random.Generator) -> list[Change]:
    """Black stripes along heart and great vessels, up into the neck, the lifted pleura a white line beside them."""
    moved = np.array([rng.uniform(-0.01, 0.01), 0])
    thorax = scene.chest.thorax
    base = thorax.base + 0.02
    left = curve(
        [(0.10, -0.85), (0.125, -0.55), (0.19, -0.38), (0.21, -0.2), (0.2, -0.08), (0.3, 0.1), (0.36, base - 0.1)], 48
    )
    right = curve([(-0.09, -0.85), (-0.13, -0.5), (-0.135, -0.2), (-0.16, 0.0), (-0.2, base - 0.15)], 40)
    outward = np.array([0.021, -0.004])
    black = [Stroke(line + moved, 0.026, 1.0) for line in (left, right)]
    neck = [Stroke(np.array([(x, -0.98), (x * 1.15, -0.62)]), 0.016, 0.55) for x in (-0.08, -0.05, 0.06, 0.09)]
    white = [Stroke(left + outward + moved, 0.014), Stroke(right + outward * [-1, 1] + moved, 0.014)]
    dark, bright = paint(scene.grid, black + neck), paint(scene.grid, white) * scene.lung
    return [Change(add=0.16 * bright - np.clip(scene.density - 0.15, 0, 0.45) * dark)]


@finding(
    "Subcutaneous Emphysema",
    prevalence=0.006,
    lasting=0.2,
    size="0.25 x 0.8",
    factors={"airleak": 0.8, "illness": 0.15},
)
def subcutaneous_emphysema(scene: FrontalScene, rng: np.random.Generator) -> list[Change]:
    """Black streaks and bubbles in the soft tissue of the chest wall and over the collar bone."""
    strength = rng.uniform(0.26, 0.34)
    side = 1 if rng.random() < 0.5 else -1
    sides = (-1, 1) if rng.random() < 0.4 else (side,)
    grid, chest = scene.grid, scene.chest
    grain = edge(clouds(rng, grid.size, 26) + 0.5 * clouds(rng, grid.size, 44) - 0.1, 0.5)
    outside = np.abs(grid.x) - chest.wall
    wall = edge(outside - np.float32(0.012), 0.012) * edge(0.2 - outside, 0.05) * edge(grid.y + 0.72, 0.06)
    wall *= edge(np.float32(0.42) - grid.y, 0.1) * edge(scene.density - np.float32(0.3), 0.1)
    reach = wall * grain
    return [Change(add=-np.float32(strength) * reach * edge(where * grid.x, 0.01)) for where in sides]
