"""It learns: the loss falls below answering all prototypes alike, and two views of an image become more alike."""

import math

import numpy as np
import torch
from torch.nn.functional import normalize

from longtail.pretrain.dinov2 import Dinov2
from longtail.pretrain.drawing import rows_of_step
from longtail.pretrain.monitor import embed
from longtail.pretrain.presets import phantom_settings
from longtail.pretrain.sources import ArraySource

IMAGES, STEPS, SIZE = 120, 90, 32


def stripes() -> np.ndarray:
    """Images of stripes of six kinds (direction and width), of any phase, with noise."""
    rng, (down, right) = np.random.default_rng(0), np.mgrid[0:SIZE, 0:SIZE]
    kind = np.arange(IMAGES) % 6
    angle = (kind % 3) * np.pi / 3 + rng.normal(0, 0.05, IMAGES)
    width = np.where(kind < 3, 0.35, 0.9)
    waves = [
        np.sin(w * (np.cos(a) * down + np.sin(a) * right) + phase)
        for w, a, phase in zip(width, angle, rng.uniform(0, 2 * np.pi, IMAGES), strict=True)
    ]
    return np.clip(127 + 90 * np.stack(waves) + rng.normal(0, 15, (IMAGES, SIZE, SIZE)), 0, 255).astype(np.uint8)


def view(pixels: np.ndarray, seed: int) -> np.ndarray:
    """Each image moved by up to three pixels, brighter or darker, with more or less contrast."""
    rng = np.random.default_rng(seed)
    seen = []
    for image in np.pad(pixels, ((0, 0), (3, 3), (3, 3)), mode="reflect"):
        down, right = rng.integers(0, 6, 2)
        part = image[down : down + SIZE, right : right + SIZE]
        seen.append(np.clip(part * rng.uniform(0.6, 1.2) + rng.uniform(-30, 30), 0, 255))
    return np.stack(seen).astype(np.uint8)


def likeness(method: Dinov2, pixels: np.ndarray) -> float:
    """The mean cosine between the features of two views of an image, less what all images share."""
    found = []
    for seed in (1, 2):
        source = ArraySource(view(pixels, seed)[..., None])
        features = embed(method.teacher.trunk.backbone, source, np.arange(IMAGES), SIZE)
        found.append(normalize(features - features.mean(0), dim=1))
    return float((found[0] * found[1]).sum(1).mean())


def test_the_loss_falls_and_views_become_alike() -> None:
    torch.manual_seed(0)
    pixels = stripes()
    source = ArraySource(pixels[..., None])
    settings = phantom_settings(
        backbone="test_vit", global_size=32, local_size=16, local_crops=1, batch_size=16, epochs=10, prototypes=64,
        head_hidden=64, head_bottleneck=32, learning_rate=2e-3, ibot_weight=0.5,
    )  # fmt: skip
    method = Dinov2(settings, channels=1, steps_per_epoch=STEPS // 10)
    before, losses = likeness(method, pixels), []
    for step in range(STEPS):
        rows = rows_of_step(IMAGES, settings.batch_size, step, 0)
        losses.append(float(method.step(source.rows(rows), rows)["dino"]))
    assert np.mean(losses[-20:]) < min(math.log(settings.prototypes), np.mean(losses[:20]) - 0.2)
    assert likeness(method, pixels) > before + 0.01
