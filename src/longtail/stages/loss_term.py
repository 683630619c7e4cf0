"""One loss of an objective: its weight, when it counts, what its mean divides by."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from typing import Any

import torch
from torch import Tensor, nn

from longtail.errors import UserError
from longtail.losses.weights import ClassWeight

# Single-label losses whose mean divides by the class weights of the rows (PyTorch's weighted mean), not their number.
_WEIGHTED_MEANS = ("cross_entropy", "logit_adjustment", "ldam")


@dataclass(frozen=True)
class When:
    """The part of the training in which a term counts."""

    start: float = 0.0
    end: float = 1.0

    def holds(self, fraction: float) -> bool:
        """Whether a term counts after this fraction of the training."""
        return self.start <= fraction < self.end or (self.end >= 1.0 <= fraction)


class Term(nn.Module):
    """`weight * loss` while `when` holds.

    `by_row`: single-label images are mixed, so that the loss is taken row by row for both classes of a row.
    """

    def __init__(self, name: str, loss: nn.Module, weight: float, when: When, *, by_row: bool = False) -> None:
        super().__init__()
        self.name, self.loss, self.weight, self.when, self.by_row = name, loss, weight, when, by_row
        self.reduction: str = getattr(loss, "reduction", "batch")  # "batch": it compares the rows of a batch
        self.needs: str = getattr(loss, "needs", "logits")
        if by_row:
            _require_rows(name, self.needs, self.reduction)
            loss.reduction = "none"  # type: ignore[assignment]  # a plain attribute of every such module

    def forward(self, inputs: Tensor, target: Tensor, other: Tensor | None, share: Tensor | None) -> Tensor:
        """The loss of logits or features, before the weight; the mean over known rows, or what the loss reduces to."""
        if not self.by_row or other is None or share is None:
            value: Tensor = self.loss(inputs, target)
            return value
        values = share * self.loss(inputs, target) + (1 - share) * self.loss(inputs, other)
        total: Tensor = values.sum()
        return total if self.reduction == "sum" else total / self.mass(target, other, share)

    def mass(self, target: Tensor, other: Tensor | None = None, share: Tensor | None = None) -> Tensor:
        """What the mean over a batch divides by: known entries, known rows or their weights; 1 for a sum."""
        if self.reduction != "mean":
            return target.new_ones((), dtype=torch.float32)
        if other is not None and share is not None and self.by_row:
            return _rows(share * self._row_mass(target) + (1 - share) * self._row_mass(other))
        if target.ndim == 2:
            return _rows((~target.isnan()).float())
        return _rows(self._row_mass(target))

    def _row_mass(self, target: Tensor) -> Tensor:
        known = (target >= 0).float()
        rule = getattr(self.loss, "class_weight", None)
        weights = rule() if isinstance(rule, ClassWeight) and self.name in _WEIGHTED_MEANS else None
        return known if weights is None else known * weights[target.clamp(min=0)]


def _rows(mass: Tensor) -> Tensor:
    return mass.sum().clamp(min=1e-12)


def _require_rows(name: str, needs: str, reduction: str) -> None:
    if needs == "features" or reduction not in ("mean", "sum"):
        raise UserError(
            f"the loss '{name}' can't be used with mixed images, which have two classes; leave 'mix' out of the stage,"
            " or the loss."
        )


def settings_of(settings: dict[str, Any], name: str) -> tuple[dict[str, Any], float, When]:
    """A loss's own settings, and the term's: `weight`, `from` and `until`."""
    own = dict(settings)
    weight, when = own.pop("weight", 1.0), When(own.pop("from", 0.0), own.pop("until", 1.0))
    if not (isinstance(weight, (int, float)) and isfinite(weight)):
        raise UserError(f"the 'weight' of the loss '{name}' is {weight}; write a number.")
    if not 0 <= when.start < when.end <= 1:
        raise UserError(
            f"the loss '{name}' counts 'from' {when.start:g} 'until' {when.end:g}; write fractions of the training from"
            " 0 to 1, the first below the second."
        )
    return own, float(weight), when


def require_no_gap(times: Iterable[When]) -> None:
    """Refuse losses that leave a part of the training without any."""
    reached = 0.0
    for when in sorted(times, key=lambda when: when.start):
        if when.start > reached:
            raise _gap(reached, when.start)
        reached = max(reached, when.end)
    if reached < 1:
        raise _gap(reached, 1)


def _gap(start: float, end: float) -> UserError:
    return UserError(
        f"no loss counts from {start:g} to {end:g} of the training; let the 'from' and 'until' of losses leave no gap."
    )
