"""One run as a page shows it: numbers, drawings and texts, ready for the template and for files of figures."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from longtail.errors import plural
from longtail.report.charts.bars import tail_chart
from longtail.report.charts.curves import label_curves, reliability_chart
from longtail.report.charts.scatter import embedding_chart
from longtail.report.curve_points import pr_points, reliability_points, roc_points
from longtail.report.drawing import Drawing
from longtail.report.errors_matrix import errors_chart
from longtail.report.gallery import Gallery
from longtail.report.graph_svg import graph_drawing
from longtail.report.recipe_graph import recipe_graph
from longtail.report.run_folder import RunFolder
from longtail.report.run_numbers import Numbers
from longtail.report.scoring import Scored
from longtail.report.training_log import stage_chart

_MOST_EMBEDDED = 8  # pictures of embeddings, one a stage


@dataclass(frozen=True)
class LabelRow:
    """A label in the table; `cells` are (value, low, high) by the columns' names."""

    place: int
    label: str
    group: str
    count: int
    positives: int
    cells: dict[str, tuple[float, ...]]


@dataclass
class RunView:
    """A run's parts; those that it lacks are None or empty."""

    run: RunFolder
    scored: Scored | None
    numbers: Numbers | None
    key: str  # what the ids of this run's parts in the page begin with
    graph: Drawing | None = None
    tail: Drawing | None = None
    curves: dict[str, Drawing] = field(default_factory=dict)
    reliability: Drawing | None = None
    training: dict[str, Drawing] = field(default_factory=dict)
    embeddings: dict[str, Drawing] = field(default_factory=dict)
    errors: Drawing | None = None
    gallery: Gallery | None = None

    @property
    def name(self) -> str:
        """The run's name: its folder's."""
        return self.run.name

    @property
    def is_smoke(self) -> bool:
        """Whether the run only tried whether its recipe runs."""
        return bool(self.run.environment.get("smoke"))

    @property
    def warnings(self) -> list[str]:
        """What to know before any of the numbers is read: that they mean nothing, and the evaluation's notes."""
        smoke = "Smoke run: a few tiny batches, to see whether it runs. Its numbers mean nothing."
        notes = self.numbers.evaluation.notes if self.numbers else []
        told = [*self.run.manifest.get("warnings", []), *notes]
        return [smoke] * self.is_smoke + [note[:1].upper() + note[1:] for note in told]

    @property
    def label_rows(self) -> list[LabelRow]:
        """The labels, the most common first."""
        return _label_rows(self.scored, self.numbers) if self.scored and self.numbers else []

    def figures(self) -> dict[str, Drawing]:
        """Every drawing by a name that is good for a file."""
        single = {"recipe": self.graph, "long-tail": self.tail, "reliability": self.reliability, "errors": self.errors}
        found = {name: drawing for name, drawing in single.items() if drawing is not None}
        found |= {f"curves-{place:02d}": drawing for place, drawing in enumerate(self.curves.values(), 1)}
        found |= {f"training-{name}": drawing for name, drawing in self.training.items()}
        return found | {f"embeddings-{name}": drawing for name, drawing in self.embeddings.items()}


def run_view(
    run: RunFolder, scored: Scored | None, numbers: Numbers | None, *, key: str = "", curves: bool = True
) -> RunView:
    """Everything but the gallery of mistakes; `curves=False` leaves out those of each label."""
    view = RunView(run, scored, numbers, key)
    nodes, edges = recipe_graph(run)
    view.graph = graph_drawing(nodes, edges) if nodes else None
    view.training = {stage.name: chart for stage in run.stages if (chart := stage_chart(stage))}
    if scored is not None and numbers is not None:
        view.tail = tail_chart(
            scored.labels, scored.counts.tolist(), scored.groups, (scored.boundaries.head, scored.boundaries.tail),
            numbers.of("ap")[:, 0].tolist(),
        )  # fmt: skip
        view.curves = curves_of_labels({"": scored}) if curves else {}
        view.reliability = _reliability(scored)
        view.errors = errors_chart(scored, numbers.thresholds)
    head = scored.labels[int(scored.counts.argmax())] if scored else None
    view.embeddings = _embeddings(run, head)
    return view


