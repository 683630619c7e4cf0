"""From the files of a published data set to a manifest on disk: what `longtail data read` does."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from longtail.binding import bind, options_of
from longtail.data.manifest import Manifest
from longtail.data.readers import READERS
from longtail.data.validation import missing_rows, require_valid


@dataclass(frozen=True)
class DataSet:
    """A published data set that can be read: what `longtail list datasets` shows."""

    name: str
    summary: str
    files: str
    options: tuple[str, ...]  # as they are written: `blank=negative`
    publication: str


def read(
    name: str,
    root: str | Path,
    out: str | Path,
    *,
    format: Literal["csv", "parquet"] = "csv",
    options: Mapping[str, str] | None = None,
) -> Manifest:
    """Read the published data set `name` from `root`; write `out/manifest.csv` (or `.parquet`), its YAML and boxes.

    `options` are the reader's own, as texts (see `datasets`). The rows, labels and boxes are validated; images need not
    be there yet: `missing_images` tells which are not.
    """
    entry = READERS.find(name)
    bound = bind(entry.function, options or {}, f"data set '{name}'")
    manifest = entry.function(Path(root), Path(out), **bound)
    require_valid(manifest, check_files=False)
    path = manifest.save(Path(out) / f"manifest.{format}")
    return replace(manifest, path=path)


def missing_images(manifest: Manifest) -> list[str]:
    """The images of the manifest that are no files, in row order; folders are listed once, so it is cheap."""
    names = manifest.table["image"].tolist()
    return [names[row] for row in missing_rows(manifest.root, names)]


def datasets() -> list[DataSet]:
    """Every published data set that can be read, by name."""
    return [
        DataSet(
            name,
            entry.summary,
            entry.facts.get("files", ""),
            tuple(options_of(entry.function)),
            entry.facts.get("publication", ""),
        )
        for name, entry in READERS.load().items()
    ]
