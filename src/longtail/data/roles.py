"""Roles: which column of a table is the image, a label, the patient ..., as a small YAML beside it says (or flags).

image: path              # the column that holds image paths
root: ../images          # the folder these paths start from (default: the manifest's own folder)
labels: [Mass, Nodule]   # multi-label: a column each;  or  label: dx  for one column holding the class
patient: subject_id
boxes: boxes.csv         # a table: image, label, left, top, right, bottom (pixels of that image)
uncertain: unknown       # what -1 and U mean: unknown, positive or negative
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from reprlib import repr  # cut where it is long
from typing import Any, get_args

import yaml

from longtail.data.column_names import USUAL_NAMES, candidates
from longtail.data.states import POLICIES, UncertainPolicy
from longtail.errors import UserError, unknown_name
from longtail.files import write_text

COLUMN_ROLES = tuple(USUAL_NAMES)
GROUP_ROLES = ("patient", "study", "view", "source", "split")
_DEEPEST = 50  # lists in each other; roles have one


@dataclass(frozen=True)
class Roles:
    """Column names by part; None means that no column plays it."""

    image: str | None = None
    labels: tuple[str, ...] | None = None  # with `label`: the class names, in order
    label: str | None = None
    patient: str | None = None
    study: str | None = None
    view: str | None = None
    source: str | None = None
    split: str | None = None
    boxes: str | None = None
    root: str | None = None
    uncertain: UncertainPolicy = "unknown"

    def said(self) -> dict[str, Any]:
        """What differs from saying nothing, as plain values."""
        silent = Roles()
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items() if v != getattr(silent, k)}

    def updated(self, **flags: Any) -> "Roles":
        """These roles with every flag that is not None laid over them."""
        return checked({**self.said(), **{k: v for k, v in flags.items() if v is not None}}, "the flags")

    def completed(self, columns: Sequence[str]) -> "Roles":
        """Fill unsaid roles from the usual names among `columns`; a stated one that is absent is an error."""
        stated = {role: getattr(self, role) for role in COLUMN_ROLES}
        _require(columns, [name for name in stated.values() if name])
        _refuse_two_parts(stated)
        taken = set(self.labels or ()) | {name for name in stated.values() if name}
        for role in COLUMN_ROLES:
            skip = stated[role] or (role == "label" and self.labels)  # listed labels are columns: multi-label
            if not skip:
                stated[role] = next((name for name in candidates(role, columns) if name not in taken), None)
        if stated["image"] is None:
            raise UserError(
                f"no column holds the image paths: none of {', '.join(USUAL_NAMES['image'])} is among the columns"
                f" ({', '.join(list(columns)[:12])}); name it with --image or in the YAML beside the manifest."
            )
        if self.labels and stated["label"] is None:
            _require(columns, self.labels)
        return replace(self, **stated)


def checked(said: dict[str, Any], where: str) -> Roles:
    """Roles from plain values; a name or value that is not valid is an error naming `where`."""
    names = [f.name for f in fields(Roles)]
    for key in said:
        if str(key) not in names:
            raise unknown_name("key", str(key), names, where)
    values = dict(said)
    if (labels := values.get("labels")) is not None:
        values["labels"] = _label_list(labels, where)
    for key, value in values.items():
        if key != "labels" and value is not None and not isinstance(value, str):
            raise UserError(f"'{key}' in {where} is {repr(value)}; write the name of a column or file, as text.")
    if values.get("uncertain", "unknown") not in get_args(UncertainPolicy):
        raise unknown_name("policy for uncertain labels", str(values["uncertain"]), POLICIES, where)
    return Roles(**values)


def load_roles(path: Path) -> Roles:
    """Read the YAML beside a manifest."""
    try:
        said = _plain_yaml(path.read_text(encoding="utf-8-sig"), path)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        at = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise UserError(f"'{path}' is not readable YAML{at}; write one 'role: column' per line.") from error
    if not isinstance(said, dict):
        raise UserError(
            f"'{path}' holds no 'role: column' lines; valid roles: {', '.join(f.name for f in fields(Roles))}."
        )
    return checked(said, f"'{path}'")


def _plain_yaml(text: str, path: Path) -> Any:
    """The values of a YAML text without aliases (ten lines of them can hold a billion values) and repeated keys.

    Events come one by one, so that lists in lists without end stop early: reading them takes time by their square.
    """
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise yaml.YAMLError(f"more than {_DEEPEST} lists or mappings in each other")
        if isinstance(event, yaml.AliasEvent):
            raise UserError(f"line {_line(event)} of '{path}' holds the alias '*{event.anchor}'; write the names out.")
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    keys = [key.value for key, _ in node.value] if isinstance(node, yaml.MappingNode) else []
    if twice := [str(key) for i, key in enumerate(keys) if key in keys[:i]]:
        raise UserError(f"'{path}' names the key '{twice[0]}' twice; keep one of them.")
    return yaml.safe_load(text) or {}


def _line(event: yaml.AliasEvent) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def save_roles(roles: Roles, path: Path) -> None:
    """Write the YAML beside a manifest."""
    write_text(path, yaml.safe_dump(roles.said(), sort_keys=False, allow_unicode=True, width=120))


def _label_list(labels: Any, where: str) -> tuple[str, ...]:
    if isinstance(labels, str):
        labels = [part.strip() for part in labels.split(",") if part.strip()]
    if not isinstance(labels, (list, tuple)) or not labels:
        raise UserError(f"'labels' in {where} must be a list of one or more column names.")
    if odd := [label for label in labels if not isinstance(label, (str, int, float)) or isinstance(label, bool)]:
        raise UserError(
            f"'labels' in {where} holds {repr(odd[0])}, which YAML takes for no text; write each name in quotes."
        )
    names = [str(label) for label in labels]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UserError(f"'labels' in {where} names {', '.join(twice)} twice; name each label once.")
    return tuple(names)


def _refuse_two_parts(stated: dict[str, str | None]) -> None:
    parts: dict[str, str] = {}
    for role, name in stated.items():
        if name and parts.setdefault(name, role) != role:
            raise UserError(f"the column '{name}' is named as {parts[name]} and as {role}; a column plays one part.")


def _require(columns: Sequence[str], names: Sequence[str]) -> None:
    for name in names:
        if name not in columns:
            raise unknown_name("column", name, columns)