def _label_rows(scored: Scored, numbers: Numbers) -> list[LabelRow]:
    columns: dict[str, Any] = {}
    for name, metric in label_columns(numbers).items():
        columns[name] = numbers.of(metric)
        if name == "AP":
            columns["chance"] = [(one, np.nan, np.nan) for one in numbers.chance]
    if scored.classes is None:
        columns["threshold"] = np.array([(one, np.nan, np.nan) for one in numbers.thresholds])
    found = []
    for i in np.argsort(-scored.counts, kind="stable").tolist():
        cells = {name: tuple(float(one) for one in values[i]) for name, values in columns.items()}
        positives = int((scored.states[:, i] == 1).sum())
        found.append(LabelRow(i, scored.labels[i], scored.groups[i], int(scored.counts[i]), positives, cells))
    return found


def label_columns(numbers: Numbers) -> dict[str, str]:
    """The table's columns and their metrics: one class per image has no thresholds."""
    if numbers.evaluation.task == "singlelabel":
        return {"AP": "ap", "AUROC": "auroc", "recall": "recall", "F1": "f1", "ECE": "ece"}
    decided = {"F1": "f1_chosen", "precision": "precision_chosen", "recall": "recall_chosen"}
    return {"AP": "ap", "AUROC": "auroc", **decided, "ECE": "ece"}


def curves_of_labels(runs: Mapping[str, Scored]) -> dict[str, Drawing]:
    """The three plots of each label, the most common first; a line for each run, or one in the group's colour."""
    first = next(iter(runs.values()))
    found = {}
    for i in np.argsort(-first.counts, kind="stable"):
        colours = [first.groups[i]] if len(runs) == 1 else [f"s{place}" for place in range(len(runs))]
        pairs = [(one.states[:, i], one.values[:, i]) for one in runs.values()]
        pr = [(c, *pr_points(*pair)) for c, pair in zip(colours, pairs, strict=True)]
        roc = [(c, *roc_points(*pair)) for c, pair in zip(colours, pairs, strict=True)]
        bins = [(c, *reliability_points(*pair)[:2]) for c, pair in zip(colours, pairs, strict=True)]
        known = first.states[:, i][~np.isnan(first.states[:, i])]
        prevalence = float(known.mean()) if len(known) else float("nan")
        found[first.labels[i]] = label_curves(first.labels[i], pr, roc, bins, prevalence)
    return found


def _reliability(scored: Scored) -> Drawing:
    """All predictions of head, medium and tail labels together."""
    bins = []
    for group in ("head", "medium", "tail"):
        members = np.array([each == group for each in scored.groups])
        if members.any():
            part = reliability_points(scored.states[:, members].ravel(), scored.values[:, members].ravel())
            bins.append((f"{group} labels", group, part))
    return reliability_chart("Reliability by group of labels", bins)


def _embeddings(run: RunFolder, head: str | None) -> dict[str, Drawing]:
    """A picture for each stage that has embeddings, the class with most training images marked if it is there."""
    found = {}
    for stage in run.stages[:_MOST_EMBEDDED]:
        table = stage.embeddings
        if table is not None and len(table):
            labels = table["label"].astype(str).tolist()
            marked = head if head in labels else None
            found[stage.name] = embedding_chart(stage.name, table["x"], table["y"], labels, marked)
    return found


def facts_of(run: RunFolder, scored: Scored | None, *, anonymous: bool) -> list[tuple[str, Any]]:
    """The data's fingerprint: what the run recorded of its manifest, as (name, text)."""
    said = dict(run.manifest)
    path = said.pop("path", None)
    said.pop("warnings", None)  # they stand at the top
    facts: list[tuple[str, Any]] = []
    if isinstance(path, str):
        facts.append(("manifest", path.replace("\\", "/").rpartition("/")[2] if anonymous else path))
    facts += [(name.replace("_", " "), _in_words(value)) for name, value in said.items() if not _is_heavy(value)]
    if scored is not None:
        facts.append(("scored here", f"{len(scored):,} {plural(scored.level)} of the split {scored.split}"))
    if scored is not None and scored.grouped_by is not None:
        facts.append(
            ("resampled by", f"{scored.grouped_by} ({scored.setting.rows.units:,} of them in the scored rows)")
        )
    elif scored is not None:
        facts.append(("resampled by", "row: the manifest names no patients, so intervals may be too narrow"))
    return facts


def _is_heavy(value: Any) -> bool:
    """Whether a recorded value is too much for a line, such as the counts of each label."""
    parts = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return len(parts) > 8 or any(isinstance(part, (list, dict)) for part in parts)


def _in_words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_in_words(part)}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(_in_words, value))
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
