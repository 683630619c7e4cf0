"""Parameter groups before an optimiser has seen them, and the same as torch takes them."""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from longtail.errors import UserError

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


def check_ranges(**settings: Any) -> None:
    """Refuse settings of an optimiser that make no sense; those without a range here are its own affair."""
    for name, value in settings.items():
        fits, words = _RANGES.get(name, (None, ""))
        if fits is not None and not fits(value):
            shown = list(value) if isinstance(value, Sequence) else f"{value:g}"
            raise UserError(f"'{name}' is {shown}; valid is {words}.")
    if settings.get("nesterov") and not settings.get("momentum"):
        raise UserError(
            "'nesterov' looks ahead along a momentum, and there is none; write momentum: 0.9, or nesterov: false."
        )


def _not_negative(value: float) -> bool:
    return 0 <= value < math.inf


_RANGES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "lr": (lambda rate: 0 < rate < math.inf, "a number above 0"),
    "weight_decay": (_not_negative, "0 or more"),
    "momentum": (_not_negative, "0 or more"),
    "alpha": (_not_negative, "0 or more"),
    "eps": (_not_negative, "0 or more"),
    "betas": (lambda pair: len(pair) == 2 and all(0 <= each < 1 for each in pair), "two numbers from 0 to below 1"),
}


def _decays(decay: bool | None, decay_norm_bias: bool) -> bool:
    return decay_norm_bias if decay is None else decay
