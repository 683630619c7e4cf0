"""What becomes of damaged files: every command must end with a result, or with one sentence and exit status 2.

    python benchmarks/robustness.py --manifests 500 --images 500 --kills 20

Manifests (CSV, Parquet), the YAML beside them and box tables are damaged by flipped bits, cuts, repeats, swapped
cells and the edits of people and spreadsheets, and go through inspect, split, tail, merge and prepare in this process;
then damaged PNG, JPEG, TIFF, WebP, BMP and DICOM files are prepared, where each must be used or be counted as unusable;
then `longtail data prepare` is killed at random moments, and after one whole run its pixels must be those of a run that
was never killed. The same seed does the same damage (the kills' moments are the machine's). A breach prints its
traceback, keeps its files and makes the exit status 1. About eight minutes on two cores; `--manifests 20 --images 50
--kills 2` take one. Writes benchmarks/results/robustness.json.
"""

import argparse
import contextlib
import hashlib
import io
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from longtail.cli import run
from longtail.data import from_states, phantoms, prepare
from longtail.data.images.prepared import Prepared
from longtail.files import write_json

RESULTS = Path(__file__).parent / "results" / "robustness.json"
SLOW = 10.0  # seconds; a damaged small file that takes longer is a breach too


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name, usual in (("manifests", 500), ("images", 500), ("kills", 20), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=usual, metavar="N")
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="longtail-robustness-"))
    began, dice = time.monotonic(), random.Random(asked.seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what decoders mutter about damaged files
        found = {
            "manifests": damaged_manifests(folder / "manifests", asked.manifests, dice),
            "images": damaged_images(folder / "images", asked.images, dice),
            "kills": killed(folder / "kills", asked.kills, dice),
        }
    breaches = sum(part["breaches"] for part in found.values())
    for name, part in found.items():
        print(name, *(f"{key}={value}" for key, value in part.items()))
    print(f"{breaches} breaches in {time.monotonic() - began:.0f} s")
    where = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    write_json(asked.out, {"benchmark": "robustness", "seed": asked.seed, **found, "where": where})
    if not breaches:
        shutil.rmtree(folder)
    return int(breaches > 0)


# --- damage ---


def flip(data: bytes, dice: random.Random) -> bytes:
    """One to eight bits the other way round."""
    changed = bytearray(data)
    for _ in range(dice.randint(1, 8)):
        changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
    return bytes(changed)


def cut(data: bytes, dice: random.Random) -> bytes:
    """The beginning only; sometimes nothing at all."""
    return data[: dice.randrange(len(data))]


def repeat(data: bytes, dice: random.Random) -> bytes:
    """A piece once more, somewhere else."""
    a, b = sorted(dice.randrange(len(data)) for _ in range(2))
    at = dice.randrange(len(data))
    return data[:at] + data[a:b][:4096] + data[at:]


def swap_cells(data: bytes, dice: random.Random) -> bytes:
    """Two cells of a text table in each other's place, or one replaced by something strange."""
    rows = [line.split(b",") for line in data.split(b"\n")]
    first, second = (dice.choice(rows) for _ in range(2))
    i, j = dice.randrange(len(first)), dice.randrange(len(second))
    strange = [b"", b"nan", b"1e0", b"-1", b"0.5", b"9" * 40, b"2020-01-01", b"=1+1", b'"', b"\xff", b"\0", b"a\rb"]
    if dice.random() < 0.5:
        first[i] = dice.choice(strange)
    else:
        first[i], second[j] = second[j], first[i]
    return b"\n".join(b",".join(row) for row in rows)


def edit(data: bytes, dice: random.Random) -> bytes:
    """What people and spreadsheets do: rows and columns gone, moved or doubled, cells retyped, other line ends."""
    rows = [line.split(b",") for line in data.strip().split(b"\n")]
    column, some = dice.randrange(len(rows[0])), dice.sample(range(len(rows)), dice.randint(0, len(rows) - 1))
    match dice.randrange(8):
        case 0:
            rows = [row for i, row in enumerate(rows) if i not in some]
        case 1:
            rows = [row[:column] + row[column + 1 :] for row in rows]
        case 2:
            rows += [rows[i] for i in some[:2]]
        case 3:
            rows = rows[:1] + dice.sample(rows[1:], len(rows) - 1)
        case 4:
            return b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n")
        case 5:
            return data.replace(b",", dice.choice((b";", b"\t", b" , ")))
        case _:
            value = dice.choice((b"0", b"1", b"", b"-1", b"U", b" 1 ", b"1.0", b"NaN", b"p000001", b"train"))
            for i in set(some) - {0}:
                rows[i] = [value if k == column else cell for k, cell in enumerate(rows[i])]
    return b"\n".join(b",".join(row) for row in rows) + b"\n"


DAMAGE: tuple[Callable[[bytes, random.Random], bytes], ...] = (flip, cut, repeat, swap_cells)


# --- manifests ---


def damaged_manifests(home: Path, count: int, dice: random.Random) -> dict[str, Any]:
    """Every verb on manifests of which the table, the YAML or the boxes are damaged."""
    whole = home / "whole"
    made = phantoms(whole, patients=6, size=32)
    made.save(whole / "manifest.parquet")
    outcomes: Counter[str] = Counter()
    for number in range(count):
        suffix = dice.choice((".csv", ".csv", ".parquet"))
        case = home / f"case{number}"
        case.mkdir()
        for name in (f"manifest{suffix}", "manifest.yaml", "boxes.csv"):
            shutil.copy(whole / name, case / name)
        (case / "images").symlink_to(whole / "images")
        for _ in range(dice.randint(1, 2)):
            victim = case / dice.choice((f"manifest{suffix}", f"manifest{suffix}", "manifest.yaml", "boxes.csv"))
            data = victim.read_bytes()
            kinds = DAMAGE[:3] if victim.suffix == ".parquet" else (edit,) if dice.random() < 0.6 else DAMAGE
            victim.write_bytes(dice.choice(kinds)(data or b"x", dice))
        results = [attempt(words) for words in verbs(case / f"manifest{suffix}", whole, dice)]
        outcomes.update(results)
        if "breach" not in results:
            shutil.rmtree(case)
    return {"cases": count, **tally(outcomes)}


def verbs(path: Path, whole: Path, dice: random.Random) -> list[list[str]]:
    """The commands that one case goes through."""
    out = path.parent / "out"
    page = [] if dice.random() < 0.05 else ["--no-page"]
    return [
        ["data", "inspect", str(path), "--out", str(out), *page],
        ["data", "split", str(path), "--out", str(out / "split.csv")],
        ["data", "tail", str(path), "--out", str(out / "tail.parquet"), "--ratio", "3", "--within", "all"],
        ["data", "merge", str(path), str(whole / "manifest.csv"), "--out", str(out)],
        ["data", "prepare", str(path), "--size", "16", "--store", str(out / "store"), "--on-bad", "skip"],
    ]


def attempt(words: Sequence[str]) -> str:
    """`done` (0), `told` (2 and a sentence), or `breach`, which is shown."""
    out, said, began = io.StringIO(), io.StringIO(), time.monotonic()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
            status = run(words)
    except BaseException:
        print("BREACH", *words, traceback.format_exc(), sep="\n", file=sys.stderr)
        return "breach"
    errors = [line for line in said.getvalue().splitlines() if line.startswith("error: ")]
    seconds = time.monotonic() - began
    if seconds < SLOW and ((status == 0 and not errors) or (status == 2 and errors)):
        return "done" if status == 0 else "told" if len(errors) == 1 else "told several"
    print("BREACH", *words, f"status {status} after {seconds:.1f} s", said.getvalue(), sep="\n", file=sys.stderr)
    return "breach"


def tally(outcomes: Counter[str]) -> dict[str, int]:
    """Commands by outcome."""
    told = outcomes["told"] + outcomes["told several"]
    return {
        "commands": outcomes.total(), "done": outcomes["done"], "told": told,
        "told_of_several": outcomes["told several"], "breaches": outcomes["breach"],
    }  # fmt: skip


# --- images ---


def damaged_images(home: Path, count: int, dice: random.Random) -> dict[str, Any]:
    """Damaged image files prepared: each is used, or counted with its reason."""
    home.mkdir()
    originals = [path.read_bytes() for path in whole_images(home / "whole")]
    names = []
    for number in range(count):
        kind = number % len(originals)
        name = f"{number}.{'dcm' if originals[kind][128:132] == b'DICM' else 'img'}"
        (home / name).write_bytes(dice.choice(DAMAGE[:3])(originals[kind], dice))
        names.append(name)
    manifest = from_states(pd.DataFrame({"image": names}), ["A"], np.ones((count, 1)), home)
    used = unusable = breaches = 0
    for row in range(count):  # one at a time, so that a breach names its file
        try:
            made: Prepared = prepare(manifest.select([row]), 32, channels=1, store=home / "store", on_bad="blank")
        except Exception as error:
            if "none of the 1 images can be used" in str(error) and "Traceback" not in str(error):
                unusable += 1
                continue
            print("BREACH", home / names[row], traceback.format_exc(), sep="\n", file=sys.stderr)
            breaches += 1
            continue
        used += len(made) - len(made.bad)
        unusable += len(made.bad)
    return {"files": count, "used": used, "unusable": unusable, "breaches": breaches}


def whole_images(folder: Path) -> list[Path]:
    """A sound file of each kind."""
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 255, (80, 96, 3)).astype(np.uint8)
    pictures = {"rgb": pixels, "grey": pixels[..., 0], "deep": pixels[..., 0].astype(np.uint16) * 257}
    wanted = [("rgb", "png"), ("grey", "png"), ("deep", "png"), ("rgb", "jpg"), ("grey", "jpg"), ("rgb", "tiff")]
    for name, suffix in [*wanted, ("rgb", "webp"), ("grey", "bmp")]:
        Image.fromarray(pictures[name]).save(folder / f"{name}.{suffix}")
    try:
        phantoms(folder / "dicom", patients=1, size=96, format="dicom")
    except Exception as error:
        print(f"without DICOM: {error}", file=sys.stderr)
    return sorted(folder.glob("*.*")) + sorted(folder.glob("dicom/images/*"))[:2]


