"""The flags that say which column is what: one list, given to every verb that stands under `with_roles`."""

import inspect
from pathlib import Path
from typing import Any

from longtail.cli.role_flags import with_roles


def test_the_verb_gets_the_flags_and_is_told_those_that_were_given(tmp_path: Path) -> None:
    told: list[tuple[int, dict[str, Any]]] = []

    @with_roles
    def verb(number: int, *, roles: dict[str, Any]) -> None:
        told.append((number, roles))

    names = list(inspect.signature(verb).parameters)
    assert names[:3] == ["number", "labels", "label"]
    assert "roles" not in names
    nothing = dict.fromkeys(names[1:])
    verb(number=3, **nothing)
    verb(number=4, **(nothing | {"patient": "person", "root": str(tmp_path / ".." / tmp_path.name), "boxes": "absent"}))
    assert told == [(3, {}), (4, {"patient": "person", "root": str(tmp_path), "boxes": "absent"})]
