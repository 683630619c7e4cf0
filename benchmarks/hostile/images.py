"""Tables of mutated image files through `data prepare`, `fit` and `predict`: each is used, or counted as unusable."""

import csv
import random
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hostile.damage import DAMAGE, Verdicts
from hostile.forked import CommandLine, Ended
from hostile.pictures import bomb, odd_images, strange_dicom, strange_png, whole_images
from longtail.data import from_states, phantoms, split

IN_A_TABLE = 25
SOUND = 3  # files of a table that are left as they are, so that it can be used at all
SLOW = 40.0  # seconds of processor time for a table: some files have a hundred million pixels
SUFFIXES = ("png", "jpg", "dcm", "tiff", "img", "", "PNG", "csv")
RECIPE = """
recipe: small
task: multilabel
model: {backbone: test_resnet, weights: none, channels: 1}
images: {on_bad: skip}
defaults: {image_size: 32, batch_size: 8, loss: bce, optimizer: {adamw: {lr: 0.001}}, epochs: 1}
stages: {main: {}}
"""
TOLD = re.compile(r"([\d,]+) images \(([\d,]+) new.*?([\d,]+) reused(?:, ([\d,]+) unusable)?")


def mutated_images(command_line: CommandLine, home: Path, numbers: range, seed: str) -> dict[str, Any]:
    """These many files, so many in a table; three commands for each table."""
    run = fitted(command_line, home)
    sound = [path.read_bytes() for path in whole_images(home / "whole")]
    odd = odd_images(home / "odd")
    verdicts, files, prepared = Verdicts(), Counter[str](), Counter[str]()
    by: dict[str, Counter[str]] = {}
    left = len(numbers)
    for number in range(0, left, IN_A_TABLE):
        dice = random.Random(f"{seed} {numbers} {number}")
        case = home / f"case{number}"
        kinds = written(case, sound, odd, min(IN_A_TABLE, left - number), dice)
        well = []
        for words in commands(run, number):
            ended = command_line.run(words, cwd=case)
            wrong = "not every file was counted" if words[1] == "prepare" and not all_counted(ended, len(kinds)) else ""
            well.append(
                verdicts.add(
                    ended, words[0] if words[0] != "data" else f"data {words[1]}", files=case, wrong=wrong, slow=SLOW
                )
            )
        bad = unusable(case)
        for name, kind in kinds.items():
            if kind != "left as it was":
                files["unusable" if name in bad else "used"] += 1
                by.setdefault(kind, Counter())["unusable" if name in bad else "used"] += 1
            prepared["sound files refused"] += kind == "left as it was" and name in bad
        if all(well):
            shutil.rmtree(case)
    told = verdicts.told()
    told["breaches"] += prepared["sound files refused"]
    return {"files": files.total(), **files, "sound_files_refused": prepared["sound files refused"], **told,
            "kinds": {kind: dict(counts) for kind, counts in sorted(by.items())}}  # fmt: skip


def fitted(command_line: CommandLine, home: Path) -> Path:
    """A run of sound images to predict with."""
    split(phantoms(home / "data", patients=8, size=32), "50/25/25").save(home / "data" / "split.csv")
    (home / "small.yaml").write_text(RECIPE)
    ended = command_line.run(["fit", "small.yaml", "data/split.csv", "--smoke", "--out", "run"], cwd=home)
    if ended.status:
        raise SystemExit(f"on sound images: {ended.err}")
    return home / "run"


def commands(run: Path, number: int) -> list[list[str]]:
    """Prepare, then predict with one policy or fit with another; now and then inspect, which looks at files too."""
    manifest, recipe = "manifest.csv", str(run.parent / "small.yaml")
    first = ["data", "prepare", manifest, "--size", "32", "--channels", "1", "--store", "store", "--on-bad", "skip"]
    rest = (
        ["predict", str(run), manifest, "--out", "p.parquet", "--store", "predicted", "--on-bad", "blank"],
        ["fit", recipe, manifest, "--smoke", "--out", "run", "--prepared", "fitted"],
        ["predict", str(run), manifest, "--out", "p.parquet", "--store", "predicted", "--on-bad", "skip"],
        ["data", "inspect", manifest, "--out", "inspected"],
    )
    return [first, rest[number // IN_A_TABLE % 4]]


def written(case: Path, sound: list[bytes], odd: dict[str, bytes], count: int, dice: random.Random) -> dict[str, str]:
    """A folder of so many mutated files and a few sound ones, with their manifest; what was done to each."""
    case.mkdir(parents=True)
    kinds = {}
    for i in range(count + SOUND):
        kind, data = ("left as it was", sound[1 + i % 4]) if i >= count else mutated(sound, odd, dice)
        suffix = "png" if i >= count else "dcm" if data[128:132] == b"DICM" else dice.choice(SUFFIXES)
        name = f"{i}.{suffix}" if suffix else str(i)
        (case / name).write_bytes(data + bytes([i]) * (i >= count and data[:4] != b"\x89PNG"))
        kinds[name] = kind
    names = list(kinds)
    table = pd.DataFrame(
        {"image": names, "split": ["train", "val", "test"] * (len(names) // 3) + ["train"] * (len(names) % 3)}
    )
    from_states(table, ["A", "B"], np.eye(2)[np.arange(len(names)) // 2 % 2], case).save(case / "manifest.csv")
    return kinds


def mutated(sound: list[bytes], odd: dict[str, bytes], dice: random.Random) -> tuple[str, bytes]:
    """What is wrong with a file, and its bytes."""
    data, chance = dice.choice(sound), dice.random()
    pngs, dicoms = ([each for each in sound if mark in each[:140]] for mark in (b"\x89PNG", b"DICM"))
    if chance < 0.2:
        name = dice.choice(sorted(odd))
        return f"unusual: {name}", odd[name]
    if chance < 0.25:
        name = dice.choice(sorted(odd))
        return "unusual and damaged", dice.choice(DAMAGE)(odd[name], dice)
    if chance < 0.3:
        return bomb(dice)
    if chance < 0.4:
        return "png: chunks", strange_png(dice.choice(pngs), dice)
    if chance < 0.6 and dicoms:
        return "dicom: tags", strange_dicom(dice.choice(dicoms), dice)
    if chance < 0.65:
        return "empty or noise", dice.randbytes(dice.choice((0, 0, 1, 3, 132, 5000)))
    if chance < 0.7:
        other = dice.choice(sound)
        return "two joined", data[: dice.randrange(600)] + other[dice.randrange(600) :]
    if chance < 0.75:
        return "a sound beginning, then noise", data[: dice.choice((2, 4, 12, 132, 400))] + dice.randbytes(
            dice.randrange(3000)
        )
    way = dice.choice(DAMAGE)
    return f"plain: {way.__name__}", way(data, dice)


def all_counted(ended: Ended, rows: int) -> bool:
    """Whether the used and the unusable that were told of are all of the table's rows."""
    told = TOLD.search(ended.out)
    return ended.status != 0 or bool(told and sum(int(told[i].replace(",", "")) for i in (1, 4) if told[i]) == rows)


def unusable(case: Path) -> set[str]:
    """The files that `data prepare` listed."""
    found = next((case / "store").glob("*/bad.csv"), None)
    if found is None:
        return set()
    with found.open(newline="") as file:
        return {row["image"] for row in csv.DictReader(file)}
