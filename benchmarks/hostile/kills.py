"""Commands killed at random moments, again and again until they have ended by themselves, and what they then made.

A part is one command with its folder: each life of it gets a signal after a random share of what an undisturbed one
takes, and goes on in the same folder. When a life has ended by itself, every file that counts must be, bit for bit,
that of the undisturbed run, and nothing that was finished before a kill may have been made again. Where a kill struck
is read from what it left behind.
"""

import hashlib
import json
import random
import shutil
import signal
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from hostile.forked import CommandLine, Ended, complaint
from longtail.data import from_states, phantoms, split

SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
SIZES = (96, 160)
# Prepared images are committed and checkpoints written more often than in earnest (5 s, 60 s and a twentieth of the
# time), so that kills fall before, within and after many.
COMMITS = {"longtail.data.images.prepare_work.COMMIT_SECONDS": 0.05}
CHECKPOINTS = {"longtail.stages.pacing._CHECKPOINT": 0.02, "longtail.stages.pacing._SHARE": 2}
SMALL = """
recipe: small
task: multilabel
model: {backbone: test_resnet, weights: none, channels: 1}
defaults: {image_size: 32, batch_size: 8, loss: bce, optimizer: {adamw: {lr: 0.001}}}
stages:
  features: {epochs: 16, augment: [hflip, {shift_scale: {}}], ema: {decay: 0.9}, keep: {best: map}}
  more: {from: features, epochs: 16, optimizer: {sgd: {lr: 0.01, momentum: 0.9}}, mix: mixup}
  head: {from: more, train: head, epochs: 8, sampler: class_aware}
"""


@dataclass(frozen=True)
class Part:
    """A command to kill, and how its folder is read."""

    words: list[str]
    made: Callable[[Path], dict[str, str]]  # a hash of every file that counts
    finished: Callable[[Path], dict[str, Any]]  # what must never be made again: its name, and what tells it
    phase: Callable[[Path], str]  # what was under way
    tuned: dict[str, float]


def killed(command_line: CommandLine, home: Path, part: Part, kills: int, dice: random.Random) -> dict[str, Any]:
    """So many kills of one command; see above."""
    told: Counter[str] = Counter()
    phases: Counter[str] = Counter()
    struck_in: list[str] = []
    (home / "whole").mkdir(exist_ok=True)
    whole = command_line.run(part.words, cwd=home / "whole", tuned=part.tuned)
    if whole.status:
        raise SystemExit(f"undisturbed, it failed: {whole.err}")
    reference, folder, breaches, usual = part.made(home / "whole"), home / "again", [], whole.seconds
    while told["kills"] < kills:
        fresh = not folder.exists()
        folder.mkdir(exist_ok=True)
        before = part.finished(folder)
        by, after = dice.choice(SIGNALS), dice.uniform(0, 1) * usual
        at_last = (
            len(struck_in) > 1 and struck_in[-1] == struck_in[-2]
        )  # twice in one phase, which is enough of it for this folder
        ended = command_line.run(part.words, cwd=folder, after=None if at_last else after, by=by, tuned=part.tuned)
        lost = [name for name, value in before.items() if part.finished(folder).get(name) != value]
        if struck(ended, by):
            told.update(("kills", by.name))
            struck_in.append(part.phase(folder))
            phases[struck_in[-1]] += 1
            wrong = "a traceback" if "Traceback" in ended.err else ""
        else:
            told["runs"] += 1
            struck_in.clear()
            usual = min(usual, ended.seconds) if fresh else usual  # of the machine, which others use too
            made = part.made(folder)
            differ = sorted(name for name in {*made, *reference} if made.get(name) != reference.get(name))
            slow = max(10.0, 2 * whole.cpu)  # a whole training takes its time, but no life twice an undisturbed one's
            wrong = complaint(ended, slow) or (f"exit status {ended.status}: {ended.err}" if ended.status else "")
            wrong += f" differing: {', '.join(differ)}" if differ else ""
        if wrong or lost:
            breaches.append(f"{wrong} lost: {lost}" if lost else wrong)
            print("BREACH", *part.words, breaches[-1], ended, sep="\n", flush=True)
            shutil.copytree(folder, home / f"breach{len(breaches)}", dirs_exist_ok=True)
        if not struck(ended, by):
            told["files_left_over"] += sum(path.name.startswith(".") for path in folder.rglob("*"))
            shutil.rmtree(folder)
    names = ("kills", "SIGKILL", "SIGTERM", "SIGINT", "runs", "files_left_over")
    return {
        **{name: told[name] for name in names}, "files_compared": len(reference), "seconds": round(whole.seconds, 1),
        "phases": dict(sorted(phases.items())), "breaches": len(breaches),
    }  # fmt: skip


def struck(ended: Ended, by: int) -> bool:
    """Whether the signal ended it, rather than come when all was done: by its exit status."""
    return ended.hit and ended.status in (-by, 128 + by)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# --- prepare ---


def killed_prepares(command_line: CommandLine, home: Path, numbers: range, seed: str) -> dict[str, Any]:
    """`longtail data prepare` of two sizes by two threads; some files are equal, some are no images."""
    home.mkdir(parents=True, exist_ok=True)
    manifest = large_images(home / "data")
    sizes = [word for size in SIZES for word in ("--size", str(size))]
    words = ["data", "prepare", str(manifest), *sizes, "--workers", "2", "--store", "store", "--on-bad", "skip"]
    return killed(
        command_line,
        home,
        Part(words, pixels, committed, size_under_way, COMMITS),
        len(numbers),
        random.Random(f"{seed} {numbers}"),
    )