# --- kills ---


def killed(home: Path, kills: int, dice: random.Random) -> dict[str, Any]:
    """`longtail data prepare` killed at random moments, then run to its end: the same bytes as if never killed."""
    if not kills:
        return {"kills": 0, "while_working": 0, "breaches": 0}
    manifest = large_images(home / "data")
    began = time.monotonic()
    prepare_whole(manifest, home / "reference")
    seconds, reference = time.monotonic() - began, digest(home / "reference")
    working = breaches = 0
    for number in range(kills):
        store = home / "store"
        with subprocess.Popen(command(manifest, store), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as work:
            try:
                work.wait(dice.uniform(0.1, 1) * seconds)
            except subprocess.TimeoutExpired:
                work.kill()
                working += 1
        if number % 2:  # every second time two kills on one store
            prepare_whole(manifest, store)
            breaches += digest(store) != reference
            shutil.rmtree(store)
    prepare_whole(manifest, home / "store")
    breaches += digest(home / "store") != reference
    return {"kills": kills, "while_working": working, "breaches": breaches}


def large_images(folder: Path) -> Path:
    """A manifest of images that take a second or two to prepare."""
    folder.mkdir(parents=True)
    dice = np.random.default_rng(0)
    names = [f"{i}.png" for i in range(80)]
    for name in names:
        Image.fromarray(dice.integers(0, 255, (1000, 1000)).astype(np.uint8)).save(folder / name, compress_level=1)
    states = np.eye(2)[np.arange(len(names)) % 2]
    return from_states(pd.DataFrame({"image": names}), ["A", "B"], states, folder).save(folder / "manifest.csv")


def command(manifest: Path, store: Path) -> list[str]:
    """Two workers: images are stored in the order of the rows, however many decode them."""
    words = ["data", "prepare", str(manifest), "--size", "600", "--workers", "2", "--store", str(store)]
    return [sys.executable, "-m", "longtail", *words]


def prepare_whole(manifest: Path, store: Path) -> None:
    subprocess.run(command(manifest, store), check=True, capture_output=True)


def digest(store: Path) -> str:
    return hashlib.sha256(next(store.glob("*/pixels.u8")).read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
