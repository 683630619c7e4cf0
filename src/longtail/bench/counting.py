"""What one run scores: mean class recall over all, major and minor classes, or mean AP by group of labels.

Major classes are the `major` with most training images, minor ones the `minor` with fewest, medium ones the rest, as in
the metric-learning paper (3 and 3, and 2 minor ones for Skin7). Labels of a multi-label task go by head, medium and
tail. A mean leaves out classes that the counted images lack, and the result tells over how many it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from longtail.data.audit.label_groups import group_boundaries, label_groups
from longtail.data.manifest import Manifest
from longtail.errors import UserError
from longtail.evaluate.ap import average_precision
from longtail.evaluate.confusion import class_recall
from longtail.evaluate.defined import macro
from longtail.predict.files import read_predictions
from longtail.predict.matching import align

Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Counting:
    """How runs on one manifest are scored: the metric, and the classes `(k,)` of each column."""

    metric: str  # recall or ap, as `longtail compare` calls them
    columns: Mapping[str, Places]


def counting_for(manifest: Manifest, *, major: int = 3, minor: int = 3, medium: bool = False) -> Counting:
    """Columns All, Major, (Medium,) Minor of one class per image; All, Head, Medium, Tail of many labels."""
    counts, rows = manifest.counts(manifest.rows_of("train")), len(manifest.rows_of("train"))
    every = np.arange(len(counts), dtype=np.int64)
    if manifest.task == "multilabel":
        bounds = group_boundaries(manifest.task, rows)
        groups = np.array(label_groups(counts, head=bounds.head, tail=bounds.tail))
        named = {name.capitalize(): every[groups == name] for name in ("head", "medium", "tail")}
        return Counting("ap", {"All": every, **{name: places for name, places in named.items() if len(places)}})
    if major < 1 or minor < 1 or major + minor > len(counts):
        raise UserError(
            f"{major} major and {minor} minor classes do not fit {len(counts)} classes; choose fewer with --major and"
            " --minor."
        )
    order = np.argsort(-counts, kind="stable").astype(np.int64)
    columns = {"All": every, "Major": order[:major], "Medium": order[major : len(order) - minor]}
    columns["Minor"] = order[len(order) - minor :]
    if not medium or not len(columns["Medium"]):
        del columns["Medium"]
    return Counting("recall", columns)


def label_scores(counting: Counting, predictions: Path, manifest: Manifest) -> npt.NDArray[np.float64]:
    """Recall or AP of each label `(C,)`, nan where undefined, of a run's predictions."""
    found = align(read_predictions(predictions, manifest.labels), manifest, labels=manifest.labels)
    if counting.metric == "ap":
        return np.asarray(average_precision(found.targets, found.values), dtype=np.float64)
    return np.asarray(class_recall(found.targets, found.values), dtype=np.float64)


def column_scores(counting: Counting, scores: npt.NDArray[np.float64]) -> dict[str, float]:
    """The mean of each column over the labels that are defined."""
    return {name: macro(scores[places]).value for name, places in counting.columns.items()}
