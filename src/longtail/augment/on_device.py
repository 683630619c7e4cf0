"""Carrying out a plan on a GPU: whole batches of floats, every step for all images that get it at once."""

import numpy as np
import torch
from torch import Tensor

from longtail.augment.affine import flips
from longtail.augment.plan import Plan
from longtail.augment.warp import Border, warped_batch


def augment_on_device(pixels: Tensor, plan: Plan, border: Border) -> Tensor:
    """uint8 `(B, H, W, C)` on a device through `plan`: float `(B, C, H', W')` in [0, 1], there."""
    return augment_floats(pixels.permute(0, 3, 1, 2).float().div_(255).contiguous(), plan, border)


def augment_floats(images: Tensor, plan: Plan, border: Border) -> Tensor:
    """The same for float images `(B, C, H, W)` in [0, 1], of any number of levels; `images` may be written into."""
    images = _placed(images, plan, border)
    for work in plan.work:
        chosen = np.flatnonzero(work.active)
        if len(chosen):
            rows = torch.from_numpy(chosen).to(images.device)
            images[rows] = work.step.apply_batch(images[rows], torch.from_numpy(work.settings[chosen]))
    return images


def _placed(images: Tensor, plan: Plan, border: Border) -> Tensor:
    plain, along_x, along_y = flips(plan.matrices, plan.old)
    if not all(plain) or plan.size != plan.old:
        return warped_batch(images, plan.matrices, plan.size, border)
    for chosen, axis in ((along_x, 3), (along_y, 2)):
        mask = torch.tensor(chosen, device=images.device).view(-1, 1, 1, 1)
        images = torch.where(mask, images.flip(axis), images)
    return images
