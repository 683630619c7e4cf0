"""Where published images lie on this disk: copies change folders and suffixes, the last parts of a path stay."""

import os
from collections.abc import Iterable
from pathlib import Path

from longtail.data.readers.published import IMAGE_SUFFIXES
from longtail.errors import UserError

_PROBES = 64


def image_root(root: Path, images: Path | None) -> Path:
    """The folder that image paths start from: `images` where labels and images are kept apart, else `root`."""
    if images is not None and not images.is_dir():
        raise UserError(f"option 'images' is '{images}', which is no folder; name the one that holds the images.")
    return images or root


def placed(names: Iterable[str], root: Path, *, parts: int = 1) -> list[str]:
    """Each published path as it lies under `root`; one that is not there is kept as published.

    A sample decides whether all lie as published. Otherwise `root` is walked once (377,110 files in seconds) and an
    image is known by the last `parts` parts of its path without suffix: more than one where file names repeat.
    """
    published = list(names)
    step = max(1, len(published) // _PROBES)
    if all((root / name).is_file() for name in published[::step]):
        return published
    found = _images_by_key(root, parts)
    return [found.get(_key(name, parts), name) for name in published] if found else published


def _key(name: str, parts: int) -> str:
    """The last `parts` parts of a path, without suffix; plain text, since a Path for each of 377,110 names is slow."""
    last = name.split("/")[-parts:]
    stem, dot, _ = last[-1].rpartition(".")
    return "/".join([*last[:-1], stem if dot and stem else last[-1]])


def _images_by_key(root: Path, parts: int) -> dict[str, str]:
    found: dict[str, str] = {}
    start = len(str(root).rstrip("/\\")) + 1
    for folder, below, files in os.walk(root):
        below.sort()
        inside = folder[start:].replace(os.sep, "/")
        prefix = f"{inside}/" if inside else ""
        for file in sorted(files):
            if file.lower().endswith(IMAGE_SUFFIXES) and not file.startswith("."):
                found.setdefault(_key(prefix + file, parts), prefix + file)
    return found
