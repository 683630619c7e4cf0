"""Moving the pixels of images through one composed affine map each, by OpenCV on a CPU and by PyTorch on a GPU.

On one CPU core a uint8 warp by OpenCV takes about a sixth of the time of PyTorch's `grid_sample`, which wins on a GPU.
Both are bilinear. An image that gets much smaller is first averaged over blocks, so that no pixel is skipped.
"""

from typing import Any, Literal

import cv2
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from longtail.augment.affine import moving, scaling, shrink_factors
from longtail.augment.row_chances import Floats
from longtail.augment.step import Image, Size

Border = Literal["black", "edge", "mirror"]
_CV_BORDER = {"black": cv2.BORDER_CONSTANT, "edge": cv2.BORDER_REPLICATE, "mirror": cv2.BORDER_REFLECT}
_TORCH_BORDER = {"black": "zeros", "edge": "border", "mirror": "reflection"}
_FLIP_CODE = {(True, False): 1, (False, True): 0, (True, True): -1}
_INVERSE_LINEAR = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
_HALF = np.array([0.5])


def flipped(image: Image, along_x: bool, along_y: bool) -> Image:
    """A flipped copy of `(H, W, C)`; the image itself when there is nothing to flip."""
    if not (along_x or along_y):
        return image
    return _with_channels(cv2.flip(image, _FLIP_CODE[along_x, along_y]))


def pixel_matrices(matrices: Floats) -> Floats:
    """The maps in OpenCV's frame, where the first pixel's centre is (0, 0)."""
    return moving(-_HALF, -_HALF) @ matrices @ moving(_HALF, _HALF)


def warped(image: Image, matrix: Floats, size: Size, border: Border) -> Image:
    """`(H, W, C)` through one map in OpenCV's frame, to `size`."""
    if image.shape[2] == 3:  # OpenCV warps four channels in 0.6 of the time of three
        four = _with_channels(cv2.cvtColor(image, cv2.COLOR_RGB2RGBA))
        return _with_channels(cv2.cvtColor(warped(four, matrix, size, border), cv2.COLOR_RGBA2RGB))
    return _with_channels(
        cv2.warpAffine(image, matrix[:2], size[::-1], flags=_INVERSE_LINEAR, borderMode=_CV_BORDER[border])
    )


def shrunk_and_warped(image: Image, matrix: Floats, factor: int, size: Size, border: Border) -> Image:
    """Like `warped` with a map of the frame of `affine.py`, averaging blocks of `factor` pixels first."""
    down, right = _missing(image.shape[0], factor), _missing(image.shape[1], factor)
    whole = _with_channels(cv2.copyMakeBorder(image, 0, down, 0, right, cv2.BORDER_REPLICATE))
    new = (whole.shape[1] // factor, whole.shape[0] // factor)
    small = _with_channels(cv2.resize(whole, new, interpolation=cv2.INTER_AREA))
    return warped(small, pixel_matrices(_scaled(1 / factor) @ matrix[None])[0], size, border)


def _missing(side: int, factor: int) -> int:
    """Pixels that `side` lacks to a multiple of `factor`."""
    return -side % factor


def _scaled(factor: float) -> Floats:
    return scaling(np.array([factor]), np.array([factor]))


def _with_channels(found: Any) -> Image:
    """OpenCV drops the last axis of grey images."""
    image = np.asarray(found, dtype=np.uint8)
    return image if image.ndim == 3 else image[..., None]


def warped_batch(images: Tensor, matrices: Floats, size: Size, border: Border) -> Tensor:
    """Float images `(B, C, H, W)` through their maps `(B, 3, 3)`, to `size`."""
    factors = np.array(shrink_factors(matrices))
    old = (images.shape[2], images.shape[3])
    if int(factors.max()) == 1:
        return _sampled(images, old, matrices, size, border)
    found = images.new_empty((*images.shape[:2], *size))
    for factor in sorted(set(factors.tolist())):
        chosen = np.flatnonzero(factors == factor)
        rows = torch.from_numpy(chosen).to(images.device)
        down, right = _missing(old[0], factor), _missing(old[1], factor)
        small = F.avg_pool2d(F.pad(images[rows], (0, right, 0, down), mode="replicate"), factor)
        found[rows] = _sampled(small, (old[0] + down, old[1] + right), matrices[chosen], size, border)
    return found


def _sampled(images: Tensor, old: Size, matrices: Floats, size: Size, border: Border) -> Tensor:
    """`grid_sample` counts in units of half an image, from its centre, so the pixels' number does not matter."""
    from_units, to_units = _units(size), np.linalg.inv(_units(old))
    theta = torch.from_numpy((to_units @ matrices @ from_units)[:, :2]).to(images)
    grid = F.affine_grid(theta, [len(images), 1, *size], align_corners=False)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode=_TORCH_BORDER[border], align_corners=False)


def _units(size: Size) -> Floats:
    """From places in [-1, 1] to places in an image of `size`."""
    return np.array([[size[1] / 2, 0, size[1] / 2], [0, size[0] / 2, size[0] / 2], [0, 0, 1.0]])
