"""The real command line, hundreds of times over, without importing PyTorch each time.

A server process imports all of longtail once and runs nothing. For each command it forks: the child takes the command's
folder, files for its output and the default signals, calls `longtail.cli.main` with its words, and ends as any process
does (threads joined, exit functions run), so exit status, tracebacks and what is left behind are real. The parent
waits, kills it when asked to, and tells how it ended: status, seconds, processor time, memory. It refuses to fork when
a thread of Python's or PyTorch's is alive, since a forked copy of such a thread's locks may hang.

    with ForkServer() as server:
        ended = CommandLine(server, folder).run(["data", "inspect", "manifest.csv", "--out", "x"], cwd=folder)

Linux and macOS. What a warm start could hide, the first imports, is what `robustness.py --fresh N` looks at.
"""

import atexit
import gc
import importlib
import json
import os
import pkgutil
import resource
import select
import signal
import subprocess
import sys
import threading
import time
import traceback
import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from queue import Queue
from typing import Any, NoReturn, Self

CPU_SECONDS = 90  # of processor time, after which a command is killed and counts as hanging
SECONDS = 1800.0  # of the clock, likewise; others may use the machine
MEMORY = 12 << 30  # bytes of addresses that a command may ask for
_MILD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "MPLBACKEND": "agg"}
# What verbs import when they run, and pages draw with.
_ALSO = ("jinja2", "matplotlib.figure", "matplotlib.backends.backend_agg", "pyarrow.parquet", "pydicom", "rich.table",
         "rich.progress", "scipy.stats", "sqlite3", "timm", "torch", "yaml", "PIL.Image")  # fmt: skip
_LIBRARIES_OWN = ("jemalloc_bg_thd",)  # a thread of an allocator, which knows of forks


@dataclass(frozen=True)
class Ended:
    """How a command ended. `status` is minus the signal where one killed it, as `subprocess` has it."""

    words: tuple[str, ...]
    status: int
    seconds: float
    cpu: float
    mib: int  # the most memory that it held beyond the server's
    hit: bool  # whether it was at work when the signal was sent
    timed_out: bool
    out: str
    err: str


class ForkServer:
    """A process that has imported everything and forks for each command, several at once."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve())], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **_MILD},
        )  # fmt: skip
        self.answers: dict[int, Queue[dict[str, Any] | None]] = {}
        self.numbers, self.asking = count(), threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(60)

    def ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        """What became of a command."""
        assert self.process.stdin
        answer: Queue[dict[str, Any] | None] = Queue()
        with self.asking:
            number = next(self.numbers)
            self.answers[number] = answer
            self.process.stdin.write(json.dumps({**asked, "number": number}) + "\n")
            self.process.stdin.flush()
        if (told := answer.get()) is None:
            raise SystemExit("the fork server ended; see its traceback above")
        return told

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            told = json.loads(line)
            self.answers.pop(told.pop("number")).put(told)
        for waiting in self.answers.values():
            waiting.put(None)


class CommandLine:
    """Runs commands one at a time; `folder` holds the last one's output."""

    def __init__(self, server: ForkServer, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.server, self.out, self.err = server, folder / "stdout", folder / "stderr"

    def run(
        self, words: Sequence[str], *, cwd: Path, after: float | None = None, by: int = signal.SIGKILL,
        tuned: Mapping[str, float] | None = None,
    ) -> Ended:  # fmt: skip
        """Run `longtail WORDS` in folder `cwd`; send it the signal `by` when it has worked for `after` seconds.

        `tuned` sets numbers of modules first, as `{"longtail.room.module.NUMBER": 1}`.
        """
        asked = {"words": list(words), "cwd": str(cwd), "after": after, "by": int(by), "tuned": dict(tuned or {}),
                 "out": str(self.out), "err": str(self.err)}  # fmt: skip
        told = self.server.ask(asked)
        said = [path.read_bytes().decode("utf-8", "backslashreplace") for path in (self.out, self.err)]
        return Ended(tuple(words), **told, out=said[0], err=said[1])


def complaint(ended: Ended, slow: float = 10.0, mib: int = 1500) -> str:
    """What is wrong with how a command ended, or nothing: see `robustness.py` for what may be."""
    errors = sum(line.startswith("error: ") for line in ended.err.splitlines())
    wrong = {
        "it hung": ended.timed_out,
        f"killed by signal {-ended.status}": ended.status < 0 and not ended.timed_out,
        "a traceback": "Traceback (most recent" in ended.err + ended.out,
        f"exit status {ended.status}": ended.status > 0 and ended.status != 2,
        "exit status 2 without a sentence": ended.status == 2 and not errors,
        "exit status 0 with an error": ended.status == 0 and errors > 0,
        "a warning of Python's own": "Warning: " in ended.err and ".py:" in ended.err,
        "control characters": any(ord(c) < 32 and c not in "\n\t\r" for c in ended.err + ended.out),
        "an endless line": any(len(line) > 3000 for line in (ended.err + "\n" + ended.out).splitlines()),
        f"{ended.cpu:.0f} s of processor time": ended.cpu > slow,
        f"{ended.mib} MiB": ended.mib > mib,
    }
    return ", ".join(what for what, is_so in wrong.items() if is_so)


# --- the server ---


def serve() -> None:
    """Answer requests until they end; in a forked child, return to run one, which is then `sys.argv`."""
    _import_all()
    requests, answers = os.dup(0), os.dup(1)
    children: list[Child] = []
    pending, more = b"", True
    while more or children:
        if more and select.select([requests], [], [], 0.002 if children else None)[0]:
            read = os.read(requests, 1 << 20)
            pending, more = pending + read, bool(read)
        while b"\n" in pending:
            line, _, pending = pending.partition(b"\n")
            asked = json.loads(line)
            _refuse_threads()
            if not (pid := os.fork()):
                os.close(requests)
                os.close(answers)
                return _become(asked)
            children.append(Child(pid, asked))
        for child in [each for each in children if each.looked_at()]:
            os.write(answers, (json.dumps(child.told) + "\n").encode())
            children.remove(child)
        if not more:
            time.sleep(0.002)
    os._exit(0)


@dataclass
class Child:
    """A forked command that is waited for, and sent a signal when it is time to."""

    pid: int
    asked: dict[str, Any]
    began: float = field(default_factory=time.monotonic)
    hit: bool = False
    timed_out: bool = False
    told: dict[str, Any] = field(default_factory=dict)

    def looked_at(self) -> bool:
        """Whether it has ended; how is then in `told`."""
        pid, status, used = os.wait4(self.pid, os.WNOHANG)
        spent = time.monotonic() - self.began
        if not pid:
            self._signal(spent)
            return False
        mine = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        code = os.waitstatus_to_exitcode(status)
        self.told = {
            "number": self.asked["number"], "status": code, "seconds": spent, "cpu": used.ru_utime + used.ru_stime,
            "mib": max(0, used.ru_maxrss - mine) >> 10, "hit": self.hit,
            "timed_out": self.timed_out or code == -signal.SIGXCPU,
        }  # fmt: skip
        return True

    def _signal(self, spent: float) -> None:
        if not self.hit and self.asked["after"] is not None and spent >= self.asked["after"]:
            os.kill(self.pid, self.asked["by"])
            self.hit = True
        if not self.timed_out and spent > SECONDS:
            self.timed_out = True
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)


