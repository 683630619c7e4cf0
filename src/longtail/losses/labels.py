"""Numbers per label: prior odds, and weights as a recipe writes them."""

from collections.abc import Sequence

import torch
from torch import Tensor

from longtail.losses.counts import Counts, as_shares
from longtail.losses.shapes import per_class

Weights = Tensor | Sequence[float] | float


def prior_log_odds(class_counts: Counts, num_rows: int) -> Tensor:
    """`log(pi / (1 - pi))` per label, `(C,)`, float32; none (or all) of the images count as half an image off."""
    half = 0.5 / max(num_rows, 1)
    return torch.logit(as_shares(class_counts, num_rows).clamp(half, 1 - half)).float()


def weights_at(weights: Weights, logits: Tensor, name: str = "weights") -> Tensor:
    """Weights, one or `(C,)`, in the precision and on the device of logits `(B, C)`; `name` is the argument's."""
    return per_class(torch.as_tensor(weights, dtype=logits.dtype, device=logits.device), logits, name)


def as_weights(weights: Weights | None) -> Tensor | None:
    """Weights per label as a float32 tensor, `()` or `(C,)`; None stays None."""
    return None if weights is None else torch.as_tensor(weights, dtype=torch.float32).detach()
