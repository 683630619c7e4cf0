"""A made manifest of patients with two images each, and predictions of it, for the tests of evaluation."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from longtail.data.manifest import Manifest, from_classes, from_states
from longtail.predict.predictions import Predictions

LABELS = ("A", "B", "C", "D")  # D has no positives


def made_manifest(images: int = 120, seed: int = 0, **columns: Any) -> Manifest:
    """Multi-label, some cells unknown; every second image is lateral, the first half is split `val`."""
    rng, i = np.random.default_rng(seed), np.arange(images)
    states = (rng.random((images, 4)) < [0.4, 0.3, 0.1, 0]).astype(np.float32)
    states[0, :3], states[images // 2, :3] = 1, 1  # in either split
    states[1:][rng.random((images - 1, 4)) < 0.1] = np.nan
    states[images // 2, :3] = 1
    return from_states(_table(i, images, columns), LABELS, states, Path())


def made_classes(images: int = 120, seed: int = 0) -> Manifest:
    """Single-label, five classes, some images unknown."""
    rng = np.random.default_rng(seed)
    classes = rng.choice(5, images, p=[0.4, 0.3, 0.15, 0.1, 0.05])
    classes[rng.random(images) < 0.05] = -1
    return from_classes(_table(np.arange(images), images, {}), list("abcde"), classes, Path())


def made_predictions(manifest: Manifest, skill: float = 0.4, seed: int = 1) -> Predictions:
    """Probabilities that know the truth with some skill; for single-label ones rows sum to 1."""
    rng = np.random.default_rng(seed)
    truth = np.nan_to_num(manifest.one_hot)
    values = rng.random(truth.shape) * (1 - skill) + truth * skill
    if manifest.task == "singlelabel":
        values /= values.sum(axis=1, keepdims=True)
    return Predictions(manifest.table[["image"]].copy(), manifest.labels, values.astype(np.float32))


def _table(i: Any, images: int, columns: dict[str, Any]) -> pd.DataFrame:
    known = {
        "image": [f"{k}.png" for k in i],
        "patient": [f"p{k // 2}" for k in i],
        "study": [f"s{k // 2}" for k in i],
        "view": np.where(i % 2, "lateral", "frontal"),
        "split": np.where(i < images // 2, "val", "test"),
    }
    return pd.DataFrame({**known, **columns}, dtype="str")
