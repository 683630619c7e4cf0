"""A folder of images, one sub-folder per class, as many data sets and tools lay them out."""

from pathlib import Path

import numpy as np
import pandas as pd

from longtail.data.loading import SPLIT_NAMES
from longtail.data.manifest import Manifest, from_classes
from longtail.data.readers import READERS
from longtail.data.readers.published import IMAGE_SUFFIXES
from longtail.errors import UserError, listing


@READERS.register("folder", publication="one's own images", files="CLASS/*.jpg or {train,val,test}/CLASS/*.jpg")
def read_folder(root: Path, out: Path, *, ignore: tuple[str, ...] = (), source: str | None = None) -> Manifest:
    """Images in class folders: ROOT/CLASS/* or ROOT/{train,val,test}/CLASS/*, one class per image.

    Images may lie deeper in a class folder. A class folder without images still counts as a class. `ignore` names
    folders to leave out, `source` the data set (default: the folder's name).
    """
    own = out.resolve()
    if own.parent == root.resolve() and not _images(root, own.name):
        ignore = (*ignore, own.name)  # where an earlier manifest was written
    folders = _folders(root, ignore)
    split_of = {
        name: SPLIT_NAMES[name.lower()]
        for name in folders
        if name.lower() in SPLIT_NAMES and _folders(root / name, ignore)
    }
    if split_of:
        _refuse_mixture(root, folders, list(split_of))
    places = [(split_of.get(name, ""), f"{name}/{sub}" if split_of else name) for name in folders
              for sub in (_folders(root / name, ignore) if split_of else [""])]  # fmt: skip
    labels = sorted({place.rsplit("/", 1)[-1] for _, place in places})
    rows = [
        (image, split, labels.index(place.rsplit("/", 1)[-1]))
        for split, place in places
        for image in _images(root, place)
    ]
    if not rows:
        raise UserError(
            f"no images in sub-folders of '{root}'; expected ROOT/CLASS/*.jpg or ROOT/train/CLASS/*.jpg with one of"
            f" {', '.join(IMAGE_SUFFIXES)}."
        )
    table = pd.DataFrame(rows, columns=["image", "split", "class"])
    classes = table.pop("class").to_numpy(dtype=np.int64)
    table.insert(1, "source", source or root.resolve().name)
    return from_classes(table if split_of else table.drop(columns="split"), labels, classes, root)


def _folders(root: Path, ignore: tuple[str, ...]) -> list[str]:
    if not root.is_dir():
        raise UserError(f"'{root}' is no folder; give the one that holds the class folders with --root.")
    names = [entry.name for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith((".", "__"))]
    return sorted(set(names) - set(ignore))


def _images(root: Path, place: str) -> list[str]:
    found = [path for path in (root / place).rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES]
    return sorted(path.relative_to(root).as_posix() for path in found if not path.name.startswith("."))


def _refuse_mixture(root: Path, folders: list[str], splits: list[str]) -> None:
    others = [name for name in folders if name not in splits and _images(root, name)]
    if others:
        raise UserError(
            f"'{root}' holds both split folders ({listing(splits)}) and others with images ({listing(others)});"
            f" leave those out with ignore={','.join(others)}, or move them."
        )
