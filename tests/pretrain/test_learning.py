"""It learns: on images that differ, the loss falls below answering all prototypes alike, and neighbours are alike."""

import math

import numpy as np
import torch

from longtail.pretrain.dinov2 import Dinov2
from longtail.pretrain.drawing import rows_of_step
from longtail.pretrain.knn import knn_scores
from longtail.pretrain.monitor import embed
from longtail.pretrain.presets import phantom_settings
from longtail.pretrain.sources import ArraySource

KINDS, IMAGES, STEPS = 6, 120, 90


def stripes() -> tuple[np.ndarray, np.ndarray]:
    """Images of six kinds of stripes (direction and width), of any phase, with noise; and each one's kind."""
    rng, (down, right) = np.random.default_rng(0), np.mgrid[0:32, 0:32]
    kind = np.arange(IMAGES) % KINDS
    angle = (kind % 3) * np.pi / 3 + rng.normal(0, 0.05, IMAGES)
    width = np.where(kind < 3, 0.35, 0.9)
    waves = [
        np.sin(w * (np.cos(a) * down + np.sin(a) * right) + phase)
        for w, a, phase in zip(width, angle, rng.uniform(0, 2 * np.pi, IMAGES), strict=True)
    ]
    return np.clip(127 + 90 * np.stack(waves) + rng.normal(0, 15, (IMAGES, 32, 32)), 0, 255).astype(np.uint8), kind


def accuracy(method: Dinov2, source: ArraySource, kind: np.ndarray) -> float:
    features = embed(method.teacher.trunk.backbone, source, np.arange(IMAGES), 32)
    known = torch.eye(KINDS)[torch.from_numpy(kind)]
    found = knn_scores(features[:80], known[:80], features[80:], k=5).argmax(1)
    return float((found.numpy() == kind[80:]).mean())


def test_the_loss_falls_and_neighbours_become_alike() -> None:
    pixels, kind = stripes()
    source = ArraySource(pixels[..., None])
    settings = phantom_settings(
        backbone="test_vit", global_size=32, local_size=16, local_crops=1, batch_size=16, epochs=10, prototypes=64,
        head_hidden=64, head_bottleneck=32, learning_rate=8e-3, ibot_weight=0.5,
    )  # fmt: skip
    method = Dinov2(settings, channels=1, steps_per_epoch=STEPS // 10)
    before, losses = accuracy(method, source, kind), []
    for step in range(STEPS):
        rows = rows_of_step(IMAGES, settings.batch_size, step, 0)
        losses.append(float(method.step(source.rows(rows), rows)["dino"]))
    after = accuracy(method, source, kind)
    alike = math.log(settings.prototypes)
    assert np.mean(losses[-20:]) < min(alike, np.mean(losses[:20]) - 0.2), (
        np.mean(losses[:20]),
        np.mean(losses[-20:]),
        alike,
    )
    assert after > before, (before, after)
