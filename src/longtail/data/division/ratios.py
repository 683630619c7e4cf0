"""Split ratios as people write them: `75/5/20`, `0.8,0.2`, `7.5:0.5:2`."""

import re
from collections.abc import Sequence

from longtail.errors import UserError

PARTS = ("train", "val", "test")
DEFAULT_RATIOS = ("70/10/20", "80/20")  # otherwise, and for group-k-fold
_WHOLES = (1, 10, 100)  # what ratios are commonly out of


def parse_ratios(ratios: str | Sequence[float]) -> dict[str, float]:
    """Share by part, with the sum 1: two numbers are train and val, three are train, val and test."""
    numbers = _numbers(ratios) if isinstance(ratios, str) else [float(ratio) for ratio in ratios]
    said = ratios if isinstance(ratios, str) else "/".join(f"{ratio:g}" for ratio in ratios)
    if len(numbers) not in (2, 3):
        raise UserError(f"the ratios '{said}' are {len(numbers)}; give two (train/val) or three (train/val/test).")
    if not all(0 < number < float("inf") for number in numbers):
        raise UserError(f"the ratios '{said}' must all be above 0; leave out a part that is not wanted.")
    total = sum(numbers)
    if not any(abs(total - whole) < 1e-6 * whole for whole in _WHOLES):
        raise UserError(f"the ratios '{said}' have the sum {total:g}; write them so that it is 1, 10 or 100: 70/10/20.")
    return {part: number / total for part, number in zip(PARTS, numbers, strict=False)}


def _numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in re.split(r"[/:,]", text)]
    except ValueError as error:
        raise UserError(f"the ratios '{text}' are no numbers; write them like 70/10/20 or 0.8/0.2.") from error
