"""Block masking: rectangles of patches are hidden from the student until about a wanted share is.

Bao et al., "BEiT", ICLR 2022; public code facebookresearch/dinov2 @b8931f7 `data/masking.py` (Apache-2.0), described,
not copied. Rectangles have at least 4 patches and sides in a ratio of 0.3 to 1 / 0.3. In a batch a share
(`probability`) of the images is masked, to ratios spread evenly over `ratio`; the others are not.
"""

import math

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
_LEAST, _ASPECT, _TRIES = 4, 0.3, 10


def block_mask(rng: np.random.Generator, grid: tuple[int, int], count: int) -> Mask:
    """`(h, w)`, true where hidden: at most `count` patches, in rectangles."""
    mask = np.zeros(grid, dtype=np.bool_)
    while (left := count - int(mask.sum())) > 0:
        if not _add_block(rng, mask, left):
            break
    return mask


def block_masks(
    rng: np.random.Generator, images: int, grid: tuple[int, int], *, probability: float, ratio: tuple[float, float]
) -> Mask:
    """`(images, h * w)`: masks for `images * probability` of the images (at least one), which ones by chance."""
    chosen = max(1, int(images * probability)) if probability > 0 else 0
    edges = np.linspace(*ratio, chosen + 1)
    shares = rng.uniform(edges[:-1], edges[1:])
    masks = np.zeros((images, grid[0] * grid[1]), dtype=np.bool_)
    for row, share in zip(rng.permutation(images)[:chosen], shares, strict=True):
        masks[row] = block_mask(rng, grid, max(1, int(grid[0] * grid[1] * share))).reshape(-1)
    return masks


def _add_block(rng: np.random.Generator, mask: Mask, left: int) -> bool:
    """Hide one more rectangle of at most `left` new patches; false when ten tries found none."""
    height, width = mask.shape
    for _ in range(_TRIES):
        area = rng.uniform(min(_LEAST, left), left)
        aspect = math.exp(rng.uniform(math.log(_ASPECT), -math.log(_ASPECT)))
        high, wide = max(1, round(math.sqrt(area * aspect))), max(1, round(math.sqrt(area / aspect)))
        if high > height or wide > width:
            continue
        top, side = rng.integers(height - high + 1), rng.integers(width - wide + 1)
        block = mask[top : top + high, side : side + wide]
        if 0 < block.size - int(block.sum()) <= left:
            block[:] = True
            return True
    return False
