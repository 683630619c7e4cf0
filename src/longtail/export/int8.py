"""Eight bits instead of 32: ranges from training images, and what it costs in mAP on validation images."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from longtail.data.images.prepared import default_store
from longtail.data.manifest import Manifest
from longtail.errors import UserError
from longtail.evaluate.ap import average_precision
from longtail.evaluate.defined import macro
from longtail.export.bundle import Bundle
from longtail.export.formats import Format
from longtail.export.parity import validation_rows
from longtail.export.predicting import batches, member_pixels, predict_export
from longtail.predict.matching import align
from longtail.predict.predictions import Predictions

IMAGES, _BATCH = 128, 8  # for ranges; more change little


@dataclass(frozen=True)
class Loss:
    """mAP on validation of the fp32 and the int8 networks, over how many labels, and how far probabilities moved."""

    before: float
    after: float
    over: int
    images: int
    moved: float
    seen: bool = False  # whether weights were trained on these images

    @property
    def on(self) -> str:
        """What it was judged on, in words."""
        return f"{self.images:,} validation images" + (", on which the refitted weights were trained" * self.seen)

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        told = {"map_fp32": self.before, "map_int8": self.after, "labels": self.over, "images": self.images}
        return {**told, "on": self.on, "largest_difference": self.moved}


def quantised(
    bundle: Bundle, format: Format, folder: Path, manifest: Manifest, store: str | Path | None = None
) -> None:
    """Put int8 files in the place of the members' files in `folder`."""
    assert format.quantise is not None
    some = manifest.select(_range_rows(manifest))
    for member in bundle.members:
        ready = member_pixels(member, some, _store(manifest, store), "skip")
        source, target = (folder / f"{name}{format.suffix}" for name in (member.name, f"{member.name}-int8"))
        format.quantise(source, target, list(batches(ready, _BATCH)))
        for made in folder.glob(f"{target.stem}.*"):
            made.replace(folder / made.name.replace(target.stem, member.name, 1))


def map_loss(
    bundle: Bundle, small: Bundle, manifest: Manifest, store: str | Path | None = None, *, seen: bool = False
) -> Loss:
    """Predict all validation images with both; `seen` where weights were trained on these."""
    some = manifest.select(validation_rows(manifest))
    options: dict[str, Any] = {"store": _store(manifest, store), "on_bad": "skip", "study": "none", "views": "none"}
    before, after = (predict_export(each, some, **options) for each in (bundle, small))
    scores = [macro(_precision(each, some)) for each in (before, after)]
    if not scores[0].over:
        raise UserError("no label has both positives and negatives in the validation images: int8 cannot be judged.")
    moved = float(np.abs(before.values - after.values).max())
    return Loss(scores[0].value, scores[1].value, scores[0].over, len(before), moved, seen)


def _precision(predictions: Predictions, manifest: Manifest) -> Any:
    targets, values, rows = align(predictions, manifest, partial=True)
    return average_precision(manifest.one_hot[rows] if manifest.task == "singlelabel" else targets, values)


def _range_rows(manifest: Manifest) -> Any:
    rows = manifest.rows_of("train") if manifest.has("split") else np.arange(len(manifest))
    rows = rows if len(rows) else np.arange(len(manifest))
    return np.sort(np.random.default_rng(0).permutation(rows)[:IMAGES])


def _store(manifest: Manifest, store: str | Path | None) -> Path:
    return Path(store) if store else default_store(manifest.path or manifest.root / "manifest.csv")
