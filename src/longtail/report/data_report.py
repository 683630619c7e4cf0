"""The report on a manifest: its long tail, what it looks like, how it was divided, as one HTML file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from longtail.data.audit.inspection import Inspection
from longtail.data.manifest import Manifest
from longtail.files import write_text
from longtail.report.page import render
from longtail.report.thumbnails import Box, address, boxes_of, thumbnail


@dataclass(frozen=True)
class Step:
    """One thing that was done to the data: the command that does it again, and what came out."""

    command: str
    result: str


@dataclass(frozen=True)
class Example:
    """An image of a label: a data address, and the label's boxes in hundredths of its width and height."""

    label: str
    caption: str
    source: str
    boxes: list[Box]


def data_report(
    manifest: Manifest, inspection: Inspection, path: Path, *, page: Path | None = None, steps: Sequence[Step] = ()
) -> Path:
    """Write the report on `manifest` to `path`; `page` is the audit's PNG, `steps` the commands that led here."""
    html = render(
        "data_report.html.j2",
        name=manifest.path.name if manifest.path else "manifest",
        cards=_cards(inspection),
        problems=inspection.problems,
        splits=list(inspection.by_split),
        rows=_rows(inspection),
        unknowns=bool(inspection.counts.unknown_rate.any()),
        boundaries=inspection.tail.boundaries,
        counted_on=inspection.tail.counted_on,
        examples=examples(manifest),
        page=address("image/png", page.read_bytes()) if page else None,
        steps=steps,
    )
    write_text(path, html)
    return path


def examples(manifest: Manifest, most: int = 40) -> list[Example]:
    """One readable image of each label, the rarest label first; one with a box where there is any."""
    found = []
    for index in np.argsort(manifest.counts(), kind="stable")[:most]:
        label = manifest.labels[index]
        for row in _candidates(manifest, int(index)):
            if example := _example(manifest, label, row):
                found.append(example)
                break
    return found


def _candidates(manifest: Manifest, index: int, most: int = 3) -> list[int]:
    """Rows that have the label, those with a box for it first."""
    rows = np.flatnonzero(manifest.one_hot[:, index] == 1)
    if manifest.boxes is not None and len(rows):
        boxed = set(manifest.boxes.loc[manifest.boxes["label"] == manifest.labels[index], "image"])
        rows = rows[np.argsort(~manifest.table["image"].iloc[rows].isin(boxed).to_numpy(), kind="stable")]
    return [int(row) for row in rows[:most]]


def _example(manifest: Manifest, label: str, row: int) -> Example | None:
    """The example that `row` gives, or None where its file cannot be read."""
    small = thumbnail(manifest.image_paths[row])
    if small is None:
        return None
    caption = manifest.table["view"].iloc[row] if manifest.has("view") else ""
    return Example(label, caption, small.source, boxes_of(manifest, label, row))


def _cards(inspection: Inspection) -> list[tuple[str, str]]:
    """The headline facts as (number, what)."""
    cards = [(f"{inspection.rows:,}", "images")]
    cards += [
        (f"{facts.groups:,}", {"study": "studies"}.get(name, f"{name}s")) for name, facts in inspection.grouped.items()
    ]
    cards.append((f"{len(inspection.labels)}", "labels" if inspection.task == "multilabel" else "classes"))
    if inspection.tail.imbalance.ratio is not None:
        cards.append((f"{inspection.tail.imbalance.ratio:,.0f} : 1", "most to least common"))
    if inspection.per_image is not None:
        cards.append((f"{inspection.per_image.cardinality:.2f}", "labels per image"))
    if inspection.boxes is not None:
        cards.append((f"{sum(inspection.boxes.values()):,}", "boxes"))
    if inspection.duplicates is not None:
        cards.append((f"{inspection.duplicates.surplus:,}", "duplicate images"))
    return cards


def _rows(inspection: Inspection) -> list[dict[str, Any]]:
    """A row for each label, the most common first; `width` is its bar on a log scale, in hundredths."""
    counts = np.asarray(inspection.tail.counts.positive)
    top = np.log10(max(int(counts.max()), 1) + 1)
    return [
        {
            "label": inspection.labels[i],
            "group": inspection.tail.groups[i],
            "count": int(counts[i]),
            "share": float(counts[i]) / max(inspection.tail.counts.rows, 1),
            "width": 100 * float(np.log10(counts[i] + 1) / top),
            "splits": [int(part.positive[i]) for part in inspection.by_split.values()],
            "unknown": float(inspection.counts.unknown_rate[i]),
        }
        for i in np.argsort(-counts, kind="stable")
    ]
