"""Findings, one small pure function each: from a scene and a random generator to the changes that it draws.

Adding one is adding a function under `@finding(...)` (frontal view), and one under `@also_lateral(...)` where it shows
from the side too. Both start from the same random stream, so what they draw first (height, size) agrees.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from longtail.data.phantom.lateral import SideScene
from longtail.data.phantom.scene import Change, FrontalScene
from longtail.registry import Registry

FrontalDraw = Callable[[FrontalScene, np.random.Generator], list[Change]]
LateralDraw = Callable[[SideScene, np.random.Generator], list[Change]]
FRONTAL: Registry[FrontalDraw] = Registry("finding", __name__)
LATERAL: Registry[LateralDraw] = Registry("finding", __name__)
CHRONIC = 0.9  # findings that last at least this much keep their place and shape over a patient's studies


@dataclass(frozen=True)
class Finding:
    """What is known of a finding before anything is drawn."""

    name: str
    prevalence: float  # share of studies, exact
    lasting: float  # 0: drawn anew in each study; 1: a patient has it in all studies or none
    size: str  # typical extent, as a share of the film's side
    factors: dict[str, float] = field(default_factory=dict)  # loadings on the hidden causes of `cohort`
    lateral: bool = False  # whether the lateral view shows it

    @property
    def chronic(self) -> bool:
        """Whether it stays in its place from study to study."""
        return self.lasting >= CHRONIC


_KNOWN: dict[str, Finding] = {}


def finding(
    name: str, *, prevalence: float, lasting: float, size: str, factors: dict[str, float] | None = None
) -> Callable[[FrontalDraw], FrontalDraw]:
    """File a function as what draws `name` on a frontal film."""
    _KNOWN[name] = Finding(name, prevalence, lasting, size, factors or {})
    return FRONTAL.register(name, prevalence=f"{prevalence:g}", lasting=f"{lasting:g}", size=size)


def also_lateral(name: str) -> Callable[[LateralDraw], LateralDraw]:
    """File a function as what draws `name` on a lateral film; without one the finding shows on frontal films only."""
    return LATERAL.register(name)


def findings() -> tuple[Finding, ...]:
    """Every finding, the most frequent first."""
    lateral = LATERAL.load()
    known = [Finding(f.name, f.prevalence, f.lasting, f.size, f.factors, f.name in lateral) for f in _KNOWN.values()]
    return tuple(sorted(known, key=lambda f: (-f.prevalence, f.name)))
