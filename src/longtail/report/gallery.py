"""The worst mistakes as pictures: predicted and true labels, boxes, where the network looked, and a pointing score."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from longtail.predict.pointing import Pointing, points_into
from longtail.report.heat_source import HeatMaps
from longtail.report.mistakes import Mistake, worst_mistakes
from longtail.report.scoring import Scored
from longtail.report.thumbnails import Box, Thumbnail, boxes_of, heat_overlay, thumbnail

TOLERANCE = 15 / 224  # Zhang et al.'s 15 pixels, of an image of usual size


@dataclass(frozen=True)
class Picture:
    """One mistake as shown; `overlay` is a heat map's data address, `ident` the manifest's image text (or empty).

    `blank`: there is a heat map and it is the same everywhere, so it has nothing to show.
    """

    thumbnail: Thumbnail
    overlay: str | None
    blank: bool
    boxes: list[Box]
    wrong: str
    missed: bool
    probability: float
    threshold: float
    true: list[str]
    predicted: list[str]
    ident: str
    view: str


@dataclass(frozen=True)
class Gallery:
    """Pictures of misses and of false alarms, and how often a heat map pointed into a box (of those shown)."""

    missed: list[Picture]
    alarms: list[Picture]
    pointing: Pointing
    unreadable: int


def gallery(
    scored: Scored, thresholds: npt.NDArray[np.float64], heat: HeatMaps, most: int = 24, *, anonymous: bool = False
) -> Gallery:
    """The worst mistakes whose images can be read; a study is shown by its first image."""
    pictures: list[Picture] = []
    hits = tries = unreadable = 0
    for mistake in worst_mistakes(scored, thresholds, most):
        picture, hit = _picture(scored, thresholds, mistake, heat, anonymous=anonymous)
        if picture is None:
            unreadable += 1
            continue
        pictures.append(picture)
        hits, tries = hits + (hit is True), tries + (hit is not None)
    missed = [one for one in pictures if one.missed]
    return Gallery(missed, [one for one in pictures if not one.missed], Pointing(hits, tries), unreadable)


def _picture(
    scored: Scored, thresholds: npt.NDArray[np.float64], mistake: Mistake, heat: HeatMaps, *, anonymous: bool
) -> tuple[Picture | None, bool | None]:
    """The picture, and whether its heat map points into a box of the label (None: no map or no box)."""
    manifest, row = scored.manifest, int(scored.rows[mistake.row])
    small = thumbnail(manifest.image_paths[row])
    if small is None:
        return None, None
    label = scored.labels[mistake.label]
    image = str(manifest.table["image"].iloc[row])
    found = heat(image, label)
    blank = found is not None and not np.ptp(found) > 0
    boxes = boxes_of(manifest, label, row)
    hit = points_into(found, [_sides(box) for box in boxes], TOLERANCE) if found is not None and boxes else None
    view = scored.column("view")
    true, predicted = _labels(scored, thresholds, mistake.row)
    picture = Picture(
        small, None if found is None or blank else heat_overlay(found), blank, boxes, label, mistake.missed,
        mistake.probability, float("nan") if scored.classes is not None else float(thresholds[mistake.label]),
        true, predicted, "" if anonymous else image, "" if view is None else str(view[mistake.row]),
    )  # fmt: skip
    return picture, hit


def _labels(scored: Scored, thresholds: npt.NDArray[np.float64], row: int) -> tuple[list[str], list[str]]:
    """The true labels, and the predicted ones with the most probable first."""
    values = scored.values[row]
    if scored.classes is not None:
        return [scored.labels[scored.classes[row]]], [scored.labels[int(values.argmax())]]
    true = [label for label, state in zip(scored.labels, scored.states[row], strict=True) if state == 1]
    order = [i for i in np.argsort(-values, kind="stable") if values[i] >= thresholds[i]]
    return true, [scored.labels[i] for i in order]


def _sides(box: Box) -> tuple[float, float, float, float]:
    left, top, width, height = (side / 100 for side in box)
    return left, top, left + width, top + height
