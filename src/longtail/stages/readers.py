"""What turns rows into the model's input: prepared pixels gathered whole-batch and augmented, or cached features."""

from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from longtail.augment.building import build_steps
from longtail.augment.composition import Augment
from longtail.augment.min_max import MinMax
from longtail.augment.normalize import Normalize
from longtail.augment.paste.in_batch import PasteInBatch
from longtail.data.images.prepared import Prepared
from longtail.stages.job import Rows
from longtail.stages.kept_features import RowFeatures
from longtail.stages.precision import Precision

_MOST_HELD = 2 << 30  # bytes of pixels that are copied into memory, so that nothing can evict them


class Reader(Protocol):
    """Rows to inputs."""

    def __call__(self, rows: Rows, epoch: int, repeats: Rows | None = None) -> Tensor:
        """Inputs `(B, ...)` of some rows in an epoch, on the device; `repeats` tells copies of a row apart."""


class PixelReader:
    """Normalised images of rows, augmented by epoch, row and repeat alone."""

    def __init__(
        self,
        prepared: Prepared,
        augment: Augment,
        precision: Precision,
        *,
        hold: bool = False,
        paste: PasteInBatch | None = None,
    ) -> None:
        self.prepared, self.augment, self.precision, self.paste = prepared, augment, precision, paste
        self._held = prepared.rows(np.arange(len(prepared))) if hold and fits(prepared) else None

    def __call__(self, rows: Rows, epoch: int, repeats: Rows | None = None) -> Tensor:
        """Images `(B, C, H, W)`."""
        pixels = self.prepared.rows(rows) if self._held is None else self._held[rows]
        if self.paste is not None:
            pixels = self.paste.pixels(pixels, rows, epoch, repeats)
        if self.precision.device.type == "cpu":
            return self.precision.images(self.augment(pixels, rows, epoch, repeats=repeats))
        pinned = torch.from_numpy(pixels).pin_memory()
        return self.precision.images(self.augment(pinned, rows, epoch, repeats=repeats))


def build_reader(
    prepared: Prepared,
    steps: list[Any],
    precision: Precision,
    *,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    seed: int = 0,
    image_size: int | None = None,
    hold: bool = False,
    paste: PasteInBatch | None = None,
) -> PixelReader:
    """A reader that augments by `steps` (none: only resized and normalised)."""
    augment = Augment(
        steps,
        mean=moments(mean, prepared),
        std=moments(std, prepared),
        seed=seed,
        size=None if image_size in (None, prepared.key.size) else image_size,
        device=precision.device,
        threads=torch.get_num_threads() if precision.device.type == "cpu" else 1,
    )
    return PixelReader(prepared, augment, precision, hold=hold, paste=paste)


def moments(values: tuple[float, ...], prepared: Prepared) -> list[float]:
    """One number a channel; a backbone's three become their mean for grey images."""
    channels = prepared.key.channels
    return list(values) if len(values) in (1, channels) else [float(np.mean(values))] * channels


def level_steps(steps: list[Any]) -> list[Any]:
    """The steps that also hold when nothing is augmented: rescaling and normalising."""
    return [step for step in build_steps(steps).values() if isinstance(step, (Normalize, MinMax))]


def fits(prepared: Prepared) -> bool:
    """Whether the pixels are few enough to lie in memory, beside everything else."""
    return len(prepared) * prepared.key.slot_bytes <= min(_MOST_HELD, free_memory() // 4)


def free_memory() -> int:
    """Bytes that programs may still take, by Linux's estimate; 0 where it gives none."""
    told = Path("/proc/meminfo")
    lines = told.read_text(encoding="ascii").splitlines() if told.exists() else []
    found = next((line.split()[1] for line in lines if line.startswith("MemAvailable:")), "0")
    return int(found) << 10


class FeatureReader:
    """Cached features of rows, of each in an epoch the view `epoch % views`."""

    def __init__(self, features: RowFeatures, precision: Precision) -> None:
        self.features, self.precision = features, precision

    def __call__(self, rows: Rows, epoch: int, repeats: Rows | None = None) -> Tensor:
        """Features `(B, ...)` float32; copies of a row in one epoch show the views after it."""
        again = np.zeros_like(rows) if repeats is None else repeats
        found = self.features.rows(rows, (epoch + again) % self.features.views)
        return self.precision.images(torch.from_numpy(found)).float()
