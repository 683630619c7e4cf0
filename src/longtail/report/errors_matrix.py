"""Which mistakes go together: a confusion matrix (one class per image) or errors of two labels in one image."""

import numpy as np
import numpy.typing as npt

from longtail.evaluate import confusion_matrix
from longtail.report.charts.matrix import matrix_chart
from longtail.report.drawing import Drawing
from longtail.report.scoring import Scored


def errors_chart(scored: Scored, thresholds: npt.NDArray[np.float64]) -> Drawing:
    """The matrix that suits the task, the most common label first."""
    order = np.argsort(-scored.counts, kind="stable")
    labels = [scored.labels[i] for i in order]
    if scored.classes is not None:
        return _confusion(labels, confusion_matrix(scored.classes, scored.values)[np.ix_(order, order)])
    return _missed_by_alarms(
        labels, *missed_and_alarmed(scored.states[:, order], scored.values[:, order], thresholds[order])
    )


def missed_and_alarmed(
    states: npt.NDArray[np.float32], values: npt.NDArray[np.float32], thresholds: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Images in which label i was missed while label j was a false alarm `(C, C)`, and misses of each `(C,)`."""
    missed = ((states == 1) & (values < thresholds)).astype(np.int64)
    alarmed = ((states == 0) & (values >= thresholds)).astype(np.int64)
    return missed.T @ alarmed, missed.sum(axis=0)


def _missed_by_alarms(labels: list[str], both: npt.NDArray[np.int64], missed: npt.NDArray[np.int64]) -> Drawing:
    shares = np.where(missed[:, None] > 0, both / np.maximum(missed[:, None], 1), np.nan)
    tips = [
        [f"{label} missed: {missed[i]:,}; {other} falsely seen in {both[i, j]:,}" for j, other in enumerate(labels)]
        for i, label in enumerate(labels)
    ]  # fmt: skip
    texts = [[str(n) if n else "" for n in row] for row in both.tolist()]
    return matrix_chart(
        "Co-occurrence of errors: the label missed, by the label seen in its place", labels, shares, texts, tips,
        rows="missed", columns="falsely seen in the same image", colour="tail",
    )  # fmt: skip


def _confusion(labels: list[str], matrix: npt.NDArray[np.int64]) -> Drawing:
    rows = matrix.sum(axis=1, keepdims=True)
    shares = np.where(rows > 0, matrix / np.maximum(rows, 1), np.nan)
    tips = [
        [f"{label} predicted as {other}: {matrix[i, j]:,} of {rows[i, 0]:,}" for j, other in enumerate(labels)]
        for i, label in enumerate(labels)
    ]  # fmt: skip
    texts = [[str(n) if n else "" for n in row] for row in matrix.tolist()]
    title = "Confusion matrix: true class by predicted class, coloured by the share of the true class"
    return matrix_chart(title, labels, shares, texts, tips, rows="true class", columns="predicted class")
