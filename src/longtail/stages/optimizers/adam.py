"""Adam: Kingma and Ba, ICLR 2015; torch's, fused. Its weight decay is added to the gradient (L2)."""

from collections.abc import Sequence

import torch

from longtail.stages import OPTIMIZERS
from longtail.stages.optimizers.groups import ParamGroup, as_torch, check_ranges


@OPTIMIZERS.register("adam", paper="Kingma and Ba 2015", code="torch Adam")
def adam(
    groups: Sequence[ParamGroup],
    *,
    lr: float = 1e-3,
    weight_decay: float = 0.0,
    betas: Sequence[float] = (0.9, 0.999),
    eps: float = 1e-8,
    amsgrad: bool = False,
    decay_norm_bias: bool = True,
) -> torch.optim.Optimizer:
    """Adam; weight decay as part of the gradient."""
    check_ranges(lr=lr, weight_decay=weight_decay, betas=betas, eps=eps)
    parts = as_torch(groups, lr, weight_decay, decay_norm_bias)
    return torch.optim.Adam(parts, lr=lr, betas=(betas[0], betas[1]), eps=eps, amsgrad=amsgrad, fused=True)
