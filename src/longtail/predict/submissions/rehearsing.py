"""A submission tried before any image is predicted: whatever it would refuse after hours of work, it refuses now."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from longtail.data.manifest import Manifest
from longtail.predict.predictions import Level, Predictions
from longtail.predict.submissions.submitting import submit


def rehearse(manifest: Manifest, labels: Sequence[str], level: Level, name: Any, out: str | Path) -> None:
    """Write the submission `name` of the manifest's rows with zeros for values, and throw it away."""
    keys = manifest.table["image"].astype("str")
    if level == "study" and manifest.has("study"):
        studies = pd.Series(manifest.column("study"), index=keys.index, dtype="str")
        keys = studies.where(studies != "", keys).drop_duplicates()
    ids = pd.DataFrame({level: keys.to_numpy()}, dtype="str")
    zeros = np.zeros((len(ids), len(labels)), dtype=np.float32)
    with TemporaryDirectory() as folder:
        submit(Predictions(ids, tuple(labels), zeros, level), name, Path(folder) / Path(out).name)
