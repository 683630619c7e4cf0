"""Affine maps of images: small matrices, composed before any pixel is touched, so that an image is resampled once.

A matrix `(B, 3, 3)` takes a place of the new image to its place in the old one. The frame is continuous: an image
covers [0, W] x [0, H], and the centre of its first pixel is (0.5, 0.5); so a flip is exactly x -> W - x and resizing
is a pure scale.
"""

import numpy as np

from longtail.augment.row_chances import Floats
from longtail.augment.step import Size


def identity(count: int) -> Floats:
    """`(B, 3, 3)` that change nothing."""
    return np.broadcast_to(np.eye(3), (count, 3, 3)).copy()


def scaling(x: Floats, y: Floats) -> Floats:
    """`(B, 3, 3)` that multiply places by `x` and `y`, both `(B,)`."""
    found = identity(len(x))
    found[:, 0, 0], found[:, 1, 1] = x, y
    return found


def moving(x: Floats, y: Floats) -> Floats:
    """`(B, 3, 3)` that add `x` and `y`, both `(B,)`, to places."""
    found = identity(len(x))
    found[:, 0, 2], found[:, 1, 2] = x, y
    return found


def rotation(degrees: Floats) -> Floats:
    """`(B, 3, 3)` that turn places about the origin; the image turns the other way, counter-clockwise when positive."""
    angle = np.deg2rad(degrees)
    found = identity(len(angle))
    found[:, 0, 0] = found[:, 1, 1] = np.cos(angle)
    found[:, 0, 1], found[:, 1, 0] = -np.sin(angle), np.sin(angle)
    return found


def shear(x: Floats, y: Floats) -> Floats:
    """`(B, 3, 3)` that add `x` times the height to the width, and `y` times the width to the height."""
    found = identity(len(x))
    found[:, 0, 1], found[:, 1, 0] = x, y
    return found


def about_centre(matrices: Floats, size: Size) -> Floats:
    """The same maps about the centre of an image of `size` instead of its corner."""
    x, y = np.array([size[1] / 2]), np.array([size[0] / 2])
    return moving(x, y) @ matrices @ moving(-x, -y)


def resizing(old: Size, new: Size) -> Floats:
    """`(1, 3, 3)` that take places of an image of size `new` to those of size `old`."""
    return scaling(np.array([old[1] / new[1]]), np.array([old[0] / new[0]]))


def flips(matrices: Floats, size: Size) -> tuple[list[bool], list[bool], list[bool]]:
    """For each matrix: whether it does no more than flip an image of `size`, and whether along x and along y."""
    x, y = matrices[:, 0, 0] == -1, matrices[:, 1, 1] == -1
    plain = (np.abs(matrices[:, 0, 0]) == 1) & (np.abs(matrices[:, 1, 1]) == 1)
    plain &= (matrices[:, 0, 1] == 0) & (matrices[:, 1, 0] == 0)
    plain &= (matrices[:, 0, 2] == x * size[1]) & (matrices[:, 1, 2] == y * size[0])
    return plain.tolist(), x.tolist(), y.tolist()


def shrink_factors(matrices: Floats) -> list[int]:
    """By what whole number each old image should be shrunk first, so that no pixel of it is skipped; mostly 1."""
    area = np.abs(matrices[:, 0, 0] * matrices[:, 1, 1] - matrices[:, 0, 1] * matrices[:, 1, 0])
    return [int(factor) for factor in np.maximum(1, np.sqrt(area) + 1e-9)]
