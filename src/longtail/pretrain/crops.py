"""Multi-crop: two large views of each image and several small ones, each changed in its own way.

Caron et al. (SwAV, 2020; DINO, 2021); the recipe of steps follows facebookresearch/dinov2 @b8931f7
`data/augmentations.py` (Apache-2.0): the first large view is always blurred, the second seldom, but solarized at times,
small ones half of the time. `look: grey` replaces colour jitter by changes of brightness, contrast and gamma, which is
how radiographs differ between machines; `look: colour` is DINOv2's jitter, with its greying of a fifth. Blur widths are
those of 224 pixels and shrink with smaller views.

What happens to an image depends on (seed, step, row, number of the view) alone. uint8 pixels take the quick way of the
device; uint16 and float pixels (16-bit radiographs) are floats throughout, so no level is lost.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from longtail.augment.composition import Augment
from longtail.augment.levels import batch_levels
from longtail.augment.on_device import augment_floats
from longtail.augment.step import Step
from longtail.pretrain.settings import Dinov2Settings
from longtail.pretrain.sources import Pixels, Rows


@dataclass(frozen=True)
class Crops:
    """Normalised views: large ones `(2 B, C, S, S)`, small ones `(n B, C, s, s)`, all images of a view together."""

    large: Tensor
    small: Tensor | None


class MultiCrop:
    """`crops(pixels, rows, step)`: pixels `(B, H, W, C)` to all views of them on `device`."""

    def __init__(
        self,
        settings: Dinov2Settings,
        *,
        mean: tuple[float, ...],
        std: tuple[float, ...],
        seed: int,
        device: torch.device | str = "cpu",
        threads: int = 1,
    ) -> None:
        def made(size: int, steps: list[Step]) -> Augment:
            return Augment(steps, mean=mean, std=std, seed=seed, size=size, device=device, threads=threads)

        large, small = settings.global_size, settings.local_size
        self.views = [
            made(large, view_steps(settings, settings.global_scale, large, blur=1.0)),
            made(large, view_steps(settings, settings.global_scale, large, blur=0.1, solarize=settings.solarize)),
            *[made(small, view_steps(settings, settings.local_scale, small, blur=0.5))] * settings.local_crops,
        ]

    def __call__(self, pixels: Pixels, rows: Rows, step: int) -> Crops:
        """All views of a batch."""
        views = [self._view(number, pixels, rows, step) for number in range(len(self.views))]
        return Crops(torch.cat(views[:2]), torch.cat(views[2:]) if len(views) > 2 else None)

    def _view(self, number: int, pixels: Pixels, rows: Rows, step: int) -> Tensor:
        augment, repeats = self.views[number], np.full(len(rows), number)
        if pixels.dtype == np.uint8:
            return augment(pixels, rows, step, repeats=repeats)
        plan = augment.plan((pixels.shape[1], pixels.shape[2]), rows, step, repeats)
        images = augment_floats(as_floats(pixels).to(augment.device), plan, augment.border)
        mean, std = (np.resize(values, images.shape[1]) for values in (augment.mean, augment.std))
        return batch_levels(images, mean, std, False)


def view_steps(
    settings: Dinov2Settings, scale: tuple[float, float], size: int, *, blur: float, solarize: float = 0.0
) -> list[Step]:
    """The steps of one kind of view; `blur` and `solarize` are chances."""
    from longtail.augment.blur import Blur
    from longtail.augment.color_jitter import ColorJitter
    from longtail.augment.greyscale import Greyscale
    from longtail.augment.hflip import HFlip
    from longtail.augment.intensity_jitter import IntensityJitter
    from longtail.augment.random_resized_crop import RandomResizedCrop
    from longtail.augment.solarize import Solarize

    grey = IntensityJitter(probability=0.8, brightness=0.2, contrast=0.4, gamma=0.4)
    colour = ColorJitter(probability=0.8, brightness=0.4, contrast=0.4, saturation=0.2, hue=0.1)
    width = min(1.0, size / 224)
    return [
        RandomResizedCrop(scale=scale),
        HFlip(probability=settings.flip),
        *([grey] if settings.look == "grey" else [colour, Greyscale(probability=0.2)]),
        Blur(probability=blur, sigma=(max(0.01, 0.1 * width), 2.0 * width)),
        Solarize(probability=solarize),
    ]


def as_floats(pixels: Pixels) -> Tensor:
    """Pixels `(B, H, W, C)` of any depth to floats `(B, C, H, W)` in [0, 1]."""
    most = np.iinfo(pixels.dtype).max if np.issubdtype(pixels.dtype, np.integer) else 1
    return torch.from_numpy(pixels.astype(np.float32) / np.float32(most)).permute(0, 3, 1, 2).contiguous()
