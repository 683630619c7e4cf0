"""An exponential moving average of a model's weights: Polyak averaging as timm's `ModelEmaV3`, by foreach.

Every floating tensor is averaged, the running statistics of BatchNorm too; counters are copied. With `warmup` the decay
at step t is min(decay, (1 + t) / (10 + t)), so that the first steps do not linger.
"""

from copy import deepcopy
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

M = TypeVar("M", bound=nn.Module)


def decay_at(step: int, decay: float, warmup: bool) -> float:
    """The share of the old average at a step, 0 for the first."""
    return min(decay, (1 + step) / (10 + step)) if warmup else decay


class Average(Generic[M]):
    """The averaged copy of a model, `average.model`, in evaluation mode."""

    def __init__(self, model: M, *, decay: float, warmup: bool = True) -> None:
        self.decay, self.warmup = decay, warmup
        self.model: M = deepcopy(model).requires_grad_(False)
        self.model.eval()
        still = {name for name, parameter in model.named_parameters() if not parameter.requires_grad}
        theirs, ours = _tensors(model, still), _tensors(self.model, still)
        moving = [name for name, tensor in theirs.items() if tensor.is_floating_point()]
        self._from, self._to = [theirs[name] for name in moving], [ours[name] for name in moving]
        self._copied = [(ours[name], theirs[name]) for name in theirs if name not in set(moving)]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after a step, 0 for the first."""
        torch._foreach_lerp_(self._to, self._from, 1 - decay_at(step, self.decay, self.warmup))
        for ours, theirs in self._copied:
            ours.copy_(theirs)


def _tensors(model: nn.Module, still: set[str]) -> dict[str, Tensor]:
    """Parameters and buffers but for those that stand still."""
    named = [*model.named_parameters(), *model.named_buffers()]
    return {name: tensor.data for name, tensor in named if name not in still}
