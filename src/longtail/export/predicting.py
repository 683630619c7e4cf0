"""Predicting a manifest with an export (or any bundle): prepared pixels, networks, then what the plan says."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from longtail.data.images.grey_levels import window_of
from longtail.data.images.prepared import OnBad, Prepared, default_store, prepare
from longtail.data.manifest import Manifest
from longtail.data.roles import GROUP_ROLES
from longtail.errors import UserError
from longtail.export.bundle import Bundle, Member, Pixels, Values
from longtail.export.stored import read_export
from longtail.predict.predictions import Predictions

_FEW = 8  # images; measured with a ResNet-50 of 224 pixels, the quick start pays up to about six


def predict_export(
    export: Bundle | str | Path,
    manifest: Manifest,
    *,
    split: str | None = None,
    views: Any = None,
    study: Any = None,
    keep_images: bool | None = None,
    batch_size: int = 32,
    store: str | Path | None = None,
    on_bad: OnBad = "stop",
    workers: int | None = None,
    advance: Callable[[int], object] = lambda _: None,
) -> Predictions:
    """Predict the images of `manifest` (of one `split`) as `longtail.predict.predict` would with the run."""
    if batch_size < 1:
        raise UserError(f"batches of {batch_size} images cannot be predicted; give 1 or more.")
    rows = manifest if split is None else manifest.select(manifest.rows_of(split))
    bundle = export if isinstance(export, Bundle) else read_export(export, few=len(rows) <= _FEW)
    place = Path(store) if store else default_store(manifest.path or manifest.root / "manifest.csv")
    plan = bundle.asked(views=views, study=study, keep_images=keep_images)
    found: list[Predictions] = []
    for member in bundle.members:
        ready = member_pixels(member, rows, place, on_bad, workers)
        values = _values(member, ready, batch_size, advance)
        names = ["image", *(name for name in GROUP_ROLES if rows.has(name))]
        ids = rows.table[names].iloc[ready.rows_kept].reset_index(drop=True)
        found.append(Predictions(ids, member.labels, values, "image", {"task": member.task}))
    by_name = {member.name: each.values for member, each in zip(bundle.members, found, strict=True)}
    done = bundle.combined(found[0].ids, by_name, plan, rows)
    return replace(done, facts={**done.facts, "made_by": {**bundle.facts, "split": split}})


def member_pixels(
    member: Member, manifest: Manifest, store: Path, on_bad: OnBad = "stop", workers: int | None = None
) -> Prepared:
    """The manifest's images as the member's input."""
    return prepare(
        manifest,
        member.image_size,
        resize=member.resize,
        channels=member.channels,
        store=store,
        window=window_of(member.window),
        on_bad=on_bad,
        workers=workers,
    )


def batches(prepared: Prepared, size: int) -> Iterator[Pixels]:
    """Pixels `(B, H, W, Ch)` of all images, in order."""
    for start in range(0, len(prepared), size):
        yield prepared.rows(np.arange(start, min(start + size, len(prepared))))


def _values(member: Member, prepared: Prepared, size: int, advance: Callable[[int], object]) -> Values:
    parts = []
    for pixels in batches(prepared, size):
        parts.append(member.predict(pixels))
        advance(len(pixels))
    return np.concatenate(parts) if parts else np.zeros((0, len(member.labels)), dtype=np.float32)
