"""AdamW: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019; torch's, fused."""

from collections.abc import Sequence

import torch

from longtail.stages import OPTIMIZERS
from longtail.stages.optimizers.groups import ParamGroup, as_torch, check_ranges


@OPTIMIZERS.register("adamw", paper="Loshchilov and Hutter 2019", code="torch AdamW")
def adamw(
    groups: Sequence[ParamGroup],
    *,
    lr: float = 1e-3,
    weight_decay: float = 0.01,
    betas: Sequence[float] = (0.9, 0.999),
    eps: float = 1e-8,
    decay_norm_bias: bool = True,
) -> torch.optim.Optimizer:
    """Adam with a weight decay of its own; `decay_norm_bias: false` spares norms and biases."""
    check_ranges(lr=lr, weight_decay=weight_decay, betas=betas, eps=eps)
    parts = as_torch(groups, lr, weight_decay, decay_norm_bias)
    return torch.optim.AdamW(parts, lr=lr, betas=(betas[0], betas[1]), eps=eps, fused=True)
