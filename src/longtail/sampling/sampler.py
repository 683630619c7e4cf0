"""One sampler for every way of drawing: what `torch.utils.data.DataLoader(sampler=...)` takes, without torch."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy.typing as npt

from longtail.errors import UserError, unknown_name
from longtail.sampling import SAMPLERS
from longtail.sampling.labels import Rows
from longtail.sampling.ranks import shard

Order = Callable[..., Rows]


class EpochSampler:
    """Row indices of an epoch: a pure function of seed and epoch, and of the rank its share of the same order.

    `order` is a sampler's name or a function `(targets, seed, epoch, *, options)`. Call `set_epoch` before each epoch,
    as with torch's own distributed sampler; without it every epoch repeats the first.
    """

    def __init__(
        self,
        order: str | Order,
        targets: npt.ArrayLike,
        *,
        seed: int = 0,
        rank: int = 0,
        world: int = 1,
        fill: bool = True,
        epochs: int | None = None,
        **options: Any,
    ) -> None:
        self.function: Order = SAMPLERS.find(order).function if isinstance(order, str) else order
        self.options = _options(self.function, options, epochs)
        self.targets, self.seed, self.rank, self.world, self.fill = targets, seed, rank, world, fill
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch to draw, 0 for the first."""
        self.epoch = epoch
        self.whole: Rows | None = None

    def order(self) -> Rows:
        """The whole order of this epoch, the same on every rank; drawn on first use."""
        if self.whole is None:
            self.whole = self.function(self.targets, self.seed, self.epoch, **self.options)
        return self.whole

    def __iter__(self) -> Iterator[int]:
        return iter(shard(self.order(), self.rank, self.world, fill=self.fill).tolist())

    def __len__(self) -> int:
        return len(shard(self.order(), self.rank, self.world, fill=self.fill))


def _options(function: Order, options: dict[str, Any], epochs: int | None) -> dict[str, Any]:
    """Keyword arguments that `function` knows, with `epochs` where it asks for them."""
    parameters = inspect.signature(function).parameters
    valid = [p.name for p in parameters.values() if p.kind is inspect.Parameter.KEYWORD_ONLY]
    for name in options:
        if name not in valid:
            raise unknown_name("option", name, valid, "sampler")
    if "epochs" not in parameters:
        return options
    if epochs is None:
        raise UserError("this sampler changes over the training; give it epochs, their number.")
    return {**options, "epochs": epochs}
