"""Images that are the same file, byte for byte, under different names or rows.

Files of a size of their own need no reading; of the others the first 64 KiB are hashed, and whole files only where
those agree. The same pixels in another encoding (a re-saved JPEG, a PNG copy) are not found here.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from pathlib import Path

_START = 1 << 16
Progress = Callable[[int], None]


def duplicate_images(
    paths: Sequence[Path], *, workers: int | None = None, on_progress: Progress | None = None
) -> list[list[int]]:
    """Groups of two or more indices whose files have the same content; files that cannot be read are in none.

    `on_progress(n)` is told of paths as they are settled: `len(paths)` in all. blake2b releases the interpreter's
    lock, so threads use all cores (`workers`, by default twice the cores: the disk is waited for too).
    """
    told = on_progress or _say_nothing
    threads = workers or 2 * (cpu_count() or 1)
    with ThreadPoolExecutor(max_workers=threads) as pool:
        sizes = list(pool.map(_size, paths, chunksize=256))
        groups = _groups(enumerate(sizes))
        told(len(paths) - sum(map(len, groups)))
        starts = _refined(pool, paths, groups, lambda path: _hash(path, _START))
        long = [group for group in starts if (sizes[group[0]] or 0) > _START]
        told(sum(map(len, groups)) - sum(map(len, long)))
        whole = _refined(pool, paths, long, lambda path: _hash(path, None), told)
    return sorted([group for group in starts if (sizes[group[0]] or 0) <= _START] + whole)


def _refined(
    pool: ThreadPoolExecutor,
    paths: Sequence[Path],
    groups: list[list[int]],
    mark: Callable[[Path], Hashable],
    told: Progress | None = None,
) -> list[list[int]]:
    """Split groups by a mark of each file."""
    rows = [row for group in groups for row in group]
    home = {row: number for number, group in enumerate(groups) for row in group}
    marks = []
    for value in pool.map(mark, [paths[row] for row in rows]):
        marks.append(value)
        if told:
            told(1)
    return _groups((row, value and (home[row], value)) for row, value in zip(rows, marks, strict=True))


def _groups(marked: Iterable[tuple[int, Hashable]]) -> list[list[int]]:
    """Indices that share a mark with another; None marks what cannot be read."""
    found: defaultdict[Hashable, list[int]] = defaultdict(list)
    for row, mark in marked:
        if mark is not None:
            found[mark].append(row)
    return [rows for rows in found.values() if len(rows) > 1]


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None


def _hash(path: Path, most: int | None) -> bytes | None:
    digest = hashlib.blake2b(digest_size=16)
    try:
        with path.open("rb") as file:
            while block := file.read(most or 1 << 20):
                digest.update(block)
                if most:
                    break
    except OSError:
        return None
    return digest.digest()


def _say_nothing(_: int) -> None:
    return None
