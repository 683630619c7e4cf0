"""How many images each class of a long tail has."""

import math
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError, unknown_name

Rounding = Literal["round", "floor"]


def long_tail_counts(n_max: int, ratio: float, classes: int, *, rounding: Rounding = "round") -> list[int]:
    """The exponential profile n_i = n_max * ratio^(-i / (classes - 1)), from n_max down to n_max / ratio.

    `rounding`: "round" takes the nearest integer, halves up (Python's round() would go to the even one), as
    PathMNIST-LT was made: 9,366 over 9 classes at ratio 100 ends in 94. "floor" cuts off, as int() does in the public
    code of CIFAR-LT (Cao et al. 2019).
    """
    if rounding not in get_args(Rounding):
        raise unknown_name("rounding", rounding, get_args(Rounding))
    if classes < 1 or n_max < 1:
        raise UserError(f"a long tail needs 1 or more classes and images; {classes} and {n_max} were asked for.")
    _require_ratio(ratio)
    up = 0.5 if rounding == "round" else 1e-9  # 5000 / 100 must not end as 49 for a last bit
    return [math.floor(n_max * weight + up) for weight in _weights(ratio, classes)]


def head_share_counts(
    counts: Sequence[int], share: float, *, head: int = 0, n_max: int | None = None, ratio: float | None = None
) -> list[int]:
    """One class holding at least `share` of all images, as class 0 does in the SAR data of Li et al. (2021): 80 %.

    The head keeps all its images (or `n_max`); the others together get at most (1 - share) / share times as many, each
    one at least: in proportion to what they have, or, with `ratio`, along the exponential profile in their order, which
    starts no higher than the first of them has. No class gets more than it has (`counts`): the head's share is then
    larger than asked for.
    """
    have = np.asarray(counts, dtype=np.int64)
    top = min(int(have[head]), n_max or int(have[head]))
    rest = np.delete(np.arange(len(have)), head)
    rest = rest[have[rest] > 0]
    if not 0 < share < 1:
        raise UserError(f"the head's share {share:g} cannot be; give a number between 0 and 1, such as 0.8.")
    room = math.floor(top * (1 - share) / share + 1e-9)
    if room < len(rest):
        need = math.ceil(len(rest) * share / (1 - share) - 1e-9)
        raise UserError(
            f"the head class has {top:,} images, too few to hold {share:.0%} beside {len(rest)} other classes of one"
            f" image or more; it needs {need:,}: choose a larger class as the head, or a smaller share."
        )
    result = np.zeros(len(have), dtype=np.int64)
    result[head] = top
    result[rest] = np.minimum(have[rest], _shared_out(have[rest], room, ratio))
    return [int(count) for count in result]


def _shared_out(have: npt.NDArray[np.int64], room: int, ratio: float | None) -> npt.NDArray[np.int64]:
    """At most `room` images for classes that have `have`: in proportion, or along the profile of `ratio`."""
    if ratio is None:
        return have if have.sum() <= room else _dealt(room, have.astype(float))
    _require_ratio(ratio)
    weights = np.asarray(_weights(ratio, len(have)))
    return _dealt(max(len(have), min(room, math.floor(have[0] * weights.sum()))), weights)


def _weights(ratio: float, classes: int) -> list[float]:
    return [(1 / ratio) ** (i / (classes - 1)) if i else 1.0 for i in range(classes)]


def _dealt(total: int, weights: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """`total` dealt out by weight, one at least for each; the largest remainders are rounded up."""
    exact = weights / weights.sum() * total
    dealt = np.maximum(np.floor(exact).astype(np.int64), 1)
    spare = int(total - dealt.sum())
    if spare > 0:
        dealt[np.argsort(dealt - exact, kind="stable")[:spare]] += 1
    for _ in range(-spare):  # what the ones for the smallest cost
        dealt[dealt.argmax()] -= 1
    return np.asarray(dealt, dtype=np.int64)


def _require_ratio(ratio: float) -> None:
    if not 1 <= ratio < math.inf:
        hint = f" (for a factor of {ratio:g} write {1 / ratio:g})" if 0 < ratio < 1 else ""
        raise UserError(f"the ratio {ratio:g} cannot be; it is the largest class over the smallest, 1 or more{hint}.")
