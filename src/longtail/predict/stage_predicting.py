"""One trained stage's predictions of a manifest's images: prepared pixels, views, probabilities."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import torch
from torch import Tensor

from longtail.data.images.prepared import OnBad, Prepared, default_store, prepare
from longtail.data.images.resize import Rule
from longtail.data.manifest import Manifest
from longtail.data.roles import GROUP_ROLES
from longtail.errors import UserError
from longtail.predict.pieces import Piece, pieces_of
from longtail.predict.predictions import Predictions
from longtail.predict.tta.predicting_views import TTAMerge, predict_with_tta, tta_views

Advance = Callable[[int], object]


class LoadedModel(Protocol):
    """A stage's model, ready to predict, and how its images are to be made."""

    @property
    def labels(self) -> tuple[str, ...]:
        """What its logits are of."""

    @property
    def task(self) -> Literal["multilabel", "singlelabel"]:
        """Sigmoids or a softmax."""

    @property
    def image_size(self) -> int:
        """Pixels a side."""

    @property
    def channels(self) -> Literal[1, 3]:
        """Grey or colour."""

    @property
    def resize(self) -> Rule:
        """How images become square."""

    def normalised(self, images: Tensor) -> Tensor:
        """Images `(B, Ch, H, W)` in [0, 1] with the levels that it was trained on."""

    def predict_logits(self, images: Tensor, **known: Tensor) -> Tensor:
        """Logits `(B, C)` of normalised images `(B, Ch, H, W)` float32 on its device; in eval mode.

        A model with `of_studies` is told each image's `study`, and `view` where the manifest has it; one with
        `source_names` each image's `source`.
        """


def predict_stage(
    model: LoadedModel,
    manifest: Manifest,
    *,
    tta: Sequence[Any] = ("identity",),
    tta_merge: TTAMerge = "probabilities",
    device: str = "cpu",
    batch_size: int = 32,
    store: str | Path | None = None,
    on_bad: OnBad = "stop",
    window: Any = "file",
    workers: int | None = None,
    advance: Advance = lambda _: None,
) -> Predictions:
    """Probabilities of every image of `manifest` (`on_bad="skip"`: of those that can be used), with their ids.

    Images are prepared in `store` (default: beside the manifest). `advance(n)` counts images predicted.
    """
    if batch_size < 1:
        raise UserError(f"batches of {batch_size} images cannot be predicted; give 1 or more.")
    views = tta_views(tta)  # a typo is found before images are prepared
    prepared = prepare(
        manifest,
        model.image_size,
        resize=model.resize,
        channels=model.channels,
        store=store or default_store(manifest.path or manifest.root / "manifest.csv"),
        window=window,
        on_bad=on_bad,
        workers=workers,
    )
    values = np.zeros((len(prepared), len(model.labels)), dtype=np.float32)
    for piece in pieces_of(model, manifest, prepared.rows_kept, batch_size):
        images, logits = _images(prepared, piece, device), _logits(model, piece, device)
        values[piece.places] = predict_with_tta(logits, images, views, tta_merge, task=model.task).cpu().numpy()
        advance(len(piece.places))
    names = ["image", *(name for name in GROUP_ROLES if manifest.has(name))]
    ids = manifest.table[names].iloc[prepared.rows_kept].reset_index(drop=True)
    facts = {"task": model.task, "tta": [view.said for view in views], "tta_merge": tta_merge}
    return Predictions(ids, tuple(model.labels), values, "image", facts)


def usual_device(device: str = "auto") -> str:
    """`auto` is the GPU where there is one; an absent device is the user's mistake."""
    there = torch.cuda.is_available()
    if device == "auto":
        return "cuda" if there else "cpu"
    try:
        kind = torch.device(device).type
    except RuntimeError as error:
        raise UserError(f"'{device}' is no device; write auto, cpu, cuda or cuda:1.") from error
    if kind == "cuda" and not there:
        raise UserError("there is no CUDA device on this machine; use --device cpu or auto.")
    return device


def _logits(model: LoadedModel, piece: Piece, device: str) -> Callable[[Tensor], Tensor]:
    known = {name: torch.from_numpy(values).to(device) for name, values in piece.known.items()}
    return lambda images: model.predict_logits(model.normalised(images), **known)


def _images(prepared: Prepared, piece: Piece, device: str) -> Tensor:
    """Images `(B, Ch, H, W)` in [0, 1]."""
    pixels = torch.from_numpy(prepared.rows(piece.places)).to(device)
    return pixels.permute(0, 3, 1, 2).float() / 255
