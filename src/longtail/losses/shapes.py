"""What a loss is given, looked at before any arithmetic: torch broadcasts some wrong shapes and fails far from others.

Only shapes and types are compared, which costs nothing next to the arithmetic and never waits for a device.
"""

import functools
import inspect
from collections.abc import Callable
from typing import ParamSpec

from torch import Tensor

from longtail.errors import UserError

P = ParamSpec("P")


def check_labels(logits: Tensor, target: Tensor) -> None:
    """Refuse logits and targets that are not both `(B, C)`."""
    if logits.ndim == 2 and logits.shape == target.shape:
        return
    hint = "; one class per row is for a single-label loss, such as cross_entropy" if target.ndim == 1 else ""
    raise UserError(
        f"logits have the shape {tuple(logits.shape)} and targets {tuple(target.shape)};"
        f" this loss takes both as (rows, labels){hint}."
    )


def check_classes(logits: Tensor, target: Tensor) -> None:
    """Refuse logits that are not `(B, C)`, and targets that are not `(B,)` whole numbers."""
    if logits.ndim != 2 or target.shape != logits.shape[:1]:
        hint = "; several labels per row are for a multi-label loss, such as bce" if target.ndim == 2 else ""
        raise UserError(
            f"logits have the shape {tuple(logits.shape)} and targets {tuple(target.shape)};"
            f" this loss takes (rows, classes) and (rows){hint}."
        )
    check_whole(target)


def check_features(features: Tensor, target: Tensor, *, views: bool = False, labels: bool = False) -> None:
    """Refuse features that are not `(B, D)`, or `(B, V, D)` with `views`, and targets other than `(B,)`.

    With `labels` targets may be `(B, C)` too.
    """
    wrong = features.ndim not in ((2, 3) if views else (2,)) or target.ndim not in ((1, 2) if labels else (1,))
    if wrong or len(target) != len(features):
        raise UserError(
            f"features have the shape {tuple(features.shape)} and targets {tuple(target.shape)}; this loss takes (rows,"
            f" width){' or (rows, views, width)' if views else ''} and (rows){' or (rows, labels)' if labels else ''}."
        )
    if target.ndim == 1:
        check_whole(target)


def check_whole(target: Tensor) -> None:
    """Refuse classes `(B,)` that are not whole numbers."""
    if target.is_floating_point():
        raise UserError(f"targets (rows) are {target.dtype}; classes are whole numbers: write target.long().")


def classes_told(loss: Callable[P, Tensor]) -> Callable[P, Tensor]:
    """The single-label loss, whose first arguments are logits (or features) and targets; a class that is not there is
    told in a sentence. Looked for only once torch has failed, since a look before costs a tenth of the whole loss.
    """

    @functools.wraps(loss)
    def told(*args: P.args, **kwargs: P.kwargs) -> Tensor:
        try:
            return loss(*args, **kwargs)
        except (IndexError, RuntimeError) as error:
            given = inspect.signature(loss).bind(*args, **kwargs).arguments
            classes = len(given["centers"]) if "centers" in given else given["logits"].shape[1]
            _check_range(given["target"], classes, error)
            raise

    return told


def _check_range(target: Tensor, classes: int, cause: Exception) -> None:
    """Refuse classes `(B,)` on a CPU (elsewhere torch fails too late to tell) outside -1 .. `classes - 1`."""
    lowest, highest = target.aminmax() if target.device.type == "cpu" and len(target) else (0, 0)
    if lowest < -1 or highest >= classes:
        raise UserError(
            f"targets go from {int(lowest)} to {int(highest)}, and there are {classes} classes;"
            f" a target is 0 to {classes - 1}, or -1 for unknown."
        ) from cause


def per_class(values: Tensor, logits: Tensor, name: str) -> Tensor:
    """`values`, one or `(C,)`, in the type and on the device of logits `(B, C)`; `name` is what they come from."""
    check_per_class(values, logits, name)
    return values.to(logits)


def check_per_class(values: Tensor, logits: Tensor, name: str) -> None:
    """Refuse `values` that are neither one nor `(C,)`."""
    if values.ndim and values.shape != logits.shape[1:]:
        raise UserError(
            f"{name} has the shape {tuple(values.shape)} and logits {tuple(logits.shape)};"
            f" give {name} one value for each of the logits' columns."
        )
