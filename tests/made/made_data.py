"""A tiny manifest of made images for whole flows: dots whose brightness tells the label."""

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from longtail.data.manifest import Manifest, from_classes, from_states


def made_manifest(folder: Path, *, images: int = 48, size: int = 24, task: str = "multilabel", seed: int = 0) -> Path:
    """Write images and `manifest.csv` with patients, splits and three labels; returns the manifest's path."""
    rng = np.random.default_rng(seed)
    (folder / "images").mkdir(parents=True, exist_ok=True)
    states = (rng.random((images, 3)) < (0.6, 0.4, 0.25)).astype(np.float32)
    classes = np.where(states[:, 2] == 1, 2, np.where(states[:, 1] == 1, 1, 0))
    for row in range(images):
        pixels = rng.integers(0, 60, (size, size)).astype(np.uint8)
        shown = states[row] if task == "multilabel" else np.eye(3)[classes[row]]
        for label in np.flatnonzero(shown):
            pixels[4 + 6 * label : 8 + 6 * label, 4:20] += 120
        Image.fromarray(pixels).save(folder / "images" / f"{row}.png")
    splits = np.array(["train", "train", "val", "test"])[np.arange(images) % 4]
    table = pd.DataFrame(
        {
            "image": [f"images/{row}.png" for row in range(images)],
            "patient": [f"p{row % (images // 2) if row % 4 < 2 else row}" for row in range(images)],
            "split": splits,
        }
    )
    labels = ("dot", "bar", "ring")
    made = (
        from_states(table, labels, states, folder)
        if task == "multilabel"
        else from_classes(table, labels, classes, folder)
    )
    return _saved(made, folder / "manifest.csv")


def _saved(manifest: Manifest, path: Path) -> Path:
    return manifest.save(path)
