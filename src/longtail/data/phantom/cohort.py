"""Who has what: patients, their studies and films, and findings that share hidden causes.

A Gaussian copula with factors. Finding f has in each study a score z = sum_k w_fk g_k + sqrt(1 - sum_k w_fk^2) e, a
standard normal; it is present where z exceeds the normal quantile of 1 - prevalence, so every prevalence is exact and
two findings with loadings on the same cause g_k (illness, fluid, congestion, ...) go together. Causes and remainders
are sums of a patient's own part (weight sqrt(lasting)) and the study's (sqrt(1 - lasting)).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from longtail.binding import parse_pairs
from longtail.data.phantom.findings import Finding
from longtail.data.phantom.people import Patient, Shot, View, make_patient, make_shot
from longtail.errors import UserError, listing, unknown_name

CAUSES = ("age", "airleak", "congestion", "fluid", "illness", "infection", "tumour")
NO_FINDING = "No Finding"
_MOST_STUDIES = 6


@dataclass(frozen=True)
class Study:
    """One visit: what is found (the most frequent first), and the films taken."""

    findings: tuple[str, ...]
    shots: tuple[Shot, ...]


@dataclass(frozen=True)
class Case:
    """A patient with all studies; `number` counts from 0."""

    number: int
    patient: Patient
    studies: tuple[Study, ...]


@dataclass(frozen=True)
class Causes:
    """A table of findings as arrays: loadings `(F, K)`, remainders, lasting shares and thresholds `(F,)`."""

    findings: tuple[Finding, ...]
    loadings: npt.NDArray[np.float64]
    rest: npt.NDArray[np.float64]
    lasting: npt.NDArray[np.float64]
    threshold: npt.NDArray[np.float64]

    @classmethod
    def of(cls, table: tuple[Finding, ...]) -> "Causes":
        """The arrays of a table."""
        loadings = np.array([[f.factors.get(cause, 0.0) for cause in CAUSES] for f in table])
        return cls(
            findings=table,
            loadings=loadings,
            rest=np.sqrt(1 - np.square(loadings).sum(axis=1)),
            lasting=np.array([f.lasting for f in table]),
            threshold=np.array([_threshold(f.prevalence) for f in table]),
        )

    def correlation(self) -> npt.NDArray[np.float64]:
        """The correlation of the scores of two findings in one study, `(F, F)`."""
        own, now = np.sqrt(self.lasting), np.sqrt(1 - self.lasting)
        shared = self.loadings @ self.loadings.T * (np.outer(own, own) + np.outer(now, now))
        np.fill_diagonal(shared, 1)
        return np.asarray(shared, dtype=np.float64)


def with_prevalence(table: tuple[Finding, ...], prevalence: Mapping[str, float]) -> tuple[Finding, ...]:
    """The table with other prevalences for some findings."""
    for name, share in prevalence.items():
        if name not in {f.name for f in table}:
            raise unknown_name("finding", name, [f.name for f in table], "prevalence")
        if not 0 <= share <= 1:
            raise UserError(f"the prevalence of '{name}' is {share:g}; give a share from 0 to 1.")
    return tuple(replace(f, prevalence=prevalence.get(f.name, f.prevalence)) for f in table)


def parse_prevalence(texts: list[str]) -> dict[str, float]:
    """`["Hernia=0.2"]` as a dict; the error shows the form."""
    pairs = parse_pairs(texts)
    try:
        return {name: float(share) for name, share in pairs.items()}
    except ValueError as error:
        raise UserError(f"a prevalence in {listing(texts)} is no number; write 'Hernia=0.2'.") from error


def make_case(seed: int, number: int, causes: Causes, *, single: bool = False) -> Case:
    """Patient `number` of the cohort `seed`; it depends on no other patient.

    `single`: each study keeps its rarest finding only, and has frontal films only.
    """
    rng = np.random.default_rng([seed, number])
    own_causes, own_rest = rng.standard_normal(len(CAUSES)), rng.standard_normal(len(causes.findings))
    patient = make_patient(rng, int(np.clip(58 + 17 * own_causes[CAUSES.index("age")], 18, 95)))
    own = causes.loadings @ own_causes + causes.rest * own_rest
    studies = []
    for _ in range(min(int(rng.geometric(0.45)), _MOST_STUDIES)):
        new_causes, new_rest = rng.standard_normal(len(CAUSES)), rng.standard_normal(len(causes.findings))
        new = causes.loadings @ new_causes + causes.rest * new_rest
        score = np.sqrt(causes.lasting) * own + np.sqrt(1 - causes.lasting) * new
        found = [causes.findings[i].name for i in np.flatnonzero(score > causes.threshold)]
        ill = (own_causes + new_causes)[CAUSES.index("illness")] * np.sqrt(0.5)
        shots = [make_shot(rng, view) for view in _views(rng, float(ill))]
        if single:
            found, shots = found[-1:], [shot for shot in shots if shot.view != "LATERAL"]
        studies.append(Study(tuple(found), tuple(shots)))
    return Case(number, patient, tuple(studies))


def _views(rng: np.random.Generator, ill: float) -> list[View]:
    """The sick are taken in bed (AP, no lateral), the others stand (PA, mostly with a lateral)."""
    draw = rng.random()
    if rng.random() < NormalDist().cdf(0.9 * ill - 0.3):
        return ["AP", "AP"] if draw < 0.25 else ["AP"]
    if draw < 0.75:
        return ["PA", "LATERAL"]
    return ["PA", "PA", "LATERAL"] if draw < 0.85 else ["PA"]


def _threshold(prevalence: float) -> float:
    if not 0 < prevalence < 1:
        return float("inf") if prevalence <= 0 else float("-inf")
    return NormalDist().inv_cdf(1 - prevalence)
