"""The data of a run, as its stages see it: without the test split, with what other stages made, at any size."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from longtail.data.images.grey_levels import window_of
from longtail.data.images.prepared import Prepared, is_prepared, prepare
from longtail.data.manifest import Manifest
from longtail.errors import UserError
from longtail.stages.recipe import Recipe
from longtail.stages.rows import TEST

MADE = "manifest.csv"  # of a synthesize stage
COUNTED = ("image", "patient", "study", "view", "source", "split")  # columns that training may look at


@dataclass
class Workbench:
    """Prepares each (added stages, size) once in a process; the files are shared by all runs on the manifest."""

    recipe: Recipe
    manifest: Manifest  # of all splits
    prepared_store: Path
    on_progress: Callable[[int, int, int], None] = lambda *_: None  # size, done, total
    on_note: Callable[[str], None] = lambda _: None
    ready: dict[tuple[int, str], tuple[Manifest, Prepared]] = field(default_factory=dict)

    def training_rows(self) -> Manifest:
        """All rows but those of the test split."""
        if not self.manifest.has("split"):
            return self.manifest
        return self.manifest.select(self.manifest.column("split") != TEST)

    def at(self, manifest: Manifest, size: int) -> tuple[Manifest, Prepared]:
        """The pixels of a manifest's rows at `size`; rows that `on_bad: skip` leaves out are gone from both."""
        key = (size, manifest.digest())
        if key not in self.ready:
            images = self.recipe.images
            made = prepare(
                manifest,
                size,
                resize=images.resize,
                channels=self._channels(),
                store=self.prepared_store,
                window=window_of(images.window),
                on_bad=images.on_bad,
                on_progress=lambda done, total: self.on_progress(size, done, total),
                on_wait=lambda place: self.on_note(f"another process is preparing '{place}'; waiting for it"),
            )
            self._tell_bad(made)
            self.ready[key] = (manifest.select(made.rows_kept), made)
        return self.ready[key]

    def is_ready(self, size: int) -> bool:
        """Whether all training rows are prepared at `size`, so that `at` has nothing to do."""
        images = self.recipe.images
        return is_prepared(
            self.training_rows(), size, resize=images.resize, channels=self._channels(), store=self.prepared_store,
            window=window_of(images.window),
        )  # fmt: skip

    def data_digest(self, size: int) -> str:
        """A hash of the rows, labels and pixels that a stage at `size` may look at."""
        manifest, prepared = self.at(self.training_rows(), size)
        counted = [name for name in COUNTED if manifest.has(name)]
        digest = hashlib.sha256(replace(manifest, table=manifest.table[counted]).digest().encode())
        digest.update(prepared.digest.encode())
        return digest.hexdigest()[:32]

    def with_added(self, added: Mapping[str, Path]) -> Manifest:
        """The training rows and, behind them, the images that `synthesize` stages made, as rows of `train`."""
        manifest = self.training_rows()
        for name, folder in added.items():
            manifest = _joined(manifest, Manifest.load(folder / MADE, check=False), name)
        return manifest

    def _channels(self) -> Literal[1, 3] | None:
        wanted = self.recipe.model.channels
        return None if wanted == "auto" else wanted

    def _tell_bad(self, made: Prepared) -> None:
        if made.bad:
            policy = "left out" if self.recipe.images.on_bad == "skip" else "made black"
            self.on_note(f"{len(made.bad):,} unusable images {policy}; they are listed in '{made.place / 'bad.csv'}'")


def _joined(manifest: Manifest, made: Manifest, name: str) -> Manifest:
    """Both tables, the made images by their absolute paths."""
    if made.labels != manifest.labels:
        raise UserError(f"stage '{name}' made images of other labels than the manifest's; train it anew on this one.")
    rows = made.table.assign(image=[str(path.resolve()) for path in made.image_paths], split="train")
    table = pd.concat([manifest.table, rows.reindex(columns=manifest.table.columns, fill_value="")], ignore_index=True)
    targets = np.concatenate([manifest.targets, made.targets.astype(manifest.targets.dtype)])
    return replace(manifest, table=table.astype("str"), targets=targets)
