"""For which labels frontal images are the better judges: AP of frontal and of lateral validation images (Table 3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from longtail.data.manifest import Manifest
from longtail.errors import UserError
from longtail.evaluate.ap import average_precision
from longtail.predict.matching import align
from longtail.predict.predictions import Predictions
from longtail.predict.view_groups import FRONTAL, LATERAL, UnknownView, view_groups


class ViewJudge(NamedTuple):
    """Validation predictions of images, and the manifest that has their labels and views."""

    predictions: Predictions
    manifest: Manifest


@dataclass(frozen=True)
class LabelViews:
    """A label's AP on frontal and on lateral images (nan where undefined), the positives of each, and what follows."""

    label: str
    front: float
    lateral: float
    front_positives: int
    lateral_positives: int
    chosen: bool

    @property
    def difference(self) -> float:
        """AP on frontal images minus AP on lateral ones."""
        return self.front - self.lateral


@dataclass(frozen=True)
class ViewChoice:
    """What was found on the judge's predictions; `as_json` is what a run records, `from_json` reads it back."""

    labels: tuple[LabelViews, ...]
    frontal_images: int
    lateral_images: int
    judged_by: str | None = None

    @property
    def chosen(self) -> tuple[str, ...]:
        """Labels whose AP is higher on frontal images."""
        return tuple(found.label for found in self.labels if found.chosen)

    def as_json(self) -> dict[str, Any]:
        """Plain values, None for nan."""
        numbers = {
            each.label: {
                "front": _or_none(each.front),
                "lateral": _or_none(each.lateral),
                "front_positives": each.front_positives,
                "lateral_positives": each.lateral_positives,
                "chosen": each.chosen,
            }
            for each in self.labels
        }
        counts = {"frontal_images": self.frontal_images, "lateral_images": self.lateral_images}
        return {"judged_by": self.judged_by, **counts, "chosen": list(self.chosen), "labels": numbers}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> "ViewChoice":
        """What `as_json` gave."""
        try:
            labels = tuple(LabelViews(name, **_with_nan(found)) for name, found in said["labels"].items())
            return cls(labels, said["frontal_images"], said["lateral_images"], said.get("judged_by"))
        except (KeyError, TypeError, AttributeError) as error:
            raise UserError(
                f"the recorded view rule is not whole ({error}); run the stage that made it again."
            ) from error


def choose_views(judge: ViewJudge, *, unknown: UnknownView = "lateral", judged_by: str | None = None) -> ViewChoice:
    """AP of each label on frontal and on lateral images of the judge; chosen where frontal is strictly higher.

    A label that is undefined on either side (no positives there, say) is not chosen.
    """
    predictions, manifest = judge
    labels = [name for name in manifest.labels if name in predictions.labels]
    targets, values, rows = align(predictions, manifest, labels=labels)
    if manifest.task == "singlelabel":
        targets = manifest.one_hot[rows]
    views = view_groups(manifest.column("view")[rows], unknown)
    return _choice(labels, targets, values, views, judged_by)


def _choice(
    labels: Sequence[str],
    targets: npt.NDArray[Any],
    values: npt.NDArray[Any],
    views: npt.NDArray[Any],
    judged_by: str | None,
) -> ViewChoice:
    front, side = views == FRONTAL, views == LATERAL
    if not (front.any() and side.any()):
        raise UserError(
            f"the validation images are {front.sum():,} frontal and {side.sum():,} lateral ones, so views cannot be"
            " compared; leave out the view rule, or name the column as view: COLUMN in the manifest's YAML."
        )
    ap_front, ap_side = average_precision(targets[front], values[front]), average_precision(targets[side], values[side])
    counts = [(targets[rows] == 1).sum(axis=0) for rows in (front, side)]
    found = zip(labels, ap_front, ap_side, *counts, strict=True)
    return ViewChoice(
        tuple(LabelViews(name, float(f), float(s), int(nf), int(ns), bool(f > s)) for name, f, s, nf, ns in found),
        int(front.sum()),
        int(side.sum()),
        judged_by,
    )


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else value


def _with_nan(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: float("nan") if value is None else value for name, value in found.items()}
