"""Mutated manifests through the verbs that read them: named mutations alone, some together, plain damage."""

import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hostile.cells import OWNED, Mutation, all_mutations
from hostile.columns import parquet_mutations
from hostile.damage import DAMAGE, Verdicts
from hostile.forked import CommandLine
from longtail.data import Manifest, phantoms, split

PLAIN = "plain damage"


def mutated_manifests(command_line: CommandLine, home: Path, numbers: range, seed: str) -> dict[str, Any]:
    """These cases; a verb on each, and `data split`, which checks its manifest, where a mistake must be told."""
    whole, run = made(command_line, home)
    verdicts = Verdicts()
    for number in numbers:
        dice = random.Random(f"{seed} {number}")
        mutations = chosen(number, dice)
        case = home / f"case{number}"
        table = copied(whole, case, parquet=any(each.name.startswith("parquet") for each in mutations))
        met = damage(case, table, mutations, dice)
        sure = len(mutations) == 1 and mutations[0].must_tell
        words = ["data", "split", table, "--out", "out/split.csv"] if sure else verb(table, whole, run, dice)
        ended = command_line.run(words, cwd=case)
        owned = "code from a file was run" if list(case.rglob(OWNED)) else ""
        if verdicts.add(ended, met, must_tell=sure, files=case, wrong=owned):
            shutil.rmtree(case)
    return {"cases": len(numbers), **verdicts.told()}


def made(command_line: CommandLine, home: Path) -> tuple[Path, Path]:
    """A sound manifest as CSV and Parquet, and a run of it with predictions."""
    whole = home / "whole"
    split(phantoms(whole, patients=8, size=32), "50/25/25").save(whole / "manifest.csv")
    Manifest.load(whole / "manifest.csv").save(whole / "manifest.parquet")
    words = ["fit", "baseline", "manifest.csv", "model.backbone=test_resnet", "--smoke", "--out", "../run"]
    for each in (words, ["predict", "../run", "manifest.csv", "--out", "../p.parquet"]):
        ended = command_line.run(each, cwd=whole)
        if ended.status:
            raise SystemExit(f"on the sound manifest: {ended.err}")
    return whole, home / "run"


def chosen(number: int, dice: random.Random) -> list[Mutation]:
    """What a case meets: six in ten one mutation, in turn; two in ten two or three; two in ten none but damage."""
    known = [*all_mutations(), *parquet_mutations()]
    if number % 10 < 6:
        return [known[(number // 10 * 6 + number % 10) % len(known)]]
    together = [each for each in known if not each.name.startswith("parquet")]
    return dice.sample(together, dice.randint(2, 3)) if number % 10 < 8 else []


def copied(whole: Path, case: Path, *, parquet: bool) -> str:
    """A folder of its own for a case; returns the table's name."""
    case.mkdir()
    table = "manifest.parquet" if parquet else "manifest.csv"
    for name in (table, "manifest.yaml", "boxes.csv"):
        shutil.copy(whole / name, case / name)
    (case / "images").symlink_to(whole / "images")
    return table


def damage(case: Path, table: str, mutations: list[Mutation], dice: random.Random) -> str:
    """Do it, and say what it was."""
    if not mutations:
        for _ in range(dice.randint(1, 3)):
            victim = case / dice.choice((table, table, "manifest.yaml", "boxes.csv"))
            victim.write_bytes(dice.choice(DAMAGE)(victim.read_bytes() or b"x", dice))
        return PLAIN
    for mutation in mutations:
        try:
            mutation.mutate(case, dice)
        except (ValueError, LookupError, OSError):  # what the one before it left is no table any more
            if len(mutations) == 1:
                raise
    return mutations[0].name if len(mutations) == 1 else "several mutations"


def verb(table: str, whole: Path, run: Path, dice: random.Random) -> list[str]:
    """One of the verbs that take a manifest."""
    predictions = str(run.parent / "p.parquet")
    page = [] if dice.random() < 0.1 else ["--no-page"]
    verbs = [
        ["data", "inspect", table, "--out", "out", *page],
        ["data", "split", table, "--out", "out/split.csv"],
        ["data", "tail", table, "--out", "out/tail.parquet", "--ratio", "3", "--within", "all"],
        ["data", "merge", table, str(whole / "manifest.csv"), "--out", "out"],
        ["data", "prepare", table, "--size", "16", "--store", "out/store", "--on-bad", "skip"],
        ["data", "prepare", table, "--size", "16", "--store", "out/store", "--on-bad", "blank"],
        ["data", "single", table, "--out", "out/single.csv"],
        ["validate", "baseline", table, "--smoke"],
        ["evaluate", predictions, table, "--resamples", "20"],
        ["predict", str(run), table, "--out", "out.parquet", "--store", "out/store"],
    ]
    return dice.choice(verbs)


def same_when_fresh(command_line: CommandLine, home: Path, numbers: range, seed: str) -> dict[str, Any]:
    """Cases also in processes of their own, imports and all: status and output must be the fork's."""
    whole, run = made(command_line, home)
    differ = []
    for number in numbers:
        dice = random.Random(f"{seed} {number}")
        mutations = chosen(number, dice)
        case = home / f"case{number}"
        table = copied(whole, case, parquet=any(each.name.startswith("parquet") for each in mutations))
        met, words = damage(case, table, mutations, dice), verb(table, whole, run, dice)
        forked = command_line.run(words, cwd=case)
        shutil.rmtree(case / "out", ignore_errors=True)
        call = [sys.executable, "-m", "longtail", *words]
        fresh = subprocess.run(call, cwd=case, capture_output=True, check=False, stdin=subprocess.DEVNULL)
        said = (fresh.stdout + fresh.stderr).decode("utf-8", "backslashreplace")
        if (fresh.returncode, _quiet(said)) != (forked.status, _quiet(forked.out + forked.err)):
            differ.append(met)
            print("BREACH", met, *words, forked, fresh.returncode, said[-2000:], sep="\n", file=sys.stderr)
    return {"cases": len(numbers), "breaches": len(differ)}


def _quiet(said: str) -> list[str]:
    """What was said, without speeds."""
    return [line for line in said.splitlines() if "/s" not in line and " s" not in line]
