"""An export's folder: `export.json` with every fact, a network file for each member, `model-card.md`.

`export.json` is all that predicting needs beside the networks; thresholds in it may be edited by hand. No torch.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

from longtail.errors import UserError
from longtail.evaluate.results import as_plain
from longtail.export.bundle import NO_DECISIONS, Bundle, Member
from longtail.export.formats import Format, Run, format_named, require
from longtail.files import write_json
from longtail.predict.combining import Plan
from longtail.predict.decisions import Decisions

FACTS, CARD = "export.json", "model-card.md"
_FORMAT = 1
_IMAGES = ("image_size", "channels", "resize", "window")


def is_export(path: str | Path) -> bool:
    """Whether the folder holds an export."""
    return (Path(path) / FACTS).is_file()


def write_facts(bundle: Bundle, format: Format, folder: Path, *, int8: bool, **more: Any) -> None:
    """Write `export.json`, and the same into the networks' files; `more` is told beside what predicting needs."""
    members = [
        {
            "name": member.name, "file": f"{member.name}{format.suffix}", "identity": member.identity,
            "images": {name: getattr(member, name) for name in _IMAGES},
            "input": ["batch", member.image_size, member.image_size, member.channels],
            "tta": list(member.tta), "tta_merge": member.tta_merge,
        }
        for member in bundle.members
    ]  # fmt: skip
    plan, decisions = bundle.plan, bundle.decisions
    told = {
        "export": _FORMAT, "format": format.name, "int8": int8, "made_by": bundle.facts, **more,
        "task": bundle.task, "labels": list(bundle.labels), "members": members,
        "plan": {"merge": plan.merge, "views": plan.views, "study": plan.study, "keep_images": plan.keep_images},
        "decisions": as_plain(decisions), "chosen": dict(bundle.chosen), "evidence": bundle.evidence,
        "notes": list(bundle.notes),
    }  # fmt: skip
    write_json(folder / FACTS, told)
    if format.tell is not None:  # a file that is copied alone keeps its labels, thresholds and ways to make images
        for member in members:
            format.tell(folder / str(member["file"]), json.dumps(told))


def read_facts(folder: Path) -> dict[str, Any]:
    """What `export.json` says; one sentence where it cannot be used."""
    path = folder / FACTS
    if not path.is_file():
        raise UserError(f"'{folder}' is no export: it has no {FACTS}; make one with longtail export RUN.")
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        known = told["export"]
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"'{path}' is damaged ({error}); export the run again.") from error
    if known != _FORMAT:
        raise UserError(f"'{path}' is of format {known} and this version reads {_FORMAT}; export the run again.")
    return cast(dict[str, Any], told)


def read_export(folder: str | Path, *, threads: int = 0, few: bool = False) -> Bundle:
    """Open an export for predicting (`few`: a handful of images); `threads` 0 leaves their number to the engine."""
    folder = Path(folder)
    told = read_facts(folder)
    format = format_named(told["format"])
    require(format.to_open, f"an export of format '{format.name}'")
    try:
        opened = partial(format.open, threads=threads, few=few)
        members = tuple(_member(each, told, opened, folder) for each in told["members"])
        plan, found = told["plan"], told["decisions"]
        decisions = Decisions(**found) if found["made_from"] else NO_DECISIONS
        return Bundle(members, Plan(**plan), decisions, told["chosen"], _origin(told), told["evidence"], _notes(told))
    except (KeyError, TypeError) as error:
        raise UserError(f"'{folder / FACTS}' lacks {error}; export the run again.") from error


def _notes(told: dict[str, Any]) -> tuple[str, ...]:
    """None in exports of before."""
    return tuple(told.get("notes", ()))


def _origin(told: dict[str, Any]) -> dict[str, Any]:
    return {**told["made_by"], "export": told["format"] + (" int8" if told["int8"] else "")}


def _member(said: dict[str, Any], told: dict[str, Any], opened: Callable[[Path], Run], folder: Path) -> Member:
    file = folder / Path(said["file"]).name
    if not file.is_file():
        raise UserError(f"the export '{folder}' lacks its file '{file.name}'; copy the whole folder.")
    try:
        network = opened(file)
    except Exception as error:  # each engine has its own kinds
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise UserError(
            f"the export's file '{file}' cannot be opened ({reason}); copy the whole folder again, or export again."
        ) from error
    return Member(
        name=said["name"], labels=tuple(told["labels"]), task=told["task"], identity=said["identity"],
        tta=tuple(said["tta"]), tta_merge=said["tta_merge"], predict=network, **said["images"],
    )  # fmt: skip


def with_files(bundle: Bundle, format: Format, folder: Path, threads: int = 0) -> Bundle:
    """The same bundle whose members run from the files in `folder`."""
    files = [folder / f"{member.name}{format.suffix}" for member in bundle.members]
    members = [
        replace(member, predict=format.open(file, threads), heat=None)
        for member, file in zip(bundle.members, files, strict=True)
    ]
    return replace(bundle, members=tuple(members))
