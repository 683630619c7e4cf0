"""Carrying out a plan on a CPU: image by image, in uint8 for as long as possible, so that all of it stays in cache."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import numpy.typing as npt

from longtail.augment.affine import flips, shrink_factors
from longtail.augment.plan import Plan
from longtail.augment.row_chances import Floats
from longtail.augment.step import Image
from longtail.augment.warp import Border, flipped, pixel_matrices, shrunk_and_warped, warped

Write = Callable[[Image, npt.NDArray[np.float32]], None]


def augment_on_cpu(
    pixels: npt.NDArray[np.uint8],
    plan: Plan,
    border: Border,
    write: Write,
    out: npt.NDArray[np.float32],
    threads: int = 1,
) -> None:
    """`pixels` `(B, H, W, C)` through `plan` into `out` `(B, C, H', W')`, each by `write`; `pixels` stay."""
    place = _placer(plan, border)
    work = [(w.step.apply, w.active.tolist(), w.settings) for w in plan.work]

    def make(first: int, step: int) -> None:
        for i in range(first, len(pixels), step):
            source = pixels[i]
            image = place(source, i)
            for apply, active, settings in work:
                if active[i]:
                    image = apply(source.copy() if image is source else image, settings[i])
            write(image, out[i])

    if threads <= 1:
        make(0, 1)
        return
    with ThreadPoolExecutor(threads) as pool:  # OpenCV works without holding the interpreter
        list(pool.map(partial(make, step=threads), range(threads)))


def _placer(plan: Plan, border: Border) -> Callable[[Image, int], Image]:
    """A function from an image and its number to the image in its new place: as it is, flipped, or warped."""
    plain, along_x, along_y = flips(plan.matrices, plan.old)
    factors = shrink_factors(plan.matrices)
    by_pixel: Floats = pixel_matrices(plan.matrices)
    if plan.size != plan.old:
        plain = [False] * len(plain)

    def place(image: Image, i: int) -> Image:
        if plain[i]:
            return flipped(image, along_x[i], along_y[i])
        if factors[i] > 1:
            return shrunk_and_warped(image, plan.matrices[i], factors[i], plan.size, border)
        return warped(image, by_pixel[i], plan.size, border)

    return place
