"""`Augment`: a list of steps made into one function of prepared pixels.

All geometry of an image composes into one map and is done first, with one resampling; the pixel steps follow in their
order; rescaling and normalising come last. On a CPU this runs image by image on uint8, on a GPU by whole batches.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, get_args, overload

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from longtail.augment.box_moves import moved_boxes
from longtail.augment.buffers import Buffers
from longtail.augment.building import StepSpec, build_steps
from longtail.augment.levels import batch_levels, write_levels
from longtail.augment.min_max import MinMax
from longtail.augment.normalize import Normalize, check_moments
from longtail.augment.on_cpu import augment_on_cpu
from longtail.augment.on_device import augment_on_device
from longtail.augment.plan import Plan, draw
from longtail.augment.row_chances import Floats
from longtail.augment.warp import Border
from longtail.errors import UserError, unknown_name

Pixels = npt.NDArray[np.uint8] | Tensor
Rows = npt.NDArray[np.integer[Any]] | Sequence[int]
Boxes = Sequence[npt.NDArray[np.floating[Any]]]


class Augment:
    """`augment(pixels, rows, epoch)`: uint8 `(B, H, W, C)` to normalised float32 `(B, C, H', W')` on `device`.

    What happens to an image depends on `seed`, the epoch and its row alone. `mean` and `std` are of levels in [0, 1],
    one number or one a channel; a step `normalize` overrides them. `size` is the new height and width (the old ones by
    default). `border` is what a warp finds outside an image. No steps at all: only resized and normalised.
    """

    def __init__(
        self,
        steps: Sequence[StepSpec],
        *,
        mean: float | Sequence[float],
        std: float | Sequence[float],
        seed: int,
        size: int | None = None,
        border: Border = "black",
        device: torch.device | str = "cpu",
        threads: int = 1,
    ) -> None:
        if border not in get_args(Border):
            raise unknown_name("border", border, get_args(Border))
        if size is not None and size < 1:
            raise UserError(f"the size {size} is no size of an image; write 1 or more pixels.")
        self.steps = build_steps(steps)
        own = next((step for step in self.steps.values() if isinstance(step, Normalize)), None)
        self.mean, self.std = check_moments(own.mean if own else mean, own.std if own else std)
        self.rescale = any(isinstance(step, MinMax) for step in self.steps.values())
        self.seed, self.size, self.border = seed, size, border
        self.device, self.threads = torch.device(device), threads
        self._buffers = Buffers()

    @overload
    def __call__(self, pixels: Pixels, rows: Rows, epoch: int, *, repeats: Rows | None = None) -> Tensor: ...
    @overload
    def __call__(
        self,
        pixels: Pixels,
        rows: Rows,
        epoch: int,
        *,
        repeats: Rows | None = None,
        boxes: Boxes,
    ) -> tuple[Tensor, list[Floats]]: ...
    def __call__(
        self,
        pixels: Pixels,
        rows: Rows,
        epoch: int,
        *,
        repeats: Rows | None = None,
        boxes: Boxes | None = None,
    ) -> Tensor | tuple[Tensor, list[Floats]]:
        """Augment the images of the manifest's `rows` `(B,)`; each image's `boxes` `(n, 4)`, in pixels, follow.

        `repeats` `(B,)` counts how often a row was drawn before in this epoch; without it a row that is drawn twice
        gets the same augmentation twice.
        """
        _check_batch(pixels, rows)
        plan = self.plan((int(pixels.shape[1]), int(pixels.shape[2])), rows, epoch, repeats)
        images = self._on_cpu(_as_array(pixels), plan) if self.device.type == "cpu" else self._on_device(pixels, plan)
        return images if boxes is None else (images, moved_boxes(boxes, plan))

    def plan(self, old: tuple[int, int], rows: Rows, epoch: int, repeats: Rows | None = None) -> Plan:
        """What will happen to images of size `old` of these rows in this epoch."""
        size = old if self.size is None else (self.size, self.size)
        again = None if repeats is None else np.asarray(repeats, dtype=np.int64)
        return draw(self.steps, self.seed, epoch, np.asarray(rows, dtype=np.int64), old, size, again)

    def _on_cpu(self, pixels: npt.NDArray[np.uint8], plan: Plan) -> Tensor:
        channels = pixels.shape[3]
        mean, std = self._moments(channels)
        out = self._buffers.take((len(pixels), channels, *plan.size))
        write = partial(write_levels, mean=mean, std=std, rescale=self.rescale)
        augment_on_cpu(pixels, plan, self.border, write, out, self.threads)
        return torch.from_numpy(out)

    def _on_device(self, pixels: Pixels, plan: Plan) -> Tensor:
        there = (pixels if isinstance(pixels, Tensor) else torch.from_numpy(pixels)).to(self.device, non_blocking=True)
        images = augment_on_device(there, plan, self.border)
        return batch_levels(images, *self._moments(images.shape[1]), self.rescale)

    def _moments(self, channels: int) -> tuple[Floats, Floats]:
        """Mean and standard deviation, one a channel."""
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) not in (1, channels):
                raise UserError(
                    f"'{name}' has {len(values)} numbers and the images have {channels} channel(s);"
                    " give one number, or one for each channel."
                )
        return np.array(self.mean) + np.zeros(channels), np.array(self.std) + np.zeros(channels)


def _as_array(pixels: Pixels) -> npt.NDArray[np.uint8]:
    return np.ascontiguousarray(pixels.numpy() if isinstance(pixels, Tensor) else pixels)


def _check_batch(pixels: Pixels, rows: Rows) -> None:
    fine = pixels.dtype in (np.uint8, torch.uint8) and pixels.ndim == 4 and pixels.shape[3] in (1, 3)
    if not fine:
        raise UserError(
            f"the pixels are {pixels.dtype} of shape {tuple(pixels.shape)}; give uint8 (images, height, width, 1 or 3)."
        )
    if len(rows) != len(pixels):
        raise UserError(f"there are {len(pixels)} images and {len(rows)} rows; give the row of each image.")
