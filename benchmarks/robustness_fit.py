"""Damaged recipes and killed trainings through the real command line; writes results/robustness-fit.json.

Run: python benchmarks/robustness_fit.py [--recipes 2000] [--kills 200] [--seed 0]

- Recipes: a shipped recipe's text is damaged (bits, pieces, words, numbers, indentation) and goes through `longtail
  show` and `longtail validate`: each is done, or told in one sentence with exit status 2. A traceback or another status
  is a breach.
- Kills: `longtail fit` of three small stages gets SIGKILL (mostly), SIGTERM or SIGINT at a random moment, again and
  again until it has ended by itself: weights and predictions must be, bit for bit, those of an undisturbed run.
"""

import argparse
import hashlib
import json
import os
import platform
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from robustness import DAMAGE, attempt, tally

from longtail.data import phantoms, split
from longtail.stages.shipped import shipped_recipes

RESULTS = Path(__file__).parent / "results" / "robustness-fit.json"
STRANGE = ("", "-1", "0", "1e999", "nan", "null", "[]", "{}", "[[1]]", "yes", "9" * 30, "'", "*a", "&a b", "{a: ", "\t")
SMALL = """
recipe: small
task: multilabel
model: {backbone: test_resnet, weights: none, channels: 1}
defaults: {image_size: 32, batch_size: 8, loss: bce, optimizer: {adamw: {lr: 0.001}}}
stages:
  features: {epochs: 6, augment: [hflip, {shift_scale: {}}], ema: {decay: 0.9}, keep: {best: map}}
  more: {from: features, epochs: 4, optimizer: {sgd: {lr: 0.01, momentum: 0.9}}, mix: mixup}
  head: {from: more, train: head, epochs: 3, sampler: class_aware}
"""


def change_word(text: str, dice: random.Random) -> str:
    """A word or number replaced by something strange, or by another one of the text."""
    words = list(re.finditer(r"[^\s:,{}\[\]]+", text))
    victim, other = dice.choice(words), dice.choice(words)
    value = dice.choice(STRANGE) if dice.random() < 0.5 else other[0]
    return text[: victim.start()] + value + text[victim.end() :]


def change_line(text: str, dice: random.Random) -> str:
    """A line gone, doubled, moved or otherwise indented."""
    lines = text.splitlines(keepends=True)
    i, j = (dice.randrange(len(lines)) for _ in range(2))
    match dice.randrange(4):
        case 0:
            del lines[i]
        case 1:
            lines.insert(j, lines[i])
        case 2:
            lines[i], lines[j] = lines[j], lines[i]
        case _:
            lines[i] = " " * dice.randrange(6) + lines[i].lstrip()
    return "".join(lines)


def change_bytes(text: str, dice: random.Random) -> bytes:
    """Bits, a cut, a piece doubled."""
    return dice.choice(DAMAGE[:3])(text.encode(), dice)


def damaged_recipes(home: Path, count: int, dice: random.Random) -> dict[str, Any]:
    """Shipped recipes and tables, damaged, shown and validated against a manifest."""
    manifest = made_manifest(home)
    texts = [path.read_text(encoding="utf-8") for path in shipped_recipes().values()]
    ways: tuple[Callable[[str, random.Random], str | bytes], ...] = (
        change_word,
        change_word,
        change_line,
        change_bytes,
    )
    attempt(["validate", "baseline", str(manifest), "--smoke"])  # loads torch, so that no case is slow for it
    outcomes: Counter[str] = Counter()
    for number in range(count):
        text: str | bytes = dice.choice(texts)
        for _ in range(dice.randint(1, 3)):
            text = dice.choice(ways)(text, dice) if isinstance(text, str) and text else text
        path = home / f"case{number}.yaml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        results = [attempt(["show", str(path)]), attempt(["validate", str(path), str(manifest), "--smoke"])]
        outcomes.update(results)
        if "breach" not in results:
            path.unlink()
    return {"cases": count, **tally(outcomes)}


def made_manifest(home: Path) -> Path:
    """A few made radiographs with splits."""
    split(phantoms(home / "data", patients=12, size=48), "50/25/25").save(home / "data" / "split.csv")
    return home / "data" / "split.csv"


def killed_fits(home: Path, kills: int, dice: random.Random) -> dict[str, Any]:
    """Trainings that are killed until they have ended by themselves, compared with an undisturbed one."""
    made_manifest(home)
    (home / "small.yaml").write_text(SMALL)
    began = time.monotonic()
    _run(started(home, "whole"))
    seconds, reference = time.monotonic() - began, bits(home / "whole")
    told: Counter[str] = Counter()
    while told["kills"] < kills:
        while killed(started(home, "again"), dice.uniform(0.2, 1.2) * seconds, dice, told) and told["kills"] < kills:
            pass
        _run(started(home, "again"))
        told["runs"] += 1
        told["breaches"] += bits(home / "again") != reference
        for name in ("again", "prepared-again"):
            shutil.rmtree(home / name)
    return {name: told[name] for name in ("kills", "SIGKILL", "SIGTERM", "SIGINT", "runs", "breaches")}


def started(home: Path, out: str) -> subprocess.Popen[str]:
    """A training under way."""
    words = ["fit", "small.yaml", "data/split.csv", "--out", out, "--prepared", f"prepared-{out}"]
    hears = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # noqa: E731 - a shell's background jobs ignore Ctrl-C
    return subprocess.Popen(
        [sys.executable, "-m", "longtail", *words], cwd=home, env={**os.environ, "OMP_NUM_THREADS": "1"}, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=hears,
    )  # fmt: skip


def killed(process: subprocess.Popen[str], after: float, dice: random.Random, told: Counter[str]) -> bool:
    """Whether it was still at work after so many seconds, and is no more."""
    try:
        process.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        number = dice.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT))
        process.send_signal(number)
        said = process.communicate()[1]
        told.update(("kills", number.name))
        told["breaches"] += "Traceback" in said
        return True
    return False


def _run(process: subprocess.Popen[str]) -> None:
    said = process.communicate()[1]
    if process.returncode:
        raise SystemExit(f"the training failed: {said}")


def bits(run: Path) -> dict[str, str]:
    """A hash of each stage's weights and predictions."""
    names = ("weights.safetensors", "predictions.parquet")
    return {
        f"{stage.name}/{name}": hashlib.sha256((stage / name).read_bytes()).hexdigest()
        for stage in sorted((run / "stages").iterdir())
        for name in names
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("recipes", 2000), ("kills", 200), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=usual, metavar="N")
    asked = parser.parse_args()
    folder, dice = Path(tempfile.mkdtemp(prefix="longtail-robustness-")), random.Random(asked.seed)
    parts = {"recipes": (damaged_recipes, asked.recipes), "kills": (killed_fits, asked.kills)}
    found: dict[str, Any] = (
        json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    )  # a part of 0 is left as it was
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, (work, count) in parts.items():
            if count:
                (folder / name).mkdir()
                found[name] = work(folder / name, count, dice)
            print(name, found.get(name), flush=True)
    where = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    RESULTS.write_text(json.dumps({**found, "seed": asked.seed, "where": where}, indent=1) + "\n")
    breaches = sum(found.get(name, {"breaches": 0})["breaches"] for name in parts)
    if not breaches:
        shutil.rmtree(folder)
    return int(breaches > 0)


if __name__ == "__main__":
    sys.exit(main())
