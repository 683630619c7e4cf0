"""A data set of one's own as arrays in one `.npz` file: images, labels and, if any, class names."""

from pathlib import Path

import numpy as np

from longtail.data.manifest import Manifest
from longtail.data.readers import READERS
from longtail.data.readers.array_images import Part, labelled, write_images
from longtail.data.readers.arrays import Npz, as_pixels, require_rows
from longtail.data.readers.published import find_files
from longtail.errors import UserError, listing

# (prefix, suffix) forms of an array's name for each split; '' is a file without splits.
_SPLITS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test", "": ""}
_IMAGES = ("images", "x", "data")
_LABELS = ("labels", "y", "targets")
_COLUMNS = ("patient", "study", "view")


@READERS.register(
    "npz", publication="one's own arrays", files="one .npz: images, labels or train_images, train_labels, ..."
)
def read_npz(root: Path, out: Path, *, file: str | None = None, source: str | None = None) -> Manifest:
    """Arrays in one .npz file: `images` and `labels`, or such a pair for each split, and `class_names`.

    Splits are `train_images`, `val_images`, `test_images` (x_train and y_train work too). Images are uint8 or uint16,
    (N, H, W) or (N, H, W, C). Labels are (N,) or (N, 1) integers or names (one class per image; below 0 is unknown), or
    (N, C) of 0, 1 and nan (many labels). `patient`, `study` and `view` arrays become columns.
    """
    path = _file(root, file)
    arrays = Npz(path)
    parts = [part for prefix, split in _SPLITS.items() if (part := _part(arrays, prefix, split)) is not None]
    if not parts:
        raise UserError(
            f"'{path}' holds no pair of arrays such as images and labels, or train_images and train_labels; it holds"
            f" {listing(list(arrays.headers)) or 'nothing'}."
        )
    names = [str(name) for name in arrays.load("class_names")] if "class_names" in arrays.headers else None
    if len({part.labels.shape[1:] for part in parts}) > 1:
        raise UserError(f"the label arrays of '{path}' differ in their number of columns from split to split.")
    labels = np.concatenate([part.labels for part in parts])
    table = write_images(parts, out, source or path.stem)
    return labelled(table, labels, names, out, f"the labels of '{path.name}'")


def _file(root: Path, name: str | None) -> Path:
    found = [root] if root.is_file() else find_files(root, [name or "*.npz", f"**/{name or '*.npz'}"])
    if len(found) != 1 and not (name and found):
        told = f"{len(found)} .npz files ({listing([p.name for p in found])})" if found else f"no {name or '.npz file'}"
        raise UserError(f"'{root}' holds {told}; name one with file=NAME.npz.")
    return found[0]


def _find(arrays: Npz, prefix: str, words: tuple[str, ...]) -> str | None:
    forms = [f"{prefix}_{word}" if prefix else word for word in words]
    forms += [f"{word}_{prefix}" for word in words if prefix]
    return next((form for form in forms if form in arrays.headers), None)


def _part(arrays: Npz, prefix: str, split: str) -> Part | None:
    images, labels = _find(arrays, prefix, _IMAGES), _find(arrays, prefix, _LABELS)
    if images is None and labels is None:
        return None
    if images is None or labels is None:
        lacks = "images" if images is None else "labels"
        raise UserError(f"'{arrays.path}' has '{images or labels}' but no {lacks} to go with it.")
    columns = {name: key for name in _COLUMNS if (key := _find(arrays, prefix, (name,)))}
    rows = {key: arrays.headers[key].shape[0] for key in (images, labels, *columns.values())}
    require_rows(arrays.path, rows)
    what = f"array '{images}' of '{arrays.path}'"
    header = arrays.headers[images]
    return Part(
        split,
        (as_pixels(batch, what) for batch in arrays.batches(images)),
        int(np.prod(header.shape)) * header.dtype.itemsize,
        arrays.load(labels),
        {name: [str(value) for value in arrays.load(key).reshape(-1)] for name, key in columns.items()},
    )
