"""What the rules read of a manifest: plain numbers, from its audit and from the pixels of a few images."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from longtail.data.audit.inspection import Files, Inspection, look_at_files
from longtail.data.manifest import UNKNOWN_CLASS, Manifest
from longtail.errors import UserError


@dataclass(frozen=True)
class Fingerprint:
    """A manifest in the numbers that decide; counts and shares are of the training rows."""

    task: str
    train: int  # rows
    valid: int
    counts: Mapping[str, int]  # images that have each label
    tail: tuple[str, ...]  # the audit's tail group, those with images
    tail_below: int  # images: where that group begins
    positive: float  # share of 1 among the known cells
    unknown: float  # share of cells that nobody knows
    side: int  # pixels: the shorter one of a usual image
    channels: int
    looked_at: int = 0  # files, and how many of them can't be read
    unreadable: int = 0
    dim: bool = False  # 16-bit files that use less than half of their range
    boxes: Mapping[str, int] = field(default_factory=dict)  # of tail labels
    unpastable: str = ""  # why findings can't be pasted although there are boxes
    studies: int = 0
    several: int = 0  # studies of two images or more
    mixed: int = 0  # studies of several classes, where an image has one
    both_views: int = 0  # validation studies with a frontal and a lateral image

    @property
    def ratio(self) -> float:
        """The largest count over the smallest that is not zero."""
        had = [count for count in self.counts.values() if count]
        return max(had) / min(had)


def fingerprint_of(manifest: Manifest, inspection: Inspection) -> Fingerprint:
    """The numbers of a manifest that can be trained on; else one sentence that says what is missing."""
    train = _training_rows(manifest)
    counts = dict(zip(manifest.labels, map(int, manifest.counts(train)), strict=True))
    _require_labels(manifest, counts)
    files = inspection.files or look_at_files(manifest)
    tail = tuple(
        name for name, group in zip(manifest.labels, inspection.tail.groups, strict=True)
        if group == "tail" and counts[name]
    )  # fmt: skip
    boxes = _boxes(manifest, train, tail)
    states = manifest.one_hot[train]
    known = int(np.isfinite(states).sum())
    studies = inspection.grouped.get("study")
    return Fingerprint(
        task=manifest.task,
        train=len(train),
        valid=int((manifest.column("split") == "val").sum()),
        counts=counts,
        tail=tail,
        tail_below=inspection.tail.boundaries.tail,
        positive=float((states == 1).sum() / known),
        unknown=1 - known / states.size,
        side=_usual_side(files),
        channels=_channels(manifest, train),
        looked_at=files.headers.looked_at if files.headers else 0,
        unreadable=files.headers.unreadable if files.headers else 0,
        dim=any(problem.kind == "dim-images" for problem in inspection.problems),
        boxes=boxes,
        unpastable=_unpastable(manifest, train, boxes),
        studies=studies.groups if studies else 0,
        several=sum(n for images, n in studies.histogram.items() if images > 1) if studies else 0,
        mixed=_mixed(manifest),
        both_views=_both_views(manifest),
    )


def _training_rows(manifest: Manifest) -> npt.NDArray[np.int64]:
    there = manifest.has("split") and bool((manifest.column("split") == "train").any())
    if not there:
        raise UserError(
            f"{_name(manifest)} has no rows of a split 'train', so there is nothing to plan a training on; run"
            " `longtail data split` on it first, or name its column with the role 'split'."
        )
    return manifest.rows_of("train")


def _require_labels(manifest: Manifest, counts: Mapping[str, int]) -> None:
    had = [name for name, count in counts.items() if count]
    if not had:
        raise UserError(f"no training row of {_name(manifest)} has any label, so nothing can be planned; label some.")
    if manifest.task == "singlelabel" and len(had) < 2:
        raise UserError(
            f"all training rows of {_name(manifest)} are of the class '{had[0]}', so there is nothing to tell apart;"
            " add rows of another class, or split anew."
        )


def _usual_side(files: Files) -> int:
    """The median of the shorter sides in the sample of headers."""
    sizes = files.headers.sizes if files.headers else {}
    if not sizes:
        raise UserError(
            "no image file that was looked at can be read, so no image size can be planned; see the files that"
            " `longtail data inspect` names."
        )
    sides = [side for size, n in sizes.items() for side in [min(map(int, size.split(" x ")))] * n]
    return int(np.median(sides))


def _channels(manifest: Manifest, train: npt.NDArray[np.int64]) -> int:
    from longtail.data.images.colour import usual_channels

    paths = manifest.image_paths
    return usual_channels([paths[row] for row in train])


def _boxes(manifest: Manifest, train: npt.NDArray[np.int64], tail: tuple[str, ...]) -> dict[str, int]:
    """Boxes of each tail label on training images, where there are any."""
    if manifest.boxes is None or not tail:
        return {}
    seen = manifest.boxes["image"].isin(set(manifest.table["image"].iloc[train]))
    found = manifest.boxes[seen]["label"].value_counts()
    return {name: int(found[name]) for name in tail if name in found}


def _unpastable(manifest: Manifest, train: npt.NDArray[np.int64], boxes: Mapping[str, int]) -> str:
    """What pasting says against it, before any image is read."""
    from longtail.augment.paste.pool import require_feasible
    from longtail.augment.paste.settings import PasteSettings

    if not boxes:
        return ""
    try:
        require_feasible(manifest, PasteSettings(tail=tuple(boxes)), train)
    except UserError as error:
        return str(error)
    return ""


def _mixed(manifest: Manifest) -> int:
    if manifest.task == "multilabel" or not manifest.has("study"):
        return 0
    known = (manifest.targets != UNKNOWN_CLASS) & (manifest.column("study") != "")
    pairs = pd.DataFrame({"study": manifest.column("study")[known], "class": manifest.targets[known]})
    return int((pairs.groupby("study", sort=False)["class"].nunique() > 1).sum())


def _both_views(manifest: Manifest) -> int:
    from longtail.predict.view_groups import FRONTAL, LATERAL, view_groups

    if not (manifest.has("study") and manifest.has("view")):
        return 0
    rows = (manifest.column("split") == "val") & (manifest.column("study") != "")
    studies, groups = manifest.column("study")[rows], view_groups(manifest.column("view")[rows])
    return len(set(studies[groups == FRONTAL]) & set(studies[groups == LATERAL]))


def _name(manifest: Manifest) -> str:
    return f"'{manifest.path}'" if manifest.path else "the manifest"
