"""Lives to be killed: forks of a process that has imported everything, so that none pays for its imports.

The killed may be any module's function of plain arguments; `command` is the real command line.
"""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["longtail.stages.fitting", "longtail.stages.outcome", "timm", "matplotlib.pyplot"])


class Life:
    """A function in a process of its own, what it says on standard error beside it."""

    def __init__(self, lived: Callable[..., object], *arguments: object, folder: Path) -> None:
        os.environ["OMP_NUM_THREADS"] = "1"  # read once, as the first life starts the process that forks
        self.errors = folder / "errors.txt"
        self._process = _CONTEXT.Process(target=_live, args=(self.errors, folder, lived, arguments))
        self._process.start()

    def ended(self, seconds: float = 300) -> int | None:
        """Its exit status, or None where it still lives after so many seconds."""
        self._process.join(seconds)
        return self._process.exitcode

    def struck(self, number: signal.Signals) -> int | None:
        """Its exit status after this signal."""
        if self._process.is_alive():
            os.kill(self._process.pid or 0, number)
        return self.ended()

    def said(self) -> str:
        """All of its standard error."""
        return self.errors.read_text()


def _live(errors: Path, folder: Path, lived: Callable[..., object], arguments: tuple[object, ...]) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(folder)
    os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    lived(*arguments)


def command(*words: str) -> None:
    """`longtail WORDS`, as the installed command runs it."""
    from longtail.cli import main

    sys.argv = ["longtail", *words]
    main()


def slow_fit(seconds: float, recipe: str, manifest: str, out: str, overrides: list[str]) -> None:
    """`fit` that rests after each step."""
    from longtail.stages.context import Watch
    from longtail.stages.fitting import fit

    watch = Watch(on_step=lambda *_: time.sleep(seconds))
    fit(recipe, manifest, out=out, overrides=overrides, watch=watch)


def pretrained(pixels: object, settings: object, out: Path) -> None:
    """`pretrain` that leaves a checkpoint after each step."""
    from longtail.pretrain import pretrain

    pretrain(pixels, settings, out, device="cpu", checkpoint_every=1)  # type: ignore[arg-type]
