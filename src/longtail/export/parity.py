"""How far an export's probabilities are from `predict`'s, on images where there are some, else on noise."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from longtail.data.manifest import Manifest
from longtail.errors import UserError
from longtail.export.bundle import Bundle
from longtail.export.predicting import predict_export
from longtail.predict.predicting import predict

NOISE = np.random.default_rng(0)
_SIZES = (1, 3, 5)  # of batches; a network whose batch size was fixed when it was written fails at these


@dataclass(frozen=True)
class Parity:
    """The largest difference of a probability, over how many images, and what these were."""

    difference: float
    images: int
    on: str
    mean: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        told = {"largest_difference": self.difference, "images": self.images, "on": self.on}
        return told if self.mean is None else {**told, "mean_difference": self.mean}


def parity(
    bundle: Bundle, written: Bundle, manifest: Manifest | None, images: int = 32, store: str | Path | None = None
) -> Parity:
    """Compare the networks on noise in batches of 1, 3 and 5, and whole predictions on images of the manifest."""
    difference = _of_networks(bundle, written)
    if manifest is None:
        return Parity(difference, sum(_SIZES), "noise (the training manifest is not there)")
    rows = validation_rows(manifest)[:images]
    if not len(rows):
        return Parity(difference, sum(_SIZES), "noise (the manifest has no validation images)")
    some = manifest.select(rows)
    options: dict[str, Any] = {"store": store or _store(manifest), "on_bad": "skip"}
    ours = predict_export(bundle, some, batch_size=32, **options)
    theirs = predict_export(written, some, batch_size=7, **options)
    apart = np.abs(ours.values - theirs.values)
    return Parity(max(difference, float(apart.max(initial=0))), len(rows), f"{len(rows)} validation images and noise")


def parity_with_sources(
    run: Path, written: Bundle, manifest: Manifest | None, images: int, store: str | Path | None, **asked: Any
) -> Parity | None:
    """Compare with `longtail predict`, which tells heads the images' data sets; None where no image names one.

    The images are spread over the validation rows, which are often sorted by data set.
    """
    if manifest is None or not manifest.has("source"):
        return None
    whole = validation_rows(manifest)
    rows = whole[np.linspace(0, len(whole) - 1, min(images, len(whole))).astype(np.int64)]
    some = manifest.select(rows)
    if not any(some.column("source")):
        return None
    options: dict[str, Any] = {"store": store or _store(manifest), "on_bad": "skip"}
    ours = predict(run, some, device="cpu", precision="fp32", **asked, **options)
    apart = np.abs(ours.values - predict_export(written, some, **options).values)
    said = f"{len(rows)} validation images, whose data set predict knows and the export does not"
    return Parity(float(apart.max()), len(rows), said, float(apart.mean()))


def validation_rows(manifest: Manifest) -> Any:
    """The rows of the split `val`, or all where the manifest has no splits."""
    return manifest.rows_of("val") if manifest.has("split") else np.arange(len(manifest))


def _store(manifest: Manifest) -> Path:
    from longtail.data.images.prepared import default_store

    return default_store(manifest.path or manifest.root / "manifest.csv")


def _of_networks(bundle: Bundle, written: Bundle) -> float:
    largest = 0.0
    for ours, theirs in zip(bundle.members, written.members, strict=True):
        for size in _SIZES:
            shape = (size, ours.image_size, ours.image_size, ours.channels)
            pixels = NOISE.integers(0, 256, shape, dtype=np.uint8)
            found = _tried(theirs.predict, pixels, theirs.name)
            largest = max(largest, float(np.abs(ours.predict(pixels) - found).max(initial=0)))
    return largest


def _tried(predict: Any, pixels: Any, name: str) -> Any:
    """The file's answer, or one sentence: engines fail in their own ways on what was converted wrongly."""
    try:
        return predict(pixels)
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(
            f"the file of '{name}' was written but does not run on a batch of {len(pixels)} ({reason}); take --format"
            " torch."
        ) from error
