"""Other tools' predictions whose ids stand in a column of any name, as `--id` says it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from longtail.data.manifest import Manifest
from longtail.errors import unknown_name
from longtail.predict.files import columns_of, read_predictions
from longtail.predict.matching import resolved_keys
from longtail.predict.predictions import Predictions


def read_named(
    path: str | Path, manifest: Manifest, labels: Sequence[str] | None = None, *,
    id: str | None = None, level: str | None = None,
) -> Predictions:  # fmt: skip
    """The file; where studies are asked for, a column `id` that holds none of the manifest's images names studies."""
    wanted = labels or manifest.labels
    found = read_predictions(path, wanted, id=id)
    if id is None or level != "study" or found.level == "study":
        return found
    images = manifest.table["image"].to_numpy(dtype=object)
    known = np.isin(resolved_keys(found, images).astype(str), images.astype(str)).any()
    return found if known else read_predictions(path, wanted, id=id, level="study")


def read_entries(
    entries: Mapping[str, Sequence[Path]], manifest: Manifest, labels: Sequence[str] | None = None, *,
    id: str, level: str | None = None,
) -> dict[str, list[Predictions]]:  # fmt: skip
    """Every file, by `id` where it has such a column; one of them must."""
    files = [path for each in entries.values() for path in each]
    columns = {path: columns_of(path) for path in files}
    if not any(id in names for names in columns.values()):
        raise unknown_name("id column", id, columns[files[0]], f"'{files[0]}'")
    return {
        name: [read_named(path, manifest, labels, id=id if id in columns[path] else None, level=level) for path in each]
        for name, each in entries.items()
    }
