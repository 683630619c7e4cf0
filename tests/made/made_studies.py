"""Made predictions of images in studies with views, and the manifest that they are of."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from longtail.data.manifest import Manifest, from_states
from longtail.predict.predictions import Predictions

VIEWS = ("PA", "LATERAL", "AP", "")


def study_manifest(
    studies: int = 40, labels: Sequence[str] = ("Mass", "Edema", "Hernia"), seed: int = 0, split: str = "val"
) -> Manifest:
    """Two to four images a study, of patients with one study each; some labels unknown."""
    rng = np.random.default_rng(seed)
    rows = [(s, VIEWS[v]) for s in range(studies) for v in rng.permutation(4)[: rng.integers(1, 4)]]
    table = pd.DataFrame(
        {
            "image": [f"p{s}/{i:04d}.png" for i, (s, _) in enumerate(rows)],
            "patient": [f"p{s}" for s, _ in rows],
            "study": [f"s{s}" for s, _ in rows],
            "view": [view for _, view in rows],
            "split": split,
        }
    )
    truth = (rng.random((studies, len(labels))) < 0.35).astype(np.float32)
    states = truth[[s for s, _ in rows]]
    states[rng.random(states.shape) < 0.03] = np.nan
    return from_states(table, labels, states, Path())


def guesses(manifest: Manifest, seed: int = 0, skill: float = 0.5) -> Predictions:
    """Noisy probabilities of the manifest's labels; `ids` holds the image alone."""
    rng = np.random.default_rng(seed)
    values = skill * np.nan_to_num(manifest.one_hot, nan=0.5) + (1 - skill) * rng.random(manifest.one_hot.shape)
    ids = manifest.table[["image"]].copy()
    return Predictions(ids, manifest.labels, values.astype(np.float32), "image", {"task": manifest.task})


def table_of(
    images: Sequence[str], values: Any, labels: Sequence[str] = ("A", "B"), **ids: Sequence[str]
) -> Predictions:
    """Predictions written out."""
    frame = pd.DataFrame({"image": list(images), **{name: list(column) for name, column in ids.items()}}, dtype="str")
    return Predictions(frame, tuple(labels), np.asarray(values, dtype=np.float32))
