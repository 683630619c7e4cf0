"""Formats of exports, one file each. A new one is a file with a function that gives a `Format`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from longtail.errors import UserError
from longtail.export.bundle import Pixels, Values
from longtail.registry import Registry, module_exists

Run = Callable[[Pixels], Values]
TOLD = "longtail"  # what the text in a network's file is called there


class Open(Protocol):
    """Makes what runs a file, on so many threads (0: as many as the engine likes)."""

    def __call__(self, path: Path, threads: int, *, few: bool = False) -> Run:
        """`few`: only a handful of images follows, and a quick start in little memory is worth more than speed."""


@dataclass(frozen=True)
class Format:
    """How a network becomes a file and is run from it.

    `write(network, example, path)` takes a module from pixels to probabilities and example pixels `(B, H, W, Ch)`;
    `open` gives what runs it. `quantise(source, target, batches)` makes an int8 file of a written one, its ranges taken
    from batches of pixels; `tell(path, text)` puts a text into a file, under the name `TOLD`. `tolerance` is how far
    probabilities may be from PyTorch's.
    """

    name: str
    suffix: str
    write: Callable[[Any, Pixels, Path], None]
    open: Open
    tolerance: float
    to_write: tuple[str, ...] = ()  # modules
    to_open: tuple[str, ...] = ()
    quantise: Callable[[Path, Path, Sequence[Pixels]], None] | None = None
    to_quantise: tuple[str, ...] = ()
    tell: Callable[[Path, str], None] | None = None


FORMATS: Registry[Callable[[], Format]] = Registry("export format", "longtail.export.formats")


def format_named(name: str) -> Format:
    """The format called `name`."""
    found: Format = FORMATS.find(name).function()
    return found


def require(modules: Sequence[str], why: str) -> None:
    """Say in one sentence what must be installed."""
    if missing := [name for name in modules if not module_exists(name)]:
        raise UserError(f"{why} needs {' and '.join(missing)}: pip install {' '.join(missing)}.")
