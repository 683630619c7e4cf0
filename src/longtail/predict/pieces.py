"""Which images are predicted together: any, a batch at a time, or whole studies where the head reads those."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from longtail.data.manifest import Manifest
from longtail.errors import UserError
from longtail.predict.view_groups import view_groups

Places = npt.NDArray[np.int64]


class Piece(NamedTuple):
    """Places among the prepared images, and for heads of studies each one's study and kind of view."""

    places: Places
    study: Places | None = None
    view: Places | None = None


def pieces_of(model: Any, manifest: Manifest, kept: npt.NDArray[Any], size: int) -> Iterator[Piece]:
    """All `kept` rows of the manifest, about `size` at a time."""
    if not getattr(model, "of_studies", False):
        for start in range(0, len(kept), size):
            yield Piece(np.arange(start, min(start + size, len(kept))))
        return
    from longtail.stages.study_draws import whole_studies

    if not manifest.has("study"):
        raise UserError("a stage's head reads whole studies; name the manifest's column of them with the role 'study'.")
    names = manifest.column("study")[kept]
    study = np.where(names == "", -1, np.unique(names, return_inverse=True)[1]).astype(np.int64)
    view = view_groups(manifest.column("view")[kept]).astype(np.int64) if manifest.has("view") else None
    for places in whole_studies(study, size):
        yield Piece(places, study[places], None if view is None else view[places])
