"""What commands print with: lines, tables, progress. Tables and bars load rich on first use only."""

import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SECONDS_BETWEEN_LINES = 10
_LONGEST = 2000  # letters of a line about the work: a cell or a name in it may hold a whole file
_PACKAGE = Path(__file__).resolve().parents[1]
_NARROW = 80  # columns of a terminal, below which the names of number columns take a line for each word


def say(text: str) -> None:
    """A line of the result, on stdout."""
    print(harmless(text), flush=True)


def note(text: str) -> None:
    """A line about the work, on stderr."""
    for line in text.split("\n"):
        print(harmless(_shortened(line)), file=sys.stderr, flush=True)


def _shortened(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST // 2]} [...] {line[-_LONGEST // 2 :]}"


def warn_of(message: Warning | str, category: type[Warning], filename: str, *_: Any, **__: Any) -> None:
    """What Python's warnings become here: those of longtail are told; those of libraries are for developers."""
    if Path(filename).is_relative_to(_PACKAGE) and not issubclass(category, DeprecationWarning):
        warn(str(message))


def complain(text: str) -> int:
    """A user's mistake, on stderr; returns the exit status for it."""
    for line in text.split("\n"):
        note(f"error: {line}")
    return 2


def warn(text: str) -> None:
    """Something that the user should know, on stderr."""
    note(f"warning: {text}")


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table on stdout; the first column is left-aligned, the others right when they hold numbers."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # Off a terminal the width is the content's, so that files and pipes never lose a column.
    console = Console(width=None if sys.stdout.isatty() else 200, soft_wrap=False)
    narrow = console.width < _NARROW
    style: dict[str, Any] = {"title_justify": "left", "box": SIMPLE_HEAD}
    drawn = Table(
        title=Text(harmless(title), "bold"),
        pad_edge=False,
        collapse_padding=narrow,
        padding=(0, 0 if narrow else 1),
        **style,
    )
    for i, column in enumerate(columns):
        numbers = rows and all(_is_number(row[i]) for row in rows)
        heading = column.replace(" ", "\n") if numbers and narrow else column
        drawn.add_column(
            Text(harmless(heading)), justify="right" if numbers else "left", overflow="fold", no_wrap=bool(numbers)
        )
    for row in rows:
        drawn.add_row(*(Text(harmless(cell_text(cell)).replace("\t", r"\t")) for cell in row))
    console.print(drawn)


def harmless(text: str) -> str:
    """Text without the codes that could move a terminal's cursor or recolour it: labels and paths may hold anything."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", lambda found: ascii(found[0])[1:-1], text)


def cell_text(cell: object) -> str:
    """A cell as people read it: 12,345, 0.123, and nothing for None or nan."""
    if cell is None or cell != cell:  # nan
        return ""
    if isinstance(cell, bool) or not isinstance(cell, (int, float)):
        return f"{cell:,}" if hasattr(cell, "dtype") and cell.dtype.kind in "iu" else str(cell)
    return f"{cell:,}" if isinstance(cell, int) else f"{cell:.4g}"


def _is_number(cell: object) -> bool:
    return cell is None or isinstance(cell, (int, float)) or cell_text(cell).rstrip("%x").replace(",", "").isdigit()


@contextmanager
def progress(total: int | None, what: str, unit: str = "images") -> Iterator[Callable[[int], None]]:
    """Yield `advance(n)`: a bar on a terminal, a plain line every ten seconds elsewhere; both on stderr."""
    shown = _bar if sys.stderr.isatty() else _lines
    with shown(total, what, unit) as advance:
        yield advance


def _rate(speed: float) -> str:
    """A speed without decimals, or with the first one that is not 0 of something slow: 1,200, 12, 0.2."""
    return f"{speed:,.0f}" if speed >= 10 or speed == 0 else f"{speed:.1g}" if speed < 1 else f"{speed:.1f}"


@contextmanager
def _lines(total: int | None, what: str, unit: str) -> Iterator[Callable[[int], None]]:
    start = last = time.monotonic()
    done = 0

    def advance(n: int) -> None:
        nonlocal done, last
        done += n
        now = time.monotonic()
        if now - last >= _SECONDS_BETWEEN_LINES:
            last = now
            of = f" of {total:,}" if total else ""
            note(f"{what}: {done:,}{of} {unit}, {_rate(done / max(now - start, 1e-9))}/s")

    yield advance


@contextmanager
def _bar(total: int | None, what: str, unit: str) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: "Task") -> Text:
            return Text(f"{_rate(task.speed or 0)} {unit}/s")

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda n: bar.advance(task, n)
