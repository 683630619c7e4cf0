"""Example images on the page: one of each of the most frequent and of the rarest labels, with its box if it has one."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from longtail.data.audit.inspection import Inspection
from longtail.data.audit.page_style import FAINT, GREY, GROUP_COLOURS, Box, add_axes, shortened, write
from longtail.data.manifest import Manifest

_TRIES = 5  # images tried for a label before it goes without an example
_SIDE = 200  # pixels that a thumbnail is read at
_APART = 0.12  # inches between thumbnails
Sides = tuple[float, float, float, float]


@dataclass(frozen=True)
class Example:
    """A label (index), the pixels of an image that has it, and the label's boxes as shares of width and height."""

    label: int
    pixels: npt.NDArray[np.uint8]
    boxes: list[Sides]


def examples(inspection: Inspection, manifest: Manifest, most: int) -> list[Example]:
    """Up to `most` examples, the frequent labels first; a label whose images cannot be read is passed over."""
    order = [int(i) for i in np.argsort(-inspection.counts.positive, kind="stable") if inspection.counts.positive[i]]
    common = most // 2 if len(order) > most else len(order)
    wanted = order[:common] + order[max(common, len(order) - (most - common)) :]
    found = (_example(manifest, label) for label in wanted)
    return [one for one in found if one][:most]


def draw_examples(figure: Figure, inspection: Inspection, shown: list[Example], box: Box, each: float) -> None:
    """A strip of thumbnails, captioned with label and count in the colour of the label's group."""
    tallest = max(min(1.0, one.pixels.shape[0] / one.pixels.shape[1]) for one in shown)
    under = box.top + (each - _APART) * tallest + 0.05
    for number, example in enumerate(shown):
        left = box.left + number * each
        height, width = example.pixels.shape[:2]
        axes = add_axes(figure, Box(left, box.top, each - _APART, each - _APART))
        axes.imshow(example.pixels, interpolation="antialiased")
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_anchor("N")
        axes.spines[:].set_visible(True)
        axes.spines[:].set_color(FAINT)
        for x, y, right, bottom in example.boxes:
            axes.add_patch(Rectangle((x * width, y * height), (right - x) * width, (bottom - y) * height,
                                     fill=False, ec="#FFD23F", lw=1.4))  # fmt: skip
        group = inspection.tail.groups[example.label]
        name = shortened(inspection.labels[example.label], int(each * 13))
        write(figure, left, under, name, fontsize=7.5, weight="bold", color=GROUP_COLOURS[group])
        count = int(inspection.counts.positive[example.label])
        write(figure, left, under + 0.16, f"{count:,} image{'' if count == 1 else 's'}", fontsize=7, color=GREY)


def _example(manifest: Manifest, label: int) -> Example | None:
    for row in _candidates(manifest, label):
        path = manifest.root / str(manifest.table["image"].iloc[row])
        readable = os.path.isfile(path)  # noqa: PTH113 - Path raises for a name that is too long
        if readable and (read := _thumbnail(path)) is not None:
            pixels, size = read
            return Example(label, pixels, _boxes(manifest, label, str(manifest.table["image"].iloc[row]), size))
    return None


def _candidates(manifest: Manifest, label: int) -> Iterator[int]:
    """Rows that have the label: those with a box for it first, then those with the fewest other labels."""
    if manifest.task == "singlelabel":
        rows = np.flatnonzero(manifest.targets == label)
        company = np.zeros(len(rows))
    else:
        rows = np.flatnonzero(manifest.targets[:, label] == 1)
        company = (manifest.targets[rows] == 1).sum(axis=1)
    boxed = np.zeros(len(rows), dtype=bool)
    if manifest.boxes is not None:
        having = manifest.boxes.loc[manifest.boxes["label"] == manifest.labels[label], "image"]
        boxed = manifest.table["image"].iloc[rows].isin(set(having)).to_numpy()
    yield from (int(rows[i]) for i in np.lexsort((company, ~boxed))[:_TRIES])


def _thumbnail(path: Path) -> tuple[npt.NDArray[np.uint8], tuple[int, int]] | None:
    """Small pixels `(H, W, 3)`, and the original's `(width, height)`; None if it cannot be decoded."""
    from longtail.data.images.decode import decode, image_size

    try:
        size, pixels = image_size(path), decode(path, channels=3, at_least=_SIDE // 2)
    except Exception:  # an unreadable image is counted elsewhere; here it is only not shown
        return None
    return (_shrunk(pixels), size) if size else None


def _shrunk(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    from PIL import Image

    image = Image.fromarray(pixels)
    image.thumbnail((_SIDE, _SIDE))
    return np.asarray(image, dtype=np.uint8)


def _boxes(manifest: Manifest, label: int, image: str, size: tuple[int, int]) -> list[Sides]:
    if manifest.boxes is None:
        return []
    mine = manifest.boxes[(manifest.boxes["image"] == image) & (manifest.boxes["label"] == manifest.labels[label])]
    width, height = size
    sides = mine[["left", "top", "right", "bottom"]].to_numpy(dtype=float) / [width, height, width, height]
    return [(float(a), float(b), float(c), float(d)) for a, b, c, d in sides]