def _refuse_threads() -> None:
    if strange := [name for name in _threads()[1:] if name not in _LIBRARIES_OWN]:
        raise SystemExit(f"not forked: threads are alive ({', '.join(strange)})")


def _import_all() -> None:
    import longtail

    for name in _ALSO:
        with suppress(ImportError):
            importlib.import_module(name)
    for module in pkgutil.walk_packages(longtail.__path__, "longtail."):
        if not module.name.endswith("__main__"):
            with suppress(ImportError):  # of an extra that is not installed
                importlib.import_module(module.name)
    import torch

    torch.set_num_threads(1)
    for finalizer in list(weakref.finalize._registry):  # type: ignore[attr-defined]
        finalizer.atexit = False  # PyTorch takes its operators apart at exit, which costs more than most commands
    gc.collect()
    gc.freeze()  # else the first collection of each child copies every page


def _threads() -> list[str]:
    """Names of this process's threads, the main one first; nothing but that where the system does not say."""
    tasks = Path("/proc/self/task")
    return [(task / "comm").read_text().strip() for task in sorted(tasks.iterdir())] if tasks.exists() else ["main"]


def _become(asked: dict[str, Any]) -> None:
    """Turn this forked child into the process of a command."""
    for number in (signal.SIGINT, signal.SIGTERM):  # until the command line answers them
        signal.signal(number, signal.SIG_DFL)
    os.setsid()
    os.chdir(asked["cwd"])
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for number, (name, way) in enumerate((("/dev/null", os.O_RDONLY), (asked["out"], 577), (asked["err"], 577))):
        file = os.open(name, way, 0o644)  # 577: write, create, empty it first
        os.dup2(file, number)
        os.close(file)
    for name, value in asked["tuned"].items():
        module, _, number = name.rpartition(".")
        setattr(importlib.import_module(module), number, value)
    sys.argv = ["longtail", *asked["words"]]


def _leave(status: object) -> NoReturn:
    """End as the interpreter does, but for the seconds that it takes to free every imported module."""
    if isinstance(status, str):
        print(status, file=sys.stderr)
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads that are no daemons
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status if isinstance(status, int) else 0 if status is None else 1)


if __name__ == "__main__":
    serve()
    from longtail.cli import main

    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        main()
    except SystemExit as end:
        _leave(end.code)
    except BaseException:
        traceback.print_exc()
        _leave(1)
