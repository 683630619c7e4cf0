import sys
from pathlib import Path

import pytest

from longtail.errors import UserError
from longtail.registry import Registry


def test_a_new_file_in_the_room_is_a_new_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newcomer's test of the design: one file with a decorated function, no other edit."""
    room = tmp_path / "room_of_tests"
    room.mkdir()
    (room / "__init__.py").write_text(
        "from longtail.registry import Registry\nPARTS = Registry('part', 'room_of_tests')\n"
    )
    (room / "one.py").write_text(
        "from room_of_tests import PARTS\n\n@PARTS.register('one', source='me')\n"
        "def one() -> int:\n    'The first.\\n\\n    More.'\n    return 1\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    parts: Registry = __import__("room_of_tests").PARTS
    assert list(parts.load()) == ["one"]
    entry = parts.find("one")
    assert (entry.function(), entry.summary, entry.facts) == (1, "The first.", {"source": "me"})
    with pytest.raises(UserError, match="unknown part 'on'. Did you mean 'one'?"):
        parts.find("on")
    sys.modules.pop("room_of_tests")


def test_ones_own_component_by_dotted_path(in_tmp: Path) -> None:
    (in_tmp / "my_parts_of_tests.py").write_text(
        "def gentle(x: int) -> int:\n    'Mine.'\n    return x\n\nNUMBER = 3\n"
    )
    parts: Registry = Registry("part", "longtail.data.readers")
    entry = parts.find("my_parts_of_tests.gentle")
    assert (entry.function(4), entry.summary) == (4, "Mine.")
    assert str(in_tmp) not in sys.path
    for path, message in {
        "my_parts_of_tests.gentel": "cannot be imported",
        "absent_module.x": "cannot be imported",
        "my_parts_of_tests.NUMBER": "is a int; name a function or a class",
        ".x": "cannot be imported",
    }.items():
        with pytest.raises(UserError, match=message):
            parts.find(path)
    sys.modules.pop("my_parts_of_tests")
