"""What a verb shows while images are prepared: a bar of those that are left to do, and whom it waits for."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from longtail.cli.console import note, progress


@contextmanager
def shown(side: int) -> Iterator[dict[str, Any]]:
    """The keywords of `longtail.data.prepare` that show it."""
    with ExitStack() as bar:
        advance: list[Callable[[int], None]] = []

        def step(done: int, total: int) -> None:
            if done == 1:  # how many are left to do is known only now; from_size has two such counts
                bar.close()
                advance[:] = [bar.enter_context(progress(total, f"prepare {side} px"))]
            advance[0](1)

        yield {"on_progress": step, "on_wait": _wait}


def _wait(busy: Path) -> None:
    note(f"another process is preparing '{busy}'; waiting for it")
