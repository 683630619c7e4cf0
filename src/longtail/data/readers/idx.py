"""IDX files (LeCun et al. 1998): MNIST, Fashion-MNIST (Xiao et al. 2017), KMNIST, EMNIST, plain or gzipped.

An IDX file is two zero bytes, a type (8 = unsigned byte), the number of dimensions, each dimension as a big-endian
32-bit integer, then the values.
"""

import gzip
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from longtail.data.manifest import Manifest
from longtail.data.readers import READERS
from longtail.data.readers.array_images import Part, labelled, write_images
from longtail.data.readers.arrays import require_rows
from longtail.data.readers.published import find_files
from longtail.errors import UserError, listing

FASHION = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
_UNSIGNED_BYTE = 8
_PIECE = 16 << 20  # bytes held at a time


@READERS.register(
    "idx",
    publication="LeCun et al. 1998; Xiao et al. 2017",
    files="train-images-idx3-ubyte[.gz], train-labels-idx1-ubyte[.gz], t10k-...",
)
def read_idx(root: Path, out: Path, *, names: tuple[str, ...] | None = None, transpose: bool = False) -> Manifest:
    """IDX files of Fashion-MNIST, MNIST and their kin: official train and test images, one class each.

    `names` lists the classes in order (`names=fashion` for Fashion-MNIST's, which are also taken when the folder's or a
    file's name says fashion); without it a class is called by its number. EMNIST stores its images `transpose`d.
    """
    pairs = _pairs(root)
    fashion = names == ("fashion",) or (names is None and any("fashion" in str(p).lower() for p in (root, pairs[0][1])))
    parts = [_part(split, images, labels, transpose) for split, images, labels in pairs]
    table = write_images(parts, out, "fashion-mnist" if fashion else root.resolve().name.lower() or "idx")
    labels = np.concatenate([part.labels for part in parts])
    return labelled(table, labels, FASHION if fashion else names, out, f"the labels in '{root}'")


def _pairs(root: Path) -> list[tuple[str, Path, Path]]:
    """`(split, images, labels)`; where a file is there both plain and gzipped, the plain one."""
    images = {path.name.removesuffix(".gz"): path for path in reversed(find_files(root, ["**/*images*idx3*"]))}
    if not images:
        raise UserError(f"no file such as train-images-idx3-ubyte (or .gz) in '{root}'; give the folder with --root.")
    pairs = sorted((_split(path), path, _labels_of(path)) for path in images.values())
    splits = [split for split, _, _ in pairs]
    if len(set(splits)) < len(splits):
        raise UserError(
            f"'{root}' holds several data sets ({listing([path.name for _, path, _ in pairs])}); give a folder that"
            " holds one."
        )
    return sorted(pairs, key=lambda pair: ("train", "val", "test").index(pair[0]))


def _split(path: Path) -> str:
    name = path.name.lower()
    if "train" in name:
        return "train"
    return "val" if "val" in name else "test"


def _labels_of(images: Path) -> Path:
    name = images.name.replace("images", "labels").replace("idx3", "idx1").removesuffix(".gz")
    for path in (images.with_name(name), images.with_name(f"{name}.gz")):
        if path.exists():
            return path
    raise UserError(f"'{images}' has no '{name}' (or .gz) beside it; the labels are published with the images.")


def _part(split: str, images: Path, labels: Path, transpose: bool) -> Part:
    shape, values = _shape(images, 3), _shape(labels, 1)
    require_rows(images, {images.name: shape[0], labels.name: values[0]})
    batches = (np.swapaxes(batch, 1, 2) if transpose else batch for batch in _batches(images, shape))
    return Part(split, batches, int(np.prod(shape)), np.concatenate([*_batches(labels, values)]), {})


def _open(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if zipped else path.open("rb")  # type: ignore[return-value]


def _shape(path: Path, dimensions: int) -> tuple[int, ...]:
    with _open(path) as file:
        head = _exactly(file, 4, path)
        if head[:2] != b"\0\0" or head[2] != _UNSIGNED_BYTE or head[3] != dimensions:
            raise UserError(
                f"'{path}' is no IDX file of unsigned bytes in {dimensions} dimensions (it begins with"
                f" {head.hex(' ')}); download it again."
            )
        return struct.unpack(f">{dimensions}I", _exactly(file, 4 * dimensions, path))


def _batches(path: Path, shape: tuple[int, ...]) -> Iterator[npt.NDArray[np.uint8]]:
    row = int(np.prod(shape[1:]))
    step = max(1, _PIECE // max(1, row))
    with _open(path) as file:
        _exactly(file, 4 + 4 * len(shape), path)
        for start in range(0, shape[0], step):
            count = min(step, shape[0] - start)
            yield np.frombuffer(_exactly(file, count * row, path), dtype=np.uint8).reshape(count, *shape[1:])


def _exactly(file: IO[bytes], size: int, path: Path) -> bytes:
    try:
        data = file.read(size)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UserError(f"'{path}' is damaged or cut short; download it again.") from error
    if len(data) < size:
        raise UserError(f"'{path}' is cut short; download it again.")
    return data
