"""An inspection as tables for a terminal: titles, columns and rows of plain cells."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from longtail.data.audit.inspection import Inspection
from longtail.data.audit.label_groups import empty_tail
from longtail.data.audit.label_statistics import StateCounts
from longtail.errors import listing, plural

_MOST = 10  # rows of the tables that list examples
_NAMED = 4  # labels at a glance


class Table(NamedTuple):
    """One table to print."""

    title: str
    columns: list[str]
    rows: list[list[Any]]


def tables(inspection: Inspection) -> list[Table]:
    """The tables worth printing; those about something that the manifest lacks are left out."""
    made = [
        _overview(inspection),
        _labels(inspection),
        *_pairs(inspection),
        *_per_image(inspection),
        *_parts("views", "view", inspection.by_view, inspection.rows),
        *_parts("sources", "source", inspection.by_source, inspection.rows),
        *_groups(inspection),
        *_duplicates(inspection),
        _problems(inspection),
    ]
    return [table for table in made if table.rows]


def facts(inspection: Inspection) -> list[tuple[str, Any]]:
    """The facts at a glance, as name and value."""
    ratio = inspection.tail.imbalance
    named: list[tuple[str, Any]] = [
        ("images", inspection.rows),
        *[(plural(role.removesuffix("_id")), one.groups) for role, one in inspection.grouped.items()],
        ("labels", f"{len(inspection.labels):,}: {listing(inspection.labels, _NAMED)}"),
        ("labels without images" + (" in train" if "train" in inspection.by_split else ""), len(ratio.without)),
        ("imbalance ratio", f"{ratio.ratio:,.1f}" if ratio.most else "none"),
    ]
    if inspection.per_image:
        named += [("labels per image", f"{inspection.per_image.cardinality:.3f}")]
        named += [("label density", f"{inspection.per_image.density:.4f}")]
    named += [("unknown cells", f"{_percent(inspection.counts.unknown.sum() / _cells(inspection)):g} %")]
    named += [
        (f"{plural(role.removesuffix('_id'))} in 2+ splits", one.leaking)
        for role, one in inspection.grouped.items()
        if inspection.by_split
    ]
    if inspection.boxes is not None:
        named += [("boxes", sum(inspection.boxes.values()))]
    return named + _file_facts(inspection)


def group_sentence(inspection: Inspection) -> str:
    """Where the groups of labels begin and end, and on what they were counted."""
    edges = inspection.tail.boundaries
    return (
        f"head: more than {edges.head:,} images, tail: fewer than {edges.tail:,}{empty_tail(edges.tail)},"
        f" medium: between ({edges.rule}); counted on {inspection.tail.counted_on}"
    )


def _cells(inspection: Inspection) -> int:
    return inspection.rows * len(inspection.labels)


def _file_facts(inspection: Inspection) -> list[tuple[str, Any]]:
    named: list[tuple[str, Any]] = []
    if inspection.duplicates:
        named += [("surplus duplicates", inspection.duplicates.surplus)]
        named += [("duplicates in 2+ splits", inspection.duplicates.across_splits)] if inspection.by_split else []
    if inspection.files:
        named += [("missing files", inspection.files.missing)]
        if headers := inspection.files.headers:
            named += [(f"unreadable of {headers.looked_at:,}", headers.unreadable)]
            named += [("formats", listing([f"{name} {n:,}" for name, n in headers.formats.items()], 4))]
            named += [("modes", listing([f"{name} {n:,}" for name, n in headers.modes.items()], 4))]
            named += [("sizes", listing([f"{name}: {n:,}" for name, n in headers.sizes.items()], 4))]
    return named


def _overview(inspection: Inspection) -> Table:
    task = "multi-label" if inspection.task == "multilabel" else "single-label"
    return Table(
        f"{inspection.file or 'manifest'} ({task})", ["fact", "value"], [list(fact) for fact in facts(inspection)]
    )


def _labels(inspection: Inspection) -> Table:
    counts, splits = inspection.counts, list(inspection.by_split)[:6]
    columns = ["label", "group", "images", *splits, "% of known"]
    rates = [counts.prevalence]
    if inspection.task == "multilabel" and counts.unknown.any():
        columns.append("% unknown")
        rates.append(counts.unknown_rate)
    rows = []
    for i in np.argsort(-inspection.tail.counts.positive, kind="stable"):
        by_split = [int(inspection.by_split[split].positive[i]) for split in splits]
        rows.append([inspection.labels[i], inspection.tail.groups[i], int(counts.positive[i]), *by_split,
                     *[_percent(rate[i]) for rate in rates]])  # fmt: skip
        if inspection.boxes is not None:
            rows[-1].append(inspection.boxes.get(inspection.labels[i], 0))
    columns += ["boxes"] if inspection.boxes is not None else []
    return Table(f"labels - {group_sentence(inspection)}", columns, rows)


def _percent(share: float) -> float | None:
    return None if np.isnan(share) else float(f"{100 * share:.3g}")


def strongest_pairs(inspection: Inspection, most: int = _MOST) -> list[tuple[int, int]]:
    """Pairs of labels (the one with more images first) whose correlation is farthest from zero."""
    if inspection.relations is None:
        return []
    strength = np.abs(np.nan_to_num(np.triu(inspection.relations.correlation, k=1)))
    order = np.argsort(-strength, axis=None, kind="stable")[:most]
    pairs = [divmod(int(at), len(inspection.labels)) for at in order if strength.flat[at] > 0]
    return [(a, b) if inspection.counts.positive[a] >= inspection.counts.positive[b] else (b, a) for a, b in pairs]


def _pairs(inspection: Inspection) -> Iterator[Table]:
    relations, names = inspection.relations, inspection.labels
    if relations is not None:
        rows = [
            [names[a], names[b], int(relations.together[a, b]), float(relations.conditional[a, b]),
             float(relations.conditional[b, a]), float(f"{relations.correlation[a, b]:.3f}")]
            for a, b in strongest_pairs(inspection)
        ]  # fmt: skip
        yield Table(
            "labels that go together most, or least", ["a", "b", "both", "P(b|a)", "P(a|b)", "correlation"], rows
        )


def _per_image(inspection: Inspection) -> Iterator[Table]:
    if inspection.per_image is not None:
        rows = [[k, n, _percent(n / inspection.rows)] for k, n in inspection.per_image.histogram.items()]
        yield Table("labels per image", ["labels", "images", "% of images"], rows)


def _parts(title: str, column: str, parts: dict[str, StateCounts], rows: int) -> Iterator[Table]:
    if len(parts) > 1 or title == "views":
        cells = [
            [
                name,
                one.rows,
                _percent(one.rows / rows),
                _percent(float(one.unknown.sum() / (one.rows * len(one.unknown)))),
            ]
            for name, one in parts.items()
        ]
        yield Table(title, [column, "images", "% of images", "% of labels unknown"], cells)


def _groups(inspection: Inspection) -> Iterator[Table]:
    rows = []
    for role, one in inspection.grouped.items():
        images = inspection.rows - one.rows_without
        pairs = listing([f"{pair}: {n:,}" for pair, n in one.leaks_by_pair.items()], 6)
        sizes = [one.groups, float(f"{images / one.groups:.2f}"), max(one.histogram), one.rows_without]
        rows.append([role, *sizes, one.leaking, one.leaking_images, pairs])
    columns = [
        "group",
        "groups",
        "images each",
        "at most",
        "images without",
        "in several splits",
        "their images",
        "which",
    ]
    yield Table("images that belong together", columns, rows)


def _duplicates(inspection: Inspection) -> Iterator[Table]:
    if inspection.duplicates is not None:
        found = inspection.duplicates.found
        more = f" (the first {_MOST} of {len(found):,})" if len(found) > _MOST else ""
        rows = [
            [listing(one.images, 3), " + ".join(one.splits), "yes" if one.conflicting else "no"]
            for one in found[:_MOST]
        ]
        yield Table(f"exact duplicates{more}", ["images", "splits", "labels conflict"], rows)


def _problems(inspection: Inspection) -> Table:
    rows = [[problem.severity, problem.count, problem.message] for problem in inspection.problems]
    return Table("problems", ["severity", "count", "what and where"], rows)
