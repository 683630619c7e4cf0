"""Made-up patients: their build, which stays the same over their studies, and how each film is taken."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from longtail.data.phantom.grid import Pose

View = Literal["AP", "PA", "LATERAL"]


@dataclass(frozen=True)
class Patient:
    """What a patient's films have in common."""

    age: int
    sex: Literal["F", "M"]
    build: float  # soft tissue, 0 (thin) to 1 (obese)
    chest: float  # chest width, relative
    height: float  # lung height, relative
    rib_tilt: float  # how steeply the ribs run forward and down
    rib_gap: float  # distance between ribs
    heart: float  # heart size, relative
    aorta: float  # size of the aortic knob, relative
    curve: float  # the spine's sideways bend
    breast: float  # 0 (none) to 1
    stomach: float  # the gas bubble under the left dome, 0 to 1


@dataclass(frozen=True)
class Shot:
    """How one film was taken."""

    view: View
    pose: Pose
    breath: float  # depth of the breath, -1 to 1
    exposure: float  # factor on the attenuation
    contrast: float
    noise: float
    turn: float  # rotation of the patient about the long axis: one lung looks wider
    collimated: tuple[float, float, float, float]  # black borders (left, top, right, bottom), share of the side


def make_patient(rng: np.random.Generator, age: int) -> Patient:
    """A patient of that age."""
    woman = bool(rng.random() < 0.47)
    build = float(np.clip(rng.beta(2, 3.2), 0.03, 1))
    return Patient(
        age=age,
        sex="F" if woman else "M",
        build=build,
        chest=float(rng.normal(0.97 if woman else 1.03, 0.035)),
        height=float(rng.normal(0.97 if woman else 1.02, 0.045)),
        rib_tilt=float(rng.uniform(0.16, 0.26)),
        rib_gap=float(rng.normal(0.128, 0.005)),
        heart=float(np.clip(rng.normal(1.0, 0.045), 0.9, 1.1)),
        aorta=float(np.clip(rng.normal(0.9 + 0.25 * max(0, age - 40) / 40, 0.08), 0.75, 1.3)),
        curve=float(rng.normal(0, 0.012)),
        breast=float(rng.uniform(0.35, 1.0)) if woman else 0.0,
        stomach=float(rng.uniform(0.3, 1)) if rng.random() < 0.6 else 0.0,
    )


def make_shot(rng: np.random.Generator, view: View) -> Shot:
    """How a film of that view is taken: portable AP films are turned, tilted and noisier more often."""
    loose = 1.7 if view == "AP" else 1.0
    return Shot(
        view=view,
        pose=Pose(
            angle=float(np.clip(rng.normal(0, 0.018 * loose), -0.09, 0.09)),
            right=float(np.clip(rng.normal(0, 0.018 * loose), -0.06, 0.06)),
            down=float(np.clip(rng.normal(0.0, 0.025), -0.06, 0.06)),
            zoom=float(np.clip(rng.normal(1.04 if view == "AP" else 0.99, 0.025), 0.93, 1.12)),
        ),
        breath=float(np.clip(rng.normal(-0.35 if view == "AP" else 0.25, 0.35), -1, 1)),
        exposure=float(np.clip(rng.normal(1, 0.06 * loose), 0.8, 1.22)),
        contrast=float(np.clip(rng.normal(1, 0.06), 0.85, 1.15)),
        noise=float(rng.uniform(0.006, 0.013) * (1.3 if view == "AP" else 1)),
        turn=float(np.clip(rng.normal(0, 0.015 * loose), -0.05, 0.05)),
        collimated=_collimation(rng),
    )


def _collimation(rng: np.random.Generator) -> tuple[float, float, float, float]:
    if rng.random() > 0.3:
        return (0.0, 0.0, 0.0, 0.0)
    left, top, right, bottom = rng.uniform(0, 0.035, 4) * (rng.random(4) < 0.6)
    return float(left), float(top), float(right), float(bottom)
