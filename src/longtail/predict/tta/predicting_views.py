"""Predictions of several views of the same images, merged: the mean of probabilities, or of logits."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import torch
from torch import Tensor

from longtail.errors import UserError, unknown_name
from longtail.predict.parts import BoundPart, bound
from longtail.predict.tta import TTA

TTAMerge = Literal["probabilities", "logits"]
Task = Literal["multilabel", "singlelabel"]


def tta_views(given: Sequence[Any]) -> list[BoundPart]:
    """Views by name, `{name: settings}` or `name,key=value`, checked; none at all is a mistake."""
    if isinstance(given, str):
        given = [given]
    if not given:
        raise UserError("there are no TTA views; name at least 'identity'.")
    return [bound(TTA, each) for each in given]


@torch.no_grad()
def predict_with_tta(
    model: Callable[[Tensor], Tensor],
    images: Tensor,
    views: Sequence[Any] = ("identity",),
    merge: TTAMerge = "probabilities",
    *,
    task: Task = "multilabel",
) -> Tensor:
    """Probabilities `(B, C)`, float32, from images `(B, Ch, H, W)` in [0, 1].

    `model` takes images in [0, 1] (normalising is its own affair) and gives logits `(B, C)`. Views are taken one after
    another and summed in their order, so the same call gives the same bits. The mean of probabilities is what the
    stage-training paper used.
    """
    if merge not in ("probabilities", "logits"):
        raise unknown_name("merge of TTA views", merge, ("probabilities", "logits"))
    total, count = None, 0
    for view in tta_views(views):
        for seen in view(images):
            logits = model(seen).float()
            part = logits if merge == "logits" else probabilities(logits, task)
            total, count = part if total is None else total + part, count + 1
    assert total is not None
    mean = total / count
    return probabilities(mean, task) if merge == "logits" else mean


def probabilities(logits: Tensor, task: Task) -> Tensor:
    """Sigmoid of each label, or softmax over the classes."""
    return logits.softmax(dim=1) if task == "singlelabel" else logits.sigmoid()
