"""A batch on its way into the model."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Images and what is known of them, all on the device.

    `other` `(B,)` is the class of the image mixed in, `share` `(B,)` how much of its own each row keeps (single-label
    mixing; multi-label targets are mixed themselves). `reversed_images` and `reversed_target` are the second stream.
    """

    images: Tensor
    target: Tensor
    source: Tensor | None = None
    other: Tensor | None = None
    share: Tensor | None = None
    reversed_images: Tensor | None = None
    reversed_target: Tensor | None = None
    reversed_source: Tensor | None = None
    study: Tensor | None = None  # (B,) numbers of studies, -1 unknown; there for losses and heads that read them
    view: Tensor | None = None  # (B,) frontal 0, lateral 1, neither 2; there for heads that read studies

    def __len__(self) -> int:
        return len(self.target)

    def parts(self, count: int) -> Iterator["Batch"]:
        """`count` micro-batches of (almost) equally many rows."""
        ends = [len(self) * (i + 1) // count for i in range(count)]
        for start, end in zip([0, *ends], ends, strict=False):
            there = {f.name: getattr(self, f.name) for f in fields(self)}
            yield Batch(**{name: tensor[start:end] for name, tensor in there.items() if tensor is not None})
