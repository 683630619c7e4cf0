"""Views that resample: shifts, scales, rotations and five crops, bilinear, black beyond the border."""

import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from longtail.errors import UserError
from longtail.predict.tta import TTA


@TTA.register("shift")
def shift_view(images: Tensor, *, x: float = 0.05, y: float = 0.0) -> list[Tensor]:
    """Moved right by `x` of the width and down by `y` of the height; whole pixels move exactly."""
    if not (-1 < x < 1 and -1 < y < 1):
        raise UserError(
            f"shift moves by 'x' {x:g} and 'y' {y:g}; give parts of the sides between -1 and 1, such as 0.05."
        )
    return [_mapped(images, [[1, 0, -2 * x], [0, 1, -2 * y]])]


@TTA.register("scale")
def scale_view(images: Tensor, *, factor: float = 1.1) -> list[Tensor]:
    """Larger by `factor` about the centre (smaller below 1), the size kept."""
    if not 0 < factor < math.inf:
        raise UserError(f"scale's factor is {factor}; give a positive number such as 1.1.")
    return [_mapped(images, [[1 / factor, 0, 0], [0, 1 / factor, 0]])]


@TTA.register("rotate")
def rotate_view(images: Tensor, *, degrees: float = 10.0) -> list[Tensor]:
    """Turned counter-clockwise by `degrees` about the centre."""
    angle, (height, width) = math.radians(degrees), images.shape[-2:]
    cos, sin = math.cos(angle), math.sin(angle)  # in the frame of grid_sample both sides are 2 long
    return [_mapped(images, [[cos, -sin * height / width, 0], [sin * width / height, cos, 0]])]


@TTA.register("five_crop")
def five_crop_views(images: Tensor, *, fraction: float = 0.875) -> list[Tensor]:
    """The four corners and the centre, each `fraction` of the sides, resized to the full size: five views."""
    if not 0 < fraction <= 1:
        raise UserError(f"five_crop's fraction is {fraction}; give a number from above 0 to 1, such as 0.875.")
    height, width = images.shape[-2:]
    h, w = max(1, round(height * fraction)), max(1, round(width * fraction))
    corners = [(0, 0), (0, width - w), (height - h, 0), (height - h, width - w), ((height - h) // 2, (width - w) // 2)]
    crops = [images[..., top : top + h, left : left + w] for top, left in corners]
    return [F.interpolate(crop, (height, width), mode="bilinear", antialias=True) for crop in crops]


def _mapped(images: Tensor, matrix: list[list[float]]) -> Tensor:
    """Each new pixel from where `matrix` (2 x 3, in grid_sample's frame from -1 to 1) takes it in the old image."""
    theta = torch.tensor(matrix, dtype=torch.float64).expand(images.shape[0], 2, 3)  # len() would fix it
    grid = F.affine_grid(theta, list(images.shape), align_corners=False).to(images)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