def large_images(folder: Path) -> Path:
    """A manifest of images that take about a second to prepare."""
    folder.mkdir(parents=True)
    dice = np.random.default_rng(0)
    names = [f"{i}.png" for i in range(60)]
    for i, name in enumerate(names):
        Image.fromarray(dice.integers(0, 255, (900, 900)).astype(np.uint8)).save(folder / name, compress_level=1)
        if i % 10 == 7:
            shutil.copy(folder / names[i - 1], folder / name)
        if i % 10 == 9:
            (folder / name).write_bytes((folder / name).read_bytes()[:5000])
    states = np.eye(2)[np.arange(len(names)) % 2]
    return from_states(pd.DataFrame({"image": names}), ["A", "B"], states, folder).save(folder / "manifest.csv")


def pixels(home: Path) -> dict[str, str]:
    """Each size's pixels, list of unusable files, and index (times and paths are the manifest's, so equal)."""
    found = {}
    for place in sorted((home / "store").iterdir()):
        for name in ("pixels.u8", "bad.csv"):
            found[f"{place.name}/{name}"] = sha((place / name).read_bytes())
        for table in ("slots", "files", "bad"):
            found[f"{place.name}/{table}"] = sha(repr(sorted(rows(place, table))).encode())
    return found


def committed(home: Path) -> dict[str, Any]:
    """What each size's index names already, read from a copy, so that a kill's journal stays as it is."""
    return {
        f"{place.name}/{content.hex()}": slot
        for place in sorted((home / "store").glob("*/"))
        for content, slot, _ in rows(place, "slots")
    }


def rows(place: Path, table: str) -> list[Any]:
    with tempfile.TemporaryDirectory() as copy:
        for path in place.glob("index.sqlite*"):
            shutil.copy(path, copy)
        index = sqlite3.connect(Path(copy) / "index.sqlite")
        try:
            return list(index.execute(f"select * from {table}"))
        except sqlite3.OperationalError:  # no such table yet
            return []
        finally:
            index.close()


def size_under_way(home: Path) -> str:
    """The last size that there is anything of, and whether its index was being written."""
    places = sorted((home / "store").glob("*/"), key=lambda place: int(place.name.split("-")[0]))
    if not places:
        return "starting"
    within = "while the index was open for a commit" if (places[-1] / "index.sqlite-journal").exists() else "otherwise"
    return f"{places[-1].name.split('-')[0]} px, {within}"


# --- fit ---


def killed_fits(command_line: CommandLine, home: Path, numbers: range, seed: str) -> dict[str, Any]:
    """`longtail fit` of three small stages, from preparing to the report."""
    home.mkdir(parents=True, exist_ok=True)
    split(phantoms(home / "data", patients=30, size=48), "50/25/25").save(home / "data" / "split.csv")
    table = pd.read_csv(home / "data" / "split.csv")
    table.drop(columns=table.columns[13:]).to_csv(home / "data" / "few.csv", index=False)  # six labels: a quick report
    (home / "small.yaml").write_text(SMALL)
    words = ["fit", "../small.yaml", "../data/few.csv", "--out", "run", "--prepared", "prepared"]
    return killed(
        command_line,
        home,
        Part(words, bits, stages, epoch_under_way, CHECKPOINTS),
        len(numbers),
        random.Random(f"{seed} {numbers}"),
    )


def bits(home: Path) -> dict[str, str]:
    """Weights, predictions, embeddings, decisions, metrics and heat maps; logs and report without their times."""
    run = home / "run"
    kept = [path for path in run.rglob("*") if path.suffix in (".safetensors", ".parquet", ".png") and path.is_file()]
    kept += [*run.glob("*s.json"), *(home / "prepared").glob("*/pixels.u8")]  # metrics, decisions
    found = {str(path.relative_to(home)): sha(path.read_bytes()) for path in kept if not path.name.startswith(".")}
    for log in run.glob("stages/*/log.jsonl"):
        found[str(log.relative_to(home))] = sha(repr(epochs(log)).encode())
    return found


def epochs(log: Path) -> list[dict[str, Any]]:
    """The lines of a log that tell of epochs, without what the clock says."""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    timed = ("time", "seconds", "images_per_s")
    return [{key: line[key] for key in line if key not in timed} for line in lines if line["event"] == "epoch"]


def stages(home: Path) -> dict[str, Any]:
    """When each finished stage's weights were written: a finished stage is never trained again."""
    done = (home / "run").glob("store/*/stage.json")
    return {path.parent.name: (path.parent / "weights.safetensors").stat().st_mtime_ns for path in done}


def epoch_under_way(home: Path) -> str:
    """Preparing, a stage's epoch, the writing of a file, predictions or the report."""
    run = home / "run"
    if not run.exists():
        return "starting"
    if half := [path for path in home.rglob(".*") if path.is_file()]:
        newest = max(half, key=lambda path: path.stat().st_mtime)
        return f"writing {newest.name.split('.')[1]}" + newest.suffix
    under_way = [lock.parent for lock in run.glob("store/*/lock") if not (lock.parent / "stage.json").exists()]
    finished = len(stages(home))
    if under_way:
        log = under_way[0] / "log.jsonl"
        epochs = log.read_text().count('"event": "epoch"') if log.exists() else 0
        return f"stage {finished + 1}, epoch {epochs + 1}"
    if finished < 3:
        return "preparing" if not finished else f"between stages {finished} and {finished + 1}"
    if not (run / "predictions" / "test.parquet").exists():
        return "predictions"
    return "report" if not (run / "metrics.json").exists() else "after the report"
