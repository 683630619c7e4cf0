"""A cohort as a data set on disk: films drawn patient by patient, over processes; the manifest last."""

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from longtail.data.boxes import box_table
from longtail.data.manifest import Manifest, from_classes, from_states
from longtail.data.phantom.cohort import NO_FINDING, Case, Causes, make_case, with_prevalence
from longtail.data.phantom.film import draw_film
from longtail.data.phantom.findings import Finding, findings
from longtail.data.phantom.image_files import Tags, require_pydicom, write_dicom, write_png
from longtail.data.phantom.labelling import study_class, study_states
from longtail.errors import UserError
from longtail.files import make_folder, require_free_space, write_json

Format = Literal["png", "dicom"]
DRAWING_VERSION = 1  # raised whenever the same settings would draw other pixels or labels
_SETTINGS = "phantoms.json"
_WORTH_PROCESSES = 1000  # patients; below, starting processes (about 2 s) costs more than it saves
_LABEL_STREAM, _TAG_STREAM = 0x1AB, 0xD1C


@dataclass(frozen=True)
class Settings:
    """Everything that determines the data set."""

    patients: int
    size: int
    seed: int
    format: Format = "png"
    single_label: bool = False
    label_noise: float = 0.0
    unknown: float = 0.0
    prevalence: dict[str, float] = field(default_factory=dict)

    def table(self) -> tuple[Finding, ...]:
        """The findings with the prevalences asked for."""
        return with_prevalence(findings(), self.prevalence)


@dataclass(frozen=True)
class Drawn:
    """A film that was written: its row, its label states `(F + 1,)` or class, its boxes."""

    row: dict[str, Any]
    target: Any
    boxes: list[tuple[str, str, float, float, float, float]]


