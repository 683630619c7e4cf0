"""Damage that any file can take, and how a command that met it is judged and counted."""

import random
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hostile.forked import Ended, complaint


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


DAMAGE: tuple[Callable[[bytes, random.Random], bytes], ...] = (flip, cut, repeat)


class Verdicts:
    """How commands ended, by what they met: `done`, `told` (exit status 2 and a sentence) or a breach."""

    def __init__(self) -> None:
        self.ends: Counter[str] = Counter()
        self.by: dict[str, Counter[str]] = {}
        self.several = self.breaches = 0
        self.slowest, self.largest = 0.0, 0

    def add(
        self,
        ended: Ended,
        met: str,
        *,
        must_tell: bool = False,
        files: Path | None = None,
        wrong: str = "",
        slow: float = 10.0,
    ) -> bool:
        """Count one command; whether all was well. `wrong` is what the caller found amiss beside."""
        wrong = ", ".join(filter(None, (wrong, complaint(ended, slow))))
        if must_tell and ended.status == 0:
            wrong = "a known mistake was not told"
        end = "breach" if wrong else "done" if ended.status == 0 else "told"
        self.ends[end] += 1
        self.by.setdefault(met, Counter())[end] += 1
        self.several += ended.err.count("\nerror: ") > 0
        self.slowest, self.largest = max(self.slowest, ended.cpu), max(self.largest, ended.mib)
        if wrong:
            self.breaches += 1
            said = "\n".join(line[:400] for line in (ended.out[-500:] + ended.err[-4000:]).splitlines())
            print(f"BREACH ({wrong}) {met}", *ended.words, f"status {ended.status}, files: {files}", said, sep="\n",
                  file=sys.stderr, flush=True)  # fmt: skip
        return not wrong

    def told(self) -> dict[str, Any]:
        """All of it, for the results."""
        return {
            "commands": self.ends.total(), "done": self.ends["done"], "told": self.ends["told"],
            "told_in_several_sentences": self.several, "slowest_cpu_s": round(self.slowest, 1),
            "largest_mib": self.largest, "breaches": self.breaches,
            "by": {met: dict(ends) for met, ends in sorted(self.by.items())},
        }  # fmt: skip
