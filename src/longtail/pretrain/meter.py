"""Means of the parts of the loss over an epoch, kept on the device so that no step waits for it."""

from collections.abc import Mapping

import torch
from torch import Tensor


class Meter:
    """Sums and their count; part of a checkpoint, so that an interrupted epoch's means are whole."""

    def __init__(self) -> None:
        self.sums: dict[str, Tensor] = {}
        self.count = 0

    def add(self, parts: Mapping[str, Tensor]) -> None:
        """One more step."""
        self.sums = {name: self.sums.get(name, 0.0) + part.float() for name, part in parts.items()}
        self.count += 1

    def means(self) -> dict[str, float]:
        """Of all parts."""
        return {name: float(total) / max(1, self.count) for name, total in self.sums.items()}

    def is_finite(self) -> bool:
        """Whether no part was nan or infinite."""
        return all(bool(torch.isfinite(total)) for total in self.sums.values())

    def state_dict(self) -> dict[str, Tensor]:
        """As tensors."""
        return {"count": torch.tensor(self.count), **{f"sum.{name}": total for name, total in self.sums.items()}}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take what `state_dict` gave."""
        self.count = int(state["count"])
        self.sums = {name.removeprefix("sum."): value for name, value in state.items() if name.startswith("sum.")}
