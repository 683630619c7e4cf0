"""From attenuation to grey: the film's curve, grain and borders."""

import numpy as np

from longtail.data.phantom.grid import Array
from longtail.data.phantom.people import Shot


def expose(density: Array, shot: Shot, rng: np.random.Generator) -> Array:
    """Grey in [0, 1], bright where much was crossed. Grain grows with attenuation: fewer rays arrive there."""
    size = density.shape[0]
    a = density * np.float32(shot.exposure)
    grey = 1 - np.exp(np.float32(-1.75) * a * np.sqrt(a))
    grey = np.float32(0.45) + (grey - np.float32(0.45)) * np.float32(shot.contrast)
    sigma = np.float32(shot.noise * (size / 128) ** 0.5)
    grey += rng.standard_normal(density.shape, dtype=np.float32) * (sigma * (0.5 + 0.6 * np.minimum(a, 1.5)))
    grey = np.float32(0.02) + np.float32(0.95) * grey
    return _collimate(np.clip(grey, 0, 1), shot)


def _collimate(grey: Array, shot: Shot) -> Array:
    size = grey.shape[0]
    left, top, right, bottom = (round(share * size) for share in shot.collimated)
    grey[:, :left] = grey[:, size - right :] = 0.01
    grey[:top] = grey[size - bottom :] = 0.01
    return grey
