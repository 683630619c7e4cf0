"""Stochastic gradient descent with momentum: torch's, fused."""

from collections.abc import Sequence

import torch

from longtail.stages import OPTIMIZERS
from longtail.stages.optimizers.groups import ParamGroup, as_torch, check_ranges


@OPTIMIZERS.register("sgd", code="torch SGD")
def sgd(
    groups: Sequence[ParamGroup],
    *,
    lr: float = 0.1,
    momentum: float = 0.9,
    weight_decay: float = 0.0,
    nesterov: bool = False,
    decay_norm_bias: bool = True,
) -> torch.optim.Optimizer:
    """Gradient descent with momentum."""
    check_ranges(lr=lr, momentum=momentum, weight_decay=weight_decay, nesterov=nesterov)
    parts = as_torch(groups, lr, weight_decay, decay_norm_bias)
    return torch.optim.SGD(parts, lr=lr, momentum=momentum, nesterov=nesterov, fused=True)
