"""`export`: a run as one folder, checked against `predict` before it is put in its place."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from longtail.data.manifest import Manifest
from longtail.errors import UserError
from longtail.export.bundle import Bundle
from longtail.export.bundling import run_bundle, sources_of
from longtail.export.card import model_card
from longtail.export.formats import Format, format_named, require
from longtail.export.int8 import Loss, map_loss, quantised
from longtail.export.notes import refitted, source_note, stage_facts
from longtail.export.parity import NOISE, Parity, parity, parity_with_sources
from longtail.export.stored import CARD, is_export, with_files, write_facts
from longtail.files import make_folder, write_text
from longtail.leftovers import clear_leftovers, temporary_prefix
from longtail.predict.predicting import run_recipe, training_manifest
from longtail.predict.tta.predicting_views import TTAMerge
from longtail.stages.run_folder import MANIFEST, read_run


@dataclass(frozen=True)
class Exported:
    """Where the export is, how far it is from `predict`, what int8 cost, and its size in bytes."""

    folder: Path
    parity: Parity
    loss: Loss | None
    bytes: int


def export(
    run: str | Path,
    out: str | Path | None = None,
    *,
    format: str = "onnx",
    int8: bool = False,
    stages: Sequence[str] | None = None,
    tta: Sequence[Any] | None = None,
    tta_merge: TTAMerge | None = None,
    manifest: Manifest | None = None,
    check_images: int = 32,
    store: str | Path | None = None,
    tell: Callable[[str], object] = lambda _: None,
) -> Exported:
    """Write `run` as an export to the folder `out` (default: RUN/export-FORMAT); an older export there is replaced.

    The networks' predictions are compared with PyTorch's on up to `check_images` validation images of `manifest`
    (default: the one that the run was trained on; noise where there is none) in batches of several sizes; too large a
    difference is an error. `int8` quantises, and measures what it costs in mAP on all validation images. The parity
    that is told is that of the files as they are written, with `longtail predict`, also where that knows data sets.
    """
    run = Path(run)
    kind = format_named(format)
    target = Path(out) if out else run / f"export-{kind.name}{'-int8' if int8 else ''}"
    _require_place(target)
    require((*kind.to_write, *kind.to_open), f"an export of format '{kind.name}'")
    if int8:
        _require_int8(kind)
    bundle, networks = run_bundle(run, stages=stages, tta=tta, tta_merge=tta_merge, device="cpu", precision="fp32")
    images = _manifest(run, manifest)
    with _beside(target) as folder:
        for member in bundle.members:
            tell(f"writing {member.name} ({member.image_size} px)")
            example = NOISE.integers(0, 256, (2, member.image_size, member.image_size, member.channels), dtype="uint8")
            network = networks[member.name].to(memory_format=torch.contiguous_format)
            kind.write(network, example, folder / f"{member.name}{kind.suffix}")
        tell("comparing with predict")
        written = with_files(bundle, kind, folder)
        found = parity(bundle, written, images, check_images, store)
        _require_close(found, kind)
        told: dict[str, Any] = {"conversion": found.as_json(), **_source(run)}
        loss = _to_int8(run, bundle, kind, folder, images, store, tell) if int8 else None
        if loss:
            told["int8_loss"] = loss.as_json()
            found = Parity(loss.moved, loss.images, f"{loss.images:,} validation images")
        if sources := sources_of(bundle):
            asked: dict[str, Any] = {"stages": stages, "tta": tta, "tta_merge": tta_merge}
            written = with_files(bundle, kind, folder)
            apart = parity_with_sources(run, written, images, check_images, store, **asked)
            found, note = apart or found, source_note(sources, apart)
            bundle = replace(bundle, notes=(*bundle.notes, note))
            tell(note)
        told["parity"] = found.as_json()
        write_facts(bundle, kind, folder, int8=int8, **told)
        write_text(folder / CARD, model_card(bundle, kind.name, told, run_recipe(run)))
        size = sum(file.stat().st_size for file in folder.iterdir())
        _put(folder, target)
    return Exported(target, found, loss, size)


def _to_int8(
    run: Path,
    bundle: Bundle,
    kind: Format,
    folder: Path,
    images: Manifest | None,
    store: Any,
    tell: Callable[[str], object],
) -> Loss:
    if images is None:
        raise UserError("int8 takes its ranges from images and is judged on validation images; name --manifest.")
    tell("quantising")
    quantised(bundle, kind, folder, images, store)
    tell("measuring mAP")
    seen = bool(refitted(stage_facts(run, [member.name for member in bundle.members])))
    seen = seen and read_run(run, MANIFEST).get("hash") == images.digest()
    return map_loss(bundle, with_files(bundle, kind, folder), images, store, seen=seen)


def _manifest(run: Path, given: Manifest | None) -> Manifest | None:
    if given is not None:
        return given
    with suppress(UserError):
        return training_manifest(run, None)
    return None


def _source(run: Path) -> dict[str, Any]:
    told: Mapping[str, Any] = read_run(run, MANIFEST) if (run / MANIFEST).is_file() else {}
    return {"trained_on": {name: told[name] for name in ("rows", "splits", "hash") if name in told}}


def _require_int8(kind: Format) -> None:
    if kind.quantise is None:
        raise UserError(f"the format '{kind.name}' has no int8; take --format onnx or openvino.")
    require(kind.to_quantise, f"int8 of format '{kind.name}'")


def _require_close(found: Parity, kind: Format) -> None:
    if not found.difference <= kind.tolerance:
        raise UserError(
            f"the {kind.name} file's probabilities differ from predict's by up to {found.difference:.2g} on {found.on},"
            f" more than {kind.tolerance:g}; nothing was written. Take another format and please report this."
        )


def _require_place(target: Path) -> None:
    if target.exists() and not is_export(target) and not (target.is_dir() and not any(target.iterdir())):
        raise UserError(f"'{target}' is there and no export; name another folder with --out.")


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A temporary folder beside `target`, gone afterwards unless it was put in its place."""
    clear_leftovers(make_folder(target.parent))
    folder = Path(tempfile.mkdtemp(prefix=temporary_prefix(target.name), dir=target.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _put(folder: Path, target: Path) -> None:
    """Rename into place; an older export steps aside first."""
    folder.chmod(0o755)
    if target.exists():
        old = Path(tempfile.mkdtemp(prefix=".old.", dir=target.parent))
        target.rename(old / "export")
        folder.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    else:
        folder.rename(target)
