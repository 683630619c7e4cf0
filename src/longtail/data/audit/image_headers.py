"""What image files are, by the headers of a sample: sizes, formats, colour modes, and those that cannot be read."""

from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from longtail.data.images.decode import image_size
from longtail.data.images.image_file import HEADER_BYTES, kind_of, open_raster, open_without_waiting

SAMPLE = 500
_NAMED = 10  # unreadable files that are named, of however many


@dataclass(frozen=True)
class ImageHeaders:
    """A sample of image files: how many of each size, format and mode."""

    looked_at: int
    sizes: dict[str, int]  # "1024 x 768", most frequent first
    formats: dict[str, int]
    modes: dict[str, int]  # Pillow's: L is 8 bit grey, I;16 16 bit grey, RGB, P a palette ...
    unreadable: int
    unreadable_files: list[str]  # the first few


def image_headers(paths: Sequence[Path], *, most: int = SAMPLE, workers: int = 8) -> ImageHeaders:
    """Read the headers of up to `most` of the files, evenly over the list; pixels are not decoded."""
    step = max(1, -(-len(paths) // most))
    sample = list(paths[::step])
    with ThreadPoolExecutor(max_workers=workers) as pool:
        sizes = list(pool.map(image_size, sample))
        kinds = list(pool.map(_kind_and_mode, sample))
    bad = [path for path, size in zip(sample, sizes, strict=True) if size is None]
    good = [kind for kind, size in zip(kinds, sizes, strict=True) if size]
    return ImageHeaders(
        looked_at=len(sample),
        sizes=_tally(f"{size[0]} x {size[1]}" for size in sizes if size),
        formats=_tally(kind for kind, _ in good),
        modes=_tally(mode for _, mode in good),
        unreadable=len(bad),
        unreadable_files=[str(path) for path in bad[:_NAMED]],
    )


def _kind_and_mode(path: Path) -> tuple[str, str]:
    try:
        with open_without_waiting(path) as file:
            kind = kind_of(file.read(HEADER_BYTES), path)
            if kind is None or kind == "DICOM":
                return kind or "unknown", "DICOM" if kind else "unknown"
            file.seek(0)
            with open_raster(kind, file) as image:
                return kind, image.mode
    except Exception:  # a damaged header makes decoders raise nearly anything; image_size then says None
        return "unknown", "unknown"


def _tally(names: Iterable[str]) -> dict[str, int]:
    return dict(Counter(names).most_common())
