"""The command line: one file per verb, each only parsing, calling the function of the same name and printing.

Nothing heavier than typer may be imported here, so that `longtail --help` answers at once.
"""

import importlib
import os
import pkgutil
import signal
import sys
import threading
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import typer

from longtail.cli.console import complain, warn_of
from longtail.errors import UserError, nearest
from longtail.files import explain

# typer carries its own copy of click from some version on, and uses the installed one before: ask typer for the class.
_UsageError: Any = typer.BadParameter.__mro__[1]

_STYLE: dict[str, Any] = {
    "no_args_is_help": True,
    "add_completion": False,
    "rich_markup_mode": None,
    "pretty_exceptions_enable": False,
}

_GROUPS = {
    "data": "Audit, read, merge, split, cut, make and prepare data.",
    "list": "List what there is to choose from.",
}


def _built() -> typer.Typer:
    """Every file of this room is a verb: `demo.py` is `longtail demo`, `data_split.py` is `longtail data split`."""
    top = typer.Typer(
        name="longtail",
        help="Train classifiers in stages on images whose labels have a long tail.",
        epilog="'longtail --version' prints the version; every verb has its own --help.",
        **_STYLE,
    )
    groups = {name: typer.Typer(help=text, **_STYLE) for name, text in _GROUPS.items()}
    for name, group in groups.items():
        top.add_typer(group, name=name)
    for module in sorted(found.name for found in pkgutil.iter_modules(__path__)):
        prefix, _, rest = module.partition("_")
        group, verb = (groups[prefix], rest) if prefix in groups else (top, module)
        if function := getattr(importlib.import_module(f"{__name__}.{module}"), verb, None):
            group.command(verb.replace("_", "-"))(function)
    return top


app = _built()
_stopped_by: list[int] = []  # the signal other than Ctrl-C that ended the work


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and exit: 0 done, 2 the user's mistake (one sentence, no traceback), else ours."""
    if threading.current_thread() is threading.main_thread():  # only there may signals be answered
        signal.signal(signal.SIGTERM, _terminate)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # see longtail.stages; before any verb imports torch
    if not sys.warnoptions:  # python -W shows what libraries say
        warnings.showwarning = warn_of
    _make_streams_safe()
    status = run(sys.argv[1:] if argv is None else argv)
    _answer_no_more()
    sys.exit(status)


def run(argv: Sequence[str]) -> int:
    """Run one command; returns the exit status and prints a mistake as a sentence on stderr."""
    if list(argv) == ["--version"]:  # no option of the group: typer would load pydantic to read it, before every verb
        return _show_version()
    try:
        status = app(args=list(argv), prog_name="longtail", standalone_mode=False)
        return _interrupted() if status == 130 else status if isinstance(status, int) else 0
    except _UsageError as error:
        return _usage(error)
    except UserError as error:
        return complain(str(error))
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except (BrokenPipeError, SystemExit):  # typer makes the one the other, and exits for nothing else here
        return _quiet_pipe()
    except (OSError, UnicodeEncodeError) as error:
        if (sentence := explain(error)) is None:
            raise
        return complain(sentence)
    except Exception as error:
        if not _was_interrupted(error):
            raise
        return _interrupted()


def _was_interrupted(error: BaseException | None) -> bool:
    """Whether Ctrl-C is behind an error: Python called from compiled code, as pydantic does, makes another of it."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__
    return error is not None


def _make_streams_safe() -> None:
    """Output that was closed (`>&-`) goes nowhere; a letter that the terminal lacks is written as its number."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - lasts as the process does
        elif hasattr(stream := getattr(sys, name), "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _show_version() -> int:
    from longtail import __version__

    typer.echo(f"longtail {__version__}")
    return 0


def _usage(error: Any) -> int:
    """Print click's message with the nearest valid command and where to find help; a bare group prints its help."""
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(error.ctx.get_help())
        return 0
    text = error.format_message().strip().rstrip(".")
    if error.ctx is None:
        return complain(f"{text}.")
    names = list(getattr(error.ctx.command, "commands", {}))
    if "No such command" in text and "Did you mean" not in text:
        guess = nearest(text.split("'")[1], names)
        text += f". Did you mean '{guess}'?" if guess else f". Valid: {', '.join(names)}"
    return complain(f"{text}{'' if text.endswith('?') else '.'} See '{error.ctx.command_path} --help'.")


def _terminate(number: int, _: object) -> NoReturn:
    """A cluster's or container's SIGTERM ends work as Ctrl-C does: files whole, processes gone, one sentence."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _stopped_by.append(number)
    raise KeyboardInterrupt


def _answer_no_more() -> None:
    """The work is done: a signal that comes while the interpreter cleans up ends it at once, without a traceback."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)


def _interrupted() -> int:
    """Exit status 130 after Ctrl-C, 143 after SIGTERM, as shells have it."""
    complain("interrupted; what was finished is kept: the same command goes on from there.")
    return 128 + (_stopped_by.pop() if _stopped_by else signal.SIGINT)


def _quiet_pipe() -> int:
    """A reader such as `head` closed its end: that is no mistake, and the interpreter must not complain at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