def phantoms(
    out: Path,
    *,
    patients: int = 400,
    size: int = 128,
    seed: int = 0,
    format: Format = "png",
    single_label: bool = False,
    label_noise: float = 0.0,
    unknown: float = 0.0,
    prevalence: Mapping[str, float] | None = None,
    workers: int | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> Manifest:
    """Draw made radiographs of `patients` people into `out` and return their manifest (also saved there).

    The same settings give the same bytes, and a patient's films do not depend on how many there are. `single_label`
    keeps the rarest finding of each study and frontal films only. `label_noise` and `unknown` are the shares of labels
    flipped and left empty. `prevalence` replaces that of some findings. `workers` processes draw (default: one for
    small sets, else one for each core; a script that calls this with several needs the usual
    `if __name__ == "__main__":`). `on_progress` hears how many more patients are done.
    """
    settings = Settings(patients, size, seed, format, single_label, label_noise, unknown, dict(prevalence or {}))
    _check(settings, workers)
    out = Path(out)
    if (finished := _claim(out, settings)) is not None:
        return finished
    done: list[Drawn] = []
    for films in _draw_all(out, settings, workers):
        done += films
        if on_progress:
            on_progress(1)
    manifest = _manifest(out, settings, done)
    manifest.save(out / "manifest.csv")
    return Manifest.load(out / "manifest.csv", check=False)


def _check(settings: Settings, workers: int | None) -> None:
    whole = {
        "patients": (settings.patients, 1, 10**7),
        "size": (settings.size, 32, 4096),
        "seed": (settings.seed, 0, 2**32 - 1),
    }
    for name, (value, low, high) in {**whole, "workers": (1 if workers is None else workers, 1, 1024)}.items():
        if not low <= value <= high:
            raise UserError(f"{name} is {value}; give a whole number from {low} to {high}.")
    for name in ("label_noise", "unknown"):
        if not 0 <= getattr(settings, name) < 1:
            raise UserError(f"{name} is {getattr(settings, name):g}; give a share from 0 to below 1.")
    if settings.format not in get_args(Format):
        raise UserError(f"format is '{settings.format}'; valid: {', '.join(get_args(Format))}.")
    if settings.format == "dicom":
        require_pydicom()
    settings.table()


def _claim(out: Path, settings: Settings) -> Manifest | None:
    """Take the folder for these settings; the manifest if they were drawn there already, an error if others were."""
    record = {"version": DRAWING_VERSION, **asdict(settings)}
    make_folder(out)
    mine = out / _SETTINGS
    if mine.exists():
        if _read(mine) != record:
            raise UserError(f"'{out}' holds phantoms drawn with other settings (see '{mine}'); choose another --out.")
        if (out / "manifest.csv").exists():
            try:
                return Manifest.load(out / "manifest.csv")
            except UserError:  # somebody removed files: draw again
                (out / "manifest.csv").unlink()
    elif any(out.iterdir()):
        raise UserError(f"'{out}' is not empty and holds no phantoms; choose an empty or new folder with --out.")
    bytes_each = 2 if settings.format == "dicom" else 1
    require_free_space(out, int(settings.patients * 4.2 * settings.size**2 * bytes_each), "drawing the phantoms")
    write_json(mine, record)
    return None


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _draw_all(out: Path, settings: Settings, workers: int | None) -> Iterator[list[Drawn]]:
    """Every patient's films, in order. Processes, not threads: small numpy calls hold the interpreter's lock."""
    make_folder(out / "images")
    count = workers or (os.cpu_count() or 1 if settings.patients >= _WORTH_PROCESSES else 1)
    numbers = range(settings.patients)
    if count == 1:
        yield from map(_Painter(out, settings), numbers)
        return
    context = get_context("spawn")  # a forked copy of threads (torch) may hang
    leash, hand = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(count, mp_context=context, initializer=_leave_with, initargs=(leash,))
    try:
        chunk = max(1, min(16, settings.patients // (4 * count)))
        with _ctrl_c_held_back():
            drawn = pool.map(_Painter(out, settings), numbers, chunksize=chunk)
        yield from drawn
        pool.shutdown()
    finally:
        hand.close()  # after Ctrl-C or a full disk the processes leave at once; films half drawn are drawn again
        pool.shutdown(cancel_futures=True)
        leash.close()


@contextmanager
def _ctrl_c_held_back() -> Iterator[None]:
    """Processes started here never see Ctrl-C, which is the parent's to answer; it gets it at the end of the block."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _leave_with(leash: Connection) -> None:
    """End this process when the other end of `leash` is let go, by will or because the parent was killed.

    Else a killed parent's processes would wait for work without end, and Ctrl-C for the work that they have.
    """

    def watch() -> None:
        with suppress(EOFError, OSError):
            leash.recv()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


class _Painter:
    """Draws and writes one patient's films; a callable that processes can be sent."""

    def __init__(self, out: Path, settings: Settings) -> None:
        self.out, self.settings = out, settings
        self.table = settings.table()
        self.causes = Causes.of(self.table)
        self.by_name = {f.name: f for f in self.table}

    def __reduce__(self) -> tuple[type["_Painter"], tuple[Path, Settings]]:
        """Sent by its settings, so that the receiving process loads the findings itself."""
        return _Painter, (self.out, self.settings)

    def __call__(self, number: int) -> list[Drawn]:
        case = make_case(self.settings.seed, number, self.causes, single=self.settings.single_label)
        films = []
        for study, visit in enumerate(case.studies):
            target = self._target(case, study)
            films += [self._film(case, study, image, target) for image in range(len(visit.shots))]
        return films

    def _target(self, case: Case, study: int) -> Any:
        rng = np.random.default_rng([self.settings.seed, case.number, study + 1, _LABEL_STREAM])
        label = study_class if self.settings.single_label else study_states
        return label(
            case.studies[study].findings, [f.name for f in self.table], rng,
            label_noise=self.settings.label_noise, unknown=self.settings.unknown,
        )  # fmt: skip

    def _film(self, case: Case, study: int, image: int, target: Any) -> Drawn:
        settings, view = self.settings, case.studies[study].shots[image].view
        patient = f"p{case.number:06d}"
        visit = f"{patient}s{study + 1}"
        name = f"images/{visit}i{image + 1}.{'png' if settings.format == 'png' else 'dcm'}"
        film = draw_film(settings.seed, case, study, image, self.by_name, settings.size)
        if settings.format == "png":
            write_png(self.out / name, film.grey)
        else:
            coin = np.random.default_rng([settings.seed, case.number, study + 1, image, _TAG_STREAM]).random()
            key = f"{settings.seed}-{visit}"
            tags = Tags(patient, key, f"{key}i{image + 1}", view, case.patient, inverted=coin < 0.3)
            write_dicom(self.out / name, film.grey, tags)
        row = {"image": name, "patient": patient, "study": visit, "view": view, "source": "phantom"}
        boxes = [(name, label, float(a), float(b), float(c), float(d)) for label, (a, b, c, d) in film.boxes]
        return Drawn({**row, "age": case.patient.age, "sex": case.patient.sex}, target, boxes)


def _manifest(out: Path, settings: Settings, done: list[Drawn]) -> Manifest:
    table = pd.DataFrame([film.row for film in done])
    labels = (NO_FINDING, *(f.name for f in settings.table()))
    boxes = box_table([box for film in done for box in film.boxes])
    targets = np.array([film.target for film in done])
    make = from_classes if settings.single_label else from_states
    return make(table, labels, targets, out, boxes if len(boxes) else None)
