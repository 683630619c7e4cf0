"""Every number of a report on one run: longtail.evaluate's, and those of views and sources."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from longtail.data.audit.label_groups import GROUPS
from longtail.evaluate.evaluation import evaluate
from longtail.evaluate.results import Evaluation, Number
from longtail.predict.thresholds import USUAL
from longtail.report.run_parts import MOST_RESAMPLES, Part, parts_of
from longtail.report.scoring import Scored

Floats = npt.NDArray[np.float64]
_HEADLINES = {
    "multilabel": {"ap": "mAP", "auroc": "mAUC", "f1_chosen": "mF1", "f1": "mF1", "lrap": "LRAP", "ece": "ECE"},
    "singlelabel": {"accuracy": "accuracy", "recall": "recall", "f1": "macro F1", "ap": "mAP", "auroc": "mAUC",
                    "kappa": "kappa", "ece_top_class": "ECE"},
}  # fmt: skip
_BY_GROUP = {"multilabel": ("ap", "mAP", GROUPS), "singlelabel": ("recall", "recall", ("major", "minor"))}


@dataclass(frozen=True)
class Numbers:
    """All numbers of one run; `thresholds` are `(C,)`, None for a task that decides by the likeliest class."""

    evaluation: Evaluation
    thresholds: Floats
    threshold_source: str
    parts: dict[str, list[Part]]

    @property
    def part_resamples(self) -> int:
        """How many resamples the intervals of `parts` come from."""
        return min(int(self.evaluation.intervals["resamples"]), MOST_RESAMPLES)

    @property
    def headlines(self) -> list[tuple[str, Number]]:
        """The numbers that are told first, by name."""
        found: dict[str, Number] = {}
        task = self.evaluation.task
        for metric, name in _HEADLINES[task].items():
            if metric in self.evaluation.means:
                found.setdefault(name, self.evaluation.means[metric])
            if metric == _BY_GROUP[task][0]:
                found |= self._of_groups()
        return list(found.items())

    @property
    def chance(self) -> Floats:
        """AP of a random order for each label, `(C,)`: the share of positives among the known; nan where AP is."""
        counts = np.array([(label.positives, label.negatives) for label in self.evaluation.labels], dtype=np.float64)
        shares = counts[:, 0] / np.maximum(counts.sum(axis=1), 1)
        return np.where((counts > 0).all(axis=1), shares, np.nan)

    def chance_of(self, headline: str) -> float | None:
        """The mean of `chance` over the labels of a mean AP among the headlines; None for other headlines."""
        groups = np.array([label.group for label in self.evaluation.labels])
        members = {"mAP": groups != "", **{f"{group} mAP": groups == group for group in GROUPS}}.get(headline)
        known = self.chance[members][~np.isnan(self.chance[members])] if members is not None else []
        return float(np.mean(known)) if len(known) else None

    def of(self, metric: str) -> Floats:
        """Value, low and high of each label, `(C, 3)`; nan where the metric is not there."""
        none = Number(np.nan)
        cells = [label.metrics.get(metric, none) for label in self.evaluation.labels]
        return np.array([(cell.value, cell.low, cell.high) for cell in cells], dtype=np.float64).reshape(-1, 3)

    def _of_groups(self) -> dict[str, Number]:
        metric, name, groups = _BY_GROUP[self.evaluation.task]
        means = {group: self.evaluation.groups.get(group, {}).get(metric) for group in groups}
        return {f"{group} {name}": number for group, number in means.items() if number and number.over}


def numbers(
    scored: Scored,
    decisions: Mapping[str, Any],
    *,
    resamples: int = 1000,
    seed: int = 0,
    progress: Callable[[int], object] | None = None,
) -> Numbers:
    """Compute everything; `progress` is called with the number of resamples done."""
    thresholds, source = decided_thresholds(decisions, scored.labels)
    single = scored.classes is not None
    evaluation = evaluate(
        scored.predictions,
        scored.manifest,
        thresholds=None if single else dict(zip(scored.labels, thresholds.tolist(), strict=True)),
        resamples=resamples,
        seed=seed,
        partial=scored.partial,
        progress=progress,
    )
    parts = parts_of(scored, resamples=resamples, seed=seed)
    return Numbers(evaluation, thresholds, "the likeliest class is taken" if single else source, parts)


def decided_thresholds(decisions: Mapping[str, Any], labels: tuple[str, ...]) -> tuple[Floats, str]:
    """The run's threshold for each label, .5 where it has none, and where they come from."""
    said = decisions.get("thresholds")
    said = said if isinstance(said, Mapping) else {}
    found = [_number(said.get(label)) for label in labels]
    lacking = found.count(None)
    if lacking == len(found):
        return np.full(len(labels), USUAL), f"{USUAL} for every label; the run chose none"
    rule, split = _said(decisions, "rule", "thresholds"), _said(decisions, "made_from", "split")
    how, on = f" by the rule {rule}" if rule else "", f" on the split {split}" if split else ""
    rest = f"; {USUAL} for {lacking} labels without one" if lacking else ""
    return np.array([USUAL if one is None else one for one in found]), f"chosen{how}{on}{rest}"


def _said(decisions: Mapping[str, Any], part: str, key: str) -> Any:
    found = decisions.get(part)
    return found.get(key) if isinstance(found, Mapping) else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
