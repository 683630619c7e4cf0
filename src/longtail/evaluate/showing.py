"""Results as tables: a title, column names and rows, for the terminal, CSV or LaTeX alike."""

from collections.abc import Sequence
from typing import NamedTuple

from longtail.data.audit.label_groups import empty_tail
from longtail.errors import plural
from longtail.evaluate.comparison import Comparison, Difference, Pair
from longtail.evaluate.results import Evaluation, Number

HEADLINE = ("ap", "auroc", "f1", "f1_chosen", "recall", "precision", "brier")
_TITLES = {
    "ap": "AP", "auroc": "AUROC", "f1": "F1", "f1_chosen": "F1 chosen", "recall": "recall", "precision": "precision",
    "brier": "Brier", "log_loss": "log loss", "multiclass_brier": "multiclass Brier", "ece": "ECE", "lrap": "LRAP",
    "sensitivity_at_95_specificity": "sensitivity at 95 % specificity",
}  # fmt: skip
_CALIBRATION = ("ece", "ece_cxrlt_style", "ece_top_label", "ece_top_class")


class Table(NamedTuple):
    """What a table shows."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


def title_of(metric: str) -> str:
    """A metric's name as a heading."""
    return _TITLES.get(metric, metric.replace("_", " "))


def shown(number: Number | None) -> str:
    """`.612 [.580, .641]`, `undefined` for nan."""
    if number is None or number.value != number.value:
        return "undefined"
    interval = "" if number.low != number.low else f" [{number.low:.3f}, {number.high:.3f}]"
    return f"{number.value:.3f}{interval}"


def tables(found: Evaluation) -> list[Table]:
    """The whole, the groups of labels, every label, and each column that was asked for."""
    done = [_whole(found), _groups(found), _labels(found)]
    done += [_parts(found, column) for column in dict.fromkeys(part.column for part in found.parts)]
    if found.undefined:
        rows = [[u.label, u.reason, u.positives, u.negatives] for u in found.undefined]
        done.append(Table("undefined labels, in no mean", ["label", "reason", "positives", "negatives"], rows))
    return done


def _whole(found: Evaluation) -> Table:
    level = f"{found.intervals['confidence']:.0%} interval"
    columns = ["metric", "value", level, "labels"]
    rows = []
    for name, number in found.means.items():
        if name in _CALIBRATION[1:]:  # never in one table with the usual calibration error
            continue
        interval = "" if number.low != number.low else f"{number.low:.4f} to {number.high:.4f}"
        value = "undefined" if number.value != number.value else f"{number.value:.4f}"
        kind = f"mean {title_of(name)}" if number.over is not None else title_of(name)
        if found.task == "singlelabel" and name in ("brier", "log_loss"):
            kind += ", each class against the rest"
        rows.append([kind, value, interval, number.over])
    where = f" of split '{found.split}'" if found.split else ""
    return Table(f"{found.rows:,} {plural(found.level)}{where}", columns, rows)


def _groups(found: Evaluation) -> Table:
    names = _present(found, HEADLINE)
    rows = [
        [group, len(found.members[group]), *(_counted(means[name]) for name in names)]
        for group, means in found.groups.items()
    ]
    ends = f"head above {found.boundaries['head above']:,}, tail below {found.boundaries['tail below']:,} images"
    ends += empty_tail(int(found.boundaries["tail below"]))
    title = f"means by training count: {ends} in {found.boundaries['counted in']}"
    for group in ("major", "minor"):
        if group in found.members:
            title += f"; {group}: {', '.join(found.members[group])}"
    return Table(title, ["group", "labels in it", *map(title_of, names)], rows)


def _labels(found: Evaluation) -> Table:
    of_units = found.units["column"] != found.level
    names = [name for name in HEADLINE[:4] if name in found.labels[0].metrics] + ["ece"]
    rows = [
        [
            label.name,
            label.group,
            label.train_count,
            label.positives,
            *([label.positive_units] if of_units else []),
            label.negatives,
            *(shown(label.metrics[n]) for n in names),
        ]
        for label in found.labels
    ]
    positives = ["positives", *([f"{plural(found.units['column'])} with it"] if of_units else [])]
    columns = ["label", "group", "train images", *positives, "negatives", *map(title_of, names)]
    return Table("labels", columns, rows)


def _parts(found: Evaluation, column: str) -> Table:
    parts = [part for part in found.parts if part.column == column]
    names = _present(found, HEADLINE[:3])
    rows: list[list[object]] = [
        [part.value, part.rows, *(_counted(part.means.get(name)) for name in names)] for part in parts
    ]
    for part in parts[1:]:
        apart = [_counted(part.differences.get(name)) for name in names]
        rows.append([f"{part.value} minus {parts[0].value}", None, *apart])
    return Table(f"by {column}", [column, "rows", *map(title_of, names)], rows)


def _counted(number: Number | None) -> str:
    """With how many labels a mean is over, in brackets."""
    return f"{shown(number)} ({number.over})" if number and number.over else shown(number)


def _present(found: Evaluation, names: Sequence[str]) -> list[str]:
    return [name for name in names if name in found.means]


def comparison_tables(found: Comparison) -> list[Table]:
    """Each entry's mean, then every pair: overall, by group of labels, by label."""
    rows: list[list[object]] = []
    for name, number in found.means.items():
        spread = found.seeds.get(name)
        rows.append([name, shown(number), number.over, f"{spread['sd']:.4f} of {spread['count']}" if spread else None])
    columns = ["entry", f"mean {title_of(found.metric)}", "labels", "sd of seeds"]
    return [Table(f"{found.rows:,} rows", columns, rows), *(_pair(found, pair) for pair in found.pairs)]


def _pair(found: Comparison, pair: Pair) -> Table:
    differences = [pair.mean, *pair.groups, *pair.labels]
    rows = [_difference(each) for each in differences]
    columns = ["", "difference", "p", "p (Holm)"]
    if any(each.delong_p is not None for each in pair.labels):
        columns.append("p (DeLong)")
        rows = [[*row, _p(each.delong_p)] for row, each in zip(rows, differences, strict=True)]
    better = f"better on {pair.wins} labels ({pair.clear_wins} clearly)"
    worse = f"worse on {pair.losses} ({pair.clear_losses} clearly)"
    return Table(f"{pair.second} minus {pair.first}, {title_of(found.metric)}: {better}, {worse}", columns, rows)


def _difference(each: Difference) -> list[object]:
    number = each.number
    what = f"{each.what} ({number.over} labels)" if number.over is not None else each.what
    if number.value != number.value:
        return [what, "undefined", "", ""]
    interval = "" if number.low != number.low else f" [{number.low:+.3f}, {number.high:+.3f}]"
    return [what, f"{number.value:+.3f}{interval}", _p(each.p), _p(each.holm)]


def _p(value: float | None) -> str:
    return "" if value is None or value != value else f"{value:.4f}"
