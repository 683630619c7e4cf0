"""Made images for these tests: smooth, with all levels."""

import cv2
import numpy as np
import numpy.typing as npt


def smooth_pixels(count: int, channels: int, height: int = 48, width: int = 48, seed: int = 0) -> npt.NDArray[np.uint8]:
    """`(count, height, width, channels)` of soft blobs from 0 to 255."""
    coarse = np.random.default_rng(seed).random((count, 6, 6, channels), dtype=np.float32)
    fine = np.stack([cv2.resize(image, (width, height), interpolation=cv2.INTER_CUBIC) for image in coarse])
    fine = fine.reshape(count, height, width, channels)
    low, high = fine.min(axis=(1, 2, 3), keepdims=True), fine.max(axis=(1, 2, 3), keepdims=True)
    return np.round((fine - low) / (high - low) * 255).astype(np.uint8)
