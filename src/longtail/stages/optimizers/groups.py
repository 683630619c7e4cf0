"""Parameter groups before an optimiser has seen them, and the same as torch takes them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

Named = tuple[str, nn.Parameter]


@dataclass(frozen=True)
class ParamGroup:
    """Parameters that share a rate and a decay."""

    factor: float  # of the learning rate
    decay: bool | None  # False: never; True: always; None: not where norms and biases are spared
    params: tuple[Named, ...]


def as_torch(groups: Sequence[ParamGroup], lr: float, weight_decay: float, decay_norm_bias: bool) -> list[Any]:
    """Groups with their own `lr`, `base_lr` (which schedules multiply) and `weight_decay`; alike ones are one."""
    joined: dict[tuple[float, float], list[Named]] = defaultdict(list)
    for group in groups:
        decay = weight_decay if _decays(group.decay, decay_norm_bias) else 0.0
        joined[lr * group.factor, decay].extend(group.params)
    return [
        {
            "params": [parameter for _, parameter in named],
            "names": [name for name, _ in named],
            "lr": rate,
            "base_lr": rate,
            "weight_decay": decay,
        }
        for (rate, decay), named in joined.items()
    ]


def _decays(decay: bool | None, decay_norm_bias: bool) -> bool:
    return decay_norm_bias if decay is None else decay
