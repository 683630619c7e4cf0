"""Pasted images as files: a folder with images, their manifest, and a report of what they do to the labels.

Killed at any moment, the same call goes on: the plan is drawn again (same inputs, same plan) and images that are there
stay. The folder needs nothing outside it, so it can be shared.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from longtail.augment.paste.parents import pasted_rows
from longtail.augment.paste.planning import Paste, plan_pastes
from longtail.augment.paste.pool import Pool, paste_pool
from longtail.augment.paste.rendering import pasted_image
from longtail.augment.paste.settings import PasteSettings
from longtail.data.images.png import encode_png
from longtail.data.images.prepared import Prepared
from longtail.data.manifest import Manifest
from longtail.errors import UserError
from longtail.files import make_folder, require_free_space, write_json
from longtail.leftovers import clear_leftovers, temporary_prefix

FORMAT = 1  # raise it with any change that gives other images or labels for the same settings
REPORT = "synthesis.json"
_CHUNK, _FOLDER = 256, 1000
_END = b"IEND\xaeB`\x82"  # the last bytes of a whole PNG
Progress = Callable[[int, int], None]


def synthesize(
    manifest: Manifest,
    prepared: Prepared,
    out: str | Path,
    settings: PasteSettings | None = None,
    *,
    rows: npt.NDArray[np.int64] | Sequence[int] | None = None,
    workers: int | None = None,
    on_progress: Progress | None = None,
) -> Manifest:
    """Make the settings' pasted images of some rows (by default the training split) in the folder `out`.

    Returns their manifest, which is `out/manifest.csv`; `with_pasted` adds it to the one that they were made of.
    """
    settings, out = settings or PasteSettings(), Path(out)
    pool = paste_pool(manifest, prepared, settings, rows)
    mark = paste_identity(pool, settings)
    if _begun(out, mark):
        return Manifest.load(out / "manifest.csv", check_files=False)
    total = settings.on_normal + settings.on_tail
    require_free_space(out, total * prepared.key.slot_bytes // 2, f"pasting {total:,} images")
    write_json(out / REPORT, {"identity": mark, "finished": False, "settings": settings.plain()})
    pastes: list[Paste] = []
    for chunk in _written(pool, settings, out, workers or os.cpu_count() or 1):
        pastes += chunk
        if on_progress:
            on_progress(len(pastes), total)
    _finish(pool, settings, pastes, out, mark)
    return Manifest.load(out / "manifest.csv", check_files=False)


def paste_identity(pool: Pool, settings: PasteSettings) -> str:
    """A hash of all that determines the images: rows, labels, boxes, pixels and settings."""
    facts = [FORMAT, pool.manifest.digest(), pool.prepared.digest, settings.plain()]
    digest = hashlib.blake2b(json.dumps(facts, sort_keys=True).encode(), digest_size=16)
    digest.update(pool.rows.astype("<i8").tobytes())
    return digest.hexdigest()


def image_name(number: int) -> str:
    """Where the image of a number lies in the folder."""
    return f"images/{number // _FOLDER:03d}/pasted-{number:06d}.png"


def require_own_folder(out: Path) -> None:
    """Refuse a folder that holds anything but pasted images."""
    if _read(out / REPORT) is None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"'{out}' is not empty and holds no pasted images to go on with; name a new folder.")


def _begun(out: Path, mark: str) -> bool:
    """Whether `out` holds these images already; refuses those of other settings or rows."""
    require_own_folder(out)
    found = _read(make_folder(out) / REPORT)
    if found is not None and found.get("identity") != mark:
        raise UserError(
            f"'{out}' holds images that were pasted with other settings or of other rows; name another folder."
        )
    done = found is not None and bool(found.get("finished")) and (out / "manifest.csv").exists()
    return done and all(_whole(out / image_name(number)) for number in range(found["images"])) if found else False


def _read(path: Path) -> dict[str, Any] | None:
    with suppress(OSError, ValueError):
        found = json.loads(path.read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else None
    return None


def _written(pool: Pool, settings: PasteSettings, out: Path, workers: int) -> Iterator[list[Paste]]:
    """Plan a chunk, write its images, hand it on."""
    plan, first = plan_pastes(pool, settings), 0

    def write(number: int, paste: Paste) -> None:
        path = out / image_name(number)
        if not _whole(path):
            _write(path, encode_png(pasted_image(pool, settings, paste)))

    with ThreadPoolExecutor(workers, thread_name_prefix="paste") as threads:
        while chunk := list(islice(plan, _CHUNK)):
            numbers = range(first, first + len(chunk))
            for folder in {(out / image_name(number)).parent for number in numbers}:
                clear_leftovers(make_folder(folder))
            list(threads.map(write, numbers, chunk))
            first += len(chunk)
            yield chunk


def _write(path: Path, data: bytes) -> None:
    """Beside and renamed, without waiting for the disk: a file cut short by a power cut is seen by its end."""
    beside = path.with_name(f"{temporary_prefix(path.name)}unpasted")
    beside.write_bytes(data)
    beside.replace(path)


def _whole(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            file.seek(-len(_END), os.SEEK_END)
            return file.read() == _END
    except OSError:
        return False


def _finish(pool: Pool, settings: PasteSettings, pastes: list[Paste], out: Path, mark: str) -> None:
    from longtail.augment.paste.contact_sheet import contact_sheet
    from longtail.augment.paste.effects import label_effects
    from longtail.augment.paste.figures import draw_correlation, draw_distribution

    names = [image_name(number) for number in range(len(pastes))]
    pasted_rows(pool, pastes, names, mark[:8], out).save(out / "manifest.csv")
    effects = label_effects(pool, pastes)
    draw_correlation(effects, out / "correlation.png")
    draw_distribution(effects, out / "distribution.png")
    contact_sheet(pool, settings, pastes, out / "contact-sheet.png")
    head = {"identity": mark, "finished": True, "images": len(pastes), "settings": settings.plain()}
    write_json(out / REPORT, {**head, **effects.plain(), "boxes_left_out": pool.bank.left_out})
