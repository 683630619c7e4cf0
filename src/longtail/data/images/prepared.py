"""Prepared images: every image of a manifest decoded and resized once, then read at the speed of memory.

Training reads each image many times and decoding is the slowest thing it does. The pixels lie in a memory-mapped
file (`prepared_store.py`), so a batch is one fancy index, and processes on one machine share one copy.
"""

import csv
import hashlib
import math
import os
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from longtail.data.images.colour import usual_channels
from longtail.data.images.dim import dim_warning
from longtail.data.images.grey_levels import Window
from longtail.data.images.prepare_work import Plan, Progress, carry_out, make_from_file, make_from_prepared, plan
from longtail.data.images.prepared_store import PixelKey, Store
from longtail.data.images.resize import RULES, Rule
from longtail.data.manifest import Manifest
from longtail.data.tables import row_place
from longtail.errors import UserError, unknown_name
from longtail.files import require_free_space, written_whole

OnBad = Literal["stop", "skip", "blank"]
MAX_SIZE = 4096
BLANK_SLOT = 0


class BadImage(NamedTuple):
    """An image that could not be used: the manifest's row and name of it, and why."""

    row: int
    image: str
    reason: str


@dataclass(frozen=True, eq=False)
class Prepared:
    """The prepared pixels of a manifest's rows; `len()` of them, in the manifest's order.

    With `on_bad="skip"` some rows are left out: `rows_kept[i]` is the manifest's row of image `i`, and
    `manifest.select(prepared.rows_kept)` is the manifest that goes with it.
    """

    key: PixelKey
    store: Path
    slots: npt.NDArray[np.int64]  # (N,)
    rows_kept: npt.NDArray[np.int64]  # (N,)
    bad: tuple[BadImage, ...]
    contents: tuple[bytes, ...]  # a hash of each image's file, zeros for a blank one
    digest: str  # of every image's content, and all that determines the pixels
    made: int  # images decoded now
    reused: int  # images that were there before, or are copies of another
    seconds: float

    def __len__(self) -> int:
        return len(self.slots)

    def rows(
        self, indices: npt.NDArray[Any] | Sequence[int], *, out: npt.NDArray[np.uint8] | None = None
    ) -> npt.NDArray[np.uint8]:
        """The pixels of some images `(B, H, W, C)`, in that order; into `out` where given."""
        slots = self.slots[np.asarray(indices, dtype=np.int64)]
        if out is None:
            return self.pixels[slots]
        # With mode="raise" numpy would gather into a buffer first; the slots are known to be within.
        return np.take(self.pixels, slots, axis=0, out=out, mode="clip")

    @cached_property
    def pixels(self) -> npt.NDArray[np.uint8]:
        """All slots of the store `(S, H, W, C)`, mapped into memory; shared by every manifest prepared there."""
        return Store(self.store, self.key).map()

    @property
    def place(self) -> Path:
        """The folder that holds the pixels."""
        return Store(self.store, self.key).place

    @property
    def images_per_second(self) -> float:
        """How fast the new ones were made; 0 when there were none."""
        return self.made / self.seconds if self.made and self.seconds else 0.0

    def __getstate__(self) -> dict[str, Any]:
        """Another process maps the file itself, instead of getting a copy of every pixel."""
        return {name: value for name, value in self.__dict__.items() if name != "pixels"}


def prepare(
    manifest: Manifest,
    size: int,
    *,
    resize: Rule = "squash",
    channels: Literal[1, 3] | None = None,
    store: str | Path,
    window: Window = "file",
    from_size: int | None = None,
    on_bad: OnBad = "stop",
    workers: int | None = None,
    verify: bool = False,
    on_progress: Progress | None = None,
    on_wait: Callable[[Path], None] | None = None,
) -> Prepared:
    """Decode and resize every image of `manifest` that `store` does not have yet, and open the result.

    It may be stopped or killed at any time and goes on where it was; two processes may prepare the same store.
    Each size is made from the originals, unless `from_size` names a larger one to make it from (faster, slightly
    blurred). `channels`: 1 grey, 3 colour; None looks at a few images. Unusable images
    are found to the last before `on_bad` is applied: `stop` raises, `skip` leaves the rows
    out, `blank` makes them black. `verify` checks every stored pixel and makes damaged ones again.
    `on_progress(done, total)` counts the images to make; `on_wait(place)` is told when another process is at work.
    """
    channels = channels or usual_channels(manifest.image_paths)
    key, store = _checked_key(size, resize, channels, window, from_size, on_bad), Path(store)
    if from_size is not None:
        prepare(
            manifest,
            from_size,
            resize=resize,
            channels=channels,
            store=store,
            window=window,
            on_bad="blank",
            workers=workers,
            verify=verify,
            on_progress=on_progress,
            on_wait=on_wait,
        )
    began, home, paths = time.monotonic(), Store(store, key), manifest.image_paths
    work, made = plan(paths, home.contents()), 0
    if from_size is None and (dim := dim_warning([paths[row] for row in work.todo], window)):
        warnings.warn(dim, stacklevel=2)
    if work.todo or verify or not home.pixels_path.exists():
        with home.locked(on_wait) as writer:
            if verify:
                writer.forget(writer.damaged())
            work = plan(paths, home.contents())  # another process may have done it meanwhile
            require_free_space(home.place, len(work.todo) * key.slot_bytes, f"preparing {len(work.todo):,} images")
            source = from_size and Store(store, _checked_key(from_size, resize, channels, window, None, on_bad))
            make = make_from_prepared(key, source) if source else make_from_file(key)
            made = carry_out(work, paths, writer, make, workers or os.cpu_count() or 1, on_progress)
    return _opened(manifest, key, store, work, on_bad, made, time.monotonic() - began)


