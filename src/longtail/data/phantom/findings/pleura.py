"""Around the lungs: effusion, pneumothorax, and the lungs' own stretching in emphysema."""

import numpy as np

from longtail.data.phantom.findings import also_lateral, finding
from longtail.data.phantom.grid import Array
from longtail.data.phantom.lateral import SideScene
from longtail.data.phantom.scene import Change, FrontalScene
from longtail.data.phantom.shapes import edge, ellipse


@finding(
    "Pleural Effusion",
    prevalence=0.26,
    lasting=0.5,
    size="0.1 to 0.4",
    factors={"fluid": 0.55, "congestion": 0.45, "illness": 0.35},
)
def pleural_effusion(scene: FrontalScene, rng: np.random.Generator) -> list[Change]:
    """Fluid in the lower chest, its surface rising along the wall; on one side or both."""
    level = rng.uniform(0.05, 0.3)
    side = 1 if rng.random() < 0.5 else -1
    sides = (side, -side) if rng.random() < 0.3 else (side,)
    return [_fluid(scene, where, level * (1 if where == side else 0.7)) for where in sides]


def _fluid(scene: FrontalScene, side: int, level: float) -> Change:
    chest = scene.chest
    rise = np.square(np.clip(chest.side, 0, 1))  # the meniscus climbs along the wall
    surface = chest.thorax.base + 0.13 - level - (0.09 + 0.6 * level) * rise * rise
    fluid = edge(chest.grid.y - surface.astype(np.float32), 0.03) * edge(side * chest.grid.x, 0.01) * scene.lung
    return Change(fill=0.92 * fluid, add=0.06 * fluid)


@also_lateral("Pleural Effusion")
def pleural_effusion_lateral(scene: SideScene, rng: np.random.Generator) -> list[Change]:
    """Fluid in the rear angle, where the first of it gathers."""
    level = rng.uniform(0.05, 0.3)
    x, chest = scene.grid.x, scene.chest
    behind = np.clip((x - np.float32(0.0)) / np.float32(0.5), 0, 1)
    surface = np.float32(chest.base + 0.20 - level) - (0.04 + 0.3 * level) * behind * behind
    fluid = edge(scene.grid.y - surface.astype(np.float32), 0.03) * scene.lung
    return [Change(fill=0.85 * fluid, add=0.05 * fluid)]


@finding("Pneumothorax", prevalence=0.04, lasting=0.3, size="0.15 x 0.5", factors={"airleak": 0.5, "illness": 0.3})
def pneumothorax(scene: FrontalScene, rng: np.random.Generator) -> list[Change]:
    """Black air without vessels between wall and lung, the lung's edge a fine white line."""
    depth = rng.uniform(0.10, 0.2)
    side = 1 if rng.random() < 0.5 else -1
    grid, chest = scene.grid, scene.chest
    top = np.clip((grid.y - np.float32(chest.thorax.apex)) / np.float32(0.85), 0, 1)  # widest at the apex
    gap = np.float32(depth) * (1.25 - top)
    inward = np.minimum(chest.wall - np.abs(grid.x), 0.8 * (grid.y - np.float32(chest.thorax.apex)))
    half = edge(side * grid.x - np.float32(0.06), 0.02) * edge(np.float32(chest.thorax.base - 0.02) - grid.y, 0.06)
    pocket = edge(gap - inward, 0.01) * half * scene.lung
    line = edge(np.float32(0.012) - np.abs(gap - inward), max(0.008, grid.pixel * 0.6)) * half * scene.lung
    return [Change(add=0.2 * line - (0.14 + scene.vessels) * pocket * (scene.density > 0.16))]


@finding("Emphysema", prevalence=0.032, lasting=0.98, size="0.8 x 0.7", factors={"age": 0.3, "congestion": -0.3})
def emphysema(scene: FrontalScene, rng: np.random.Generator) -> list[Change]:
    """Overfilled lungs: blacker, with pruned vessels and bubbles, the domes pushed down flat."""
    strength = rng.uniform(0.11, 0.15)
    grid, chest = scene.grid, scene.chest
    changes = []
    for side in (-1, 1):
        half = edge(side * grid.x - np.float32(0.03), 0.02)
        flat = np.float32(chest.thorax.base + 0.115 + 0.03 * (side > 0)) + 0.05 * np.square(chest.side - 0.4)
        lowered = edge(chest.below, 0.012) * edge(flat - grid.y, 0.015) * edge(chest.wall - np.abs(grid.x), 0.012)
        bubbles = _bubbles(scene, side, rng)
        darker = (strength + 0.75 * scene.vessels) * scene.lung * (1 - 0.8 * chest.middle) * (1 - lowered)
        deeper = 0.6 * lowered * (1 - 0.85 * chest.heart) * np.clip(scene.density, 0, 1)
        changes.append(Change(add=-(darker + deeper) * half - bubbles * half))
    return changes


def _bubbles(scene: FrontalScene, side: int, rng: np.random.Generator) -> Array:
    total = np.zeros_like(scene.density)
    for _ in range(3):
        centre = (side * rng.uniform(0.25, 0.5), rng.uniform(-0.5, 0.0))
        r = rng.uniform(0.05, 0.09)
        rim = ellipse(scene.grid, centre, (r, r), soft=0.015) - ellipse(
            scene.grid, centre, (r * 0.85, r * 0.85), soft=0.015
        )
        total -= 0.07 * np.clip(rim, 0, 1) * scene.lung
    return total


@also_lateral("Emphysema")
def emphysema_lateral(scene: SideScene, rng: np.random.Generator) -> list[Change]:
    """A wide dark space behind the breastbone and flat domes."""
    strength = rng.uniform(0.11, 0.15)
    grid, chest = scene.grid, scene.chest
    inside = edge(grid.x - chest.front(grid.level), 0.02) * edge(chest.back(grid.level) - grid.x, 0.02)
    flat = np.float32(chest.base + 0.17) + 0.12 * (grid.x + np.float32(0.2))
    lowered = edge(chest.below, 0.012) * edge(flat - grid.y, 0.015) * inside
    darker = (strength + 0.6 * scene.vessels) * scene.lung * (1 - lowered)
    return [Change(add=-darker - 0.42 * lowered * np.clip(scene.density, 0, 1))]
