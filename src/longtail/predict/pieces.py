"""Which images are predicted together, and what the model is told of them beside their pixels.

Usually a batch of any images; whole studies where the head reads those.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from longtail.data.manifest import Manifest
from longtail.errors import UserError
from longtail.predict.view_groups import view_groups

Numbers = npt.NDArray[np.int64]


class Piece(NamedTuple):
    """Places among the prepared images, and each one's `source`, `study` and kind of `view`, as far as they count."""

    places: Numbers
    known: dict[str, Numbers]


def pieces_of(model: Any, manifest: Manifest, kept: npt.NDArray[Any], size: int) -> Iterator[Piece]:
    """All `kept` rows of the manifest, about `size` at a time."""
    known, count = known_of(model, manifest, kept), len(kept)
    if "study" in known:
        from longtail.stages.study_draws import whole_studies

        whole = whole_studies(known["study"], size)
    else:
        whole = [np.arange(start, min(start + size, count)) for start in range(0, count, size)]
    for places in whole:
        yield Piece(places, {name: values[places] for name, values in known.items()})


def known_of(model: Any, manifest: Manifest, kept: npt.NDArray[Any]) -> dict[str, Numbers]:
    """What the model's head reads of the manifest's columns, `(N,)` each."""
    known: dict[str, Numbers] = {}
    names = getattr(model, "source_names", ())
    if names and manifest.has("source"):
        known["source"] = source_numbers(manifest.column("source")[kept], names)
    if not getattr(model, "of_studies", False):
        return known
    if not manifest.has("study"):
        raise UserError("a stage's head reads whole studies; name the manifest's column of them with the role 'study'.")
    study = manifest.column("study")[kept]
    known["study"] = np.where(study == "", -1, np.unique(study, return_inverse=True)[1]).astype(np.int64)
    if manifest.has("view"):
        known["view"] = view_groups(manifest.column("view")[kept]).astype(np.int64)
    return known


def source_numbers(column: npt.NDArray[Any], names: Sequence[str]) -> Numbers:
    """Each image's data set as its place in `names`; -1 for others."""
    number = {name: index for index, name in enumerate(names)}
    return np.array([number.get(name, -1) for name in column], dtype=np.int64)