def is_prepared(
    manifest: Manifest,
    size: int,
    *,
    resize: Rule = "squash",
    channels: Literal[1, 3] | None = None,
    store: str | Path,
    window: Window = "file",
) -> bool:
    """Whether `prepare` would find every image of `manifest` done."""
    key = _checked_key(size, resize, channels or usual_channels(manifest.image_paths), window, None, "stop")
    home = Store(Path(store), key)
    return home.pixels_path.exists() and not plan(manifest.image_paths, home.contents()).todo


def default_store(manifest: Path) -> Path:
    """Where a manifest's prepared images go when nothing else is said: `prepared/` beside it."""
    return manifest.parent / "prepared"


def _checked_key(
    size: int, resize: Rule, channels: int, window: Window, from_size: int | None, on_bad: OnBad
) -> PixelKey:
    if not 1 <= size <= MAX_SIZE:
        raise UserError(f"the size {size} cannot be prepared; valid are 1 to {MAX_SIZE:,} pixels a side.")
    if resize not in RULES:
        raise unknown_name("resize rule", resize, RULES)
    if on_bad not in get_args(OnBad):
        raise unknown_name("policy for bad images", on_bad, get_args(OnBad))
    if channels not in (1, 3):
        raise UserError(f"{channels} channels cannot be prepared; valid are 1 (grey) and 3 (colour).")
    if not isinstance(window, tuple) and window not in ("file", "full", "minmax"):
        raise unknown_name("window", window, ("file", "full", "minmax", "CENTER,WIDTH"))
    if isinstance(window, tuple) and not (math.isfinite(window[0]) and 0 < window[1] < math.inf):
        raise UserError(f"the window {window[0]:g},{window[1]:g} is none; give CENTER,WIDTH with a positive width.")
    if from_size is not None and from_size <= size:
        raise UserError(f"size {size} cannot be made from {from_size}; from_size must be larger.")
    return PixelKey(size, resize, channels, window, from_size)


def _opened(
    manifest: Manifest, key: PixelKey, store: Path, work: Plan, on_bad: OnBad, made: int, seconds: float
) -> Prepared:
    outcomes = [work.outcome(row) for row in range(len(manifest))]
    images = list(manifest.table["image"])
    bad = tuple(BadImage(row, images[row], found) for row, found in enumerate(outcomes) if isinstance(found, str))
    if bad:
        _judge(bad, manifest, Store(store, key).place, on_bad)
    left_out = {image.row for image in bad} if on_bad == "skip" else set()
    rows_kept = np.array([row for row in range(len(outcomes)) if row not in left_out], dtype=np.int64)
    kept = [_content_and_slot(outcomes[row]) for row in rows_kept]
    slots = np.array([slot for _, slot in kept], dtype=np.int64)
    contents = tuple(content for content, _ in kept)
    digest = _digest(key, rows_kept, b"".join(contents))
    return Prepared(key, store, slots, rows_kept, bad, contents, digest, made, len(outcomes) - len(bad) - made, seconds)


def _content_and_slot(outcome: tuple[bytes, int] | str) -> tuple[bytes, int]:
    return (bytes(16), BLANK_SLOT) if isinstance(outcome, str) else outcome


def _digest(key: PixelKey, rows: npt.NDArray[np.int64], contents: bytes) -> str:
    digest = hashlib.sha256(key.name.encode())
    digest.update(rows.astype("<i8").tobytes())
    digest.update(contents)
    return digest.hexdigest()[:32]


def _judge(bad: Sequence[BadImage], manifest: Manifest, place: Path, on_bad: OnBad) -> None:
    """Write the list of unusable images, and raise when the policy or their number asks for it."""
    listed = _write_list(bad, place / "bad.csv")
    first = f"the first is '{bad[0].image}' ({row_place(manifest.path, bad[0].row)}): {bad[0].reason}"
    everywhere = f" All are listed in '{place / 'bad.csv'}'." if listed else ""
    if len(bad) == len(manifest):
        raise UserError(
            f"none of the {len(bad):,} images can be used; {first}.{everywhere} Their paths start from"
            f" '{manifest.root}': say another folder as 'root' in the YAML beside the manifest (`longtail data` takes"
            " --root too)."
        )
    if on_bad == "stop":
        raise UserError(
            f"{len(bad):,} of {len(manifest):,} images cannot be used; {first}.{everywhere} Mend or remove them, or"
            " choose --on-bad skip (leave their rows out) or --on-bad blank (make them black), for `longtail fit` as"
            " images.on_bad=skip or blank."
        )


def _write_list(bad: Sequence[BadImage], path: Path) -> bool:
    """Whether the list could be written; a store that is only read has no room for it."""
    with suppress(OSError, UserError), written_whole(path) as beside, beside.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(BadImage._fields)
        writer.writerows(bad)
        return True
    return False
