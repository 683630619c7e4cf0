"""A run's predictions beside the truth: which file, which manifest, which rows."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from longtail.data.audit.label_groups import Boundaries
from longtail.data.manifest import Manifest
from longtail.evaluate.setting import Setting, setting
from longtail.predict.decisions import read_decisions
from longtail.predict.files import read_predictions
from longtail.predict.predictions import Predictions
from longtail.report.run_folder import RunFolder


@dataclass(frozen=True, eq=False)
class Scored:
    """N images (or studies) of a manifest with truth and probabilities; arrays are `(N, C)` unless said otherwise."""

    manifest: Manifest
    predictions: Predictions
    setting: Setting
    split: str
    partial: bool

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels' names."""
        return tuple(self.setting.labels)

    @cached_property
    def states(self) -> npt.NDArray[np.float32]:
        """1, 0 or nan, for either task."""
        return np.asarray(self.setting.rows.states, dtype=np.float32)

    @property
    def classes(self) -> npt.NDArray[np.int64] | None:
        """`(N,)`, -1 where unknown, of a single-label task; else None."""
        targets = self.setting.rows.targets
        return np.asarray(targets, np.int64) if targets.ndim == 1 else None

    @property
    def values(self) -> npt.NDArray[np.float32]:
        """Probabilities."""
        return self.setting.rows.values

    @property
    def rows(self) -> npt.NDArray[np.int64]:
        """Each one's row of the manifest (of a study: its first), `(N,)`."""
        return self.setting.places

    @property
    def level(self) -> str:
        """`image` or `study`."""
        return self.setting.level

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """Training images of each label, `(C,)`."""
        return self.setting.train_counts

    @property
    def groups(self) -> list[str]:
        """Head, medium or tail, for each label."""
        return self.setting.groups

    @property
    def boundaries(self) -> Boundaries:
        """Where head ends and tail begins."""
        return self.setting.boundaries

    @property
    def grouped_by(self) -> str | None:
        """The column that is resampled whole; None where each row stands alone."""
        return None if self.setting.rows.index is None else self.setting.grouped_by

    def column(self, name: str) -> npt.NDArray[Any] | None:
        """A manifest column of these rows, or None where it is lacking, empty, or does not hold for a whole study."""
        if not self.manifest.has(name) or (self.level == "study" and name == "view"):
            return None
        values = self.manifest.column(name)[self.rows]
        return values if (values != "").any() else None


def manifest_of(run: RunFolder, stated: str | Path | None = None) -> Manifest | None:
    """The manifest that is stated, else the one that the run recorded; None where that file is gone."""
    recorded = run.manifest.get("path")
    path = Path(stated) if stated else Path(recorded) if isinstance(recorded, str) else None
    if path is None:
        return None
    if not stated and not path.exists():
        near = run.path / path.name  # the run was moved together with its manifest
        if not near.exists():
            return None
        path = near
    return Manifest.load(path, check_files=False)


def score(run: RunFolder, manifest: Manifest, split: str | None = None) -> Scored | None:
    """The run's predictions, calibrated where it decided so, beside the truth; None where it has made none."""
    path = run.predictions(split)
    if path is None:
        return None
    predictions = read_predictions(path, manifest.labels)
    if run.decisions.get("calibration") and not predictions.facts.get("calibrated"):
        predictions = read_decisions(run.path / "decisions.json").calibrated(predictions)
    partial = bool(run.environment.get("smoke"))  # a smoke test predicts a few rows only
    what = setting(predictions, manifest, partial=partial)
    return Scored(manifest, predictions, what, _split_name(manifest, what.places, path), partial)


def _split_name(manifest: Manifest, rows: npt.NDArray[np.int64], path: Path) -> str:
    """The split that the rows are of, by the manifest; else the file's name."""
    names = sorted(set(manifest.column("split")[rows].tolist())) if manifest.has("split") else []
    return ", ".join(name for name in names if name) or path.stem
