"""RMSprop: Tieleman and Hinton, lecture 6.5 of "Neural Networks for Machine Learning", 2012; torch's, foreach."""

from collections.abc import Sequence

import torch

from longtail.stages import OPTIMIZERS
from longtail.stages.optimizers.groups import ParamGroup, as_torch, check_ranges


@OPTIMIZERS.register("rmsprop", paper="Tieleman and Hinton 2012", code="torch RMSprop")
def rmsprop(
    groups: Sequence[ParamGroup],
    *,
    lr: float = 1e-2,
    alpha: float = 0.99,
    momentum: float = 0.0,
    weight_decay: float = 0.0,
    eps: float = 1e-8,
    decay_norm_bias: bool = True,
) -> torch.optim.Optimizer:
    """Gradients divided by their running root mean square."""
    check_ranges(lr=lr, alpha=alpha, momentum=momentum, weight_decay=weight_decay, eps=eps)
    parts = as_torch(groups, lr, weight_decay, decay_norm_bias)
    return torch.optim.RMSprop(parts, lr=lr, alpha=alpha, eps=eps, momentum=momentum, foreach=True)
