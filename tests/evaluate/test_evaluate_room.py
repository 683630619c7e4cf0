"""The room's names, and what it may not import."""

import subprocess
import sys

import longtail.evaluate as room


def test_every_name_is_what_it_says_however_often_it_is_asked_for() -> None:
    for _ in range(2):  # a module of the same name would take the function's place
        assert all(callable(getattr(room, name)) for name in room.__all__)
    assert room.average_precision.__name__ == "average_precision"


def test_neither_torch_nor_scikit_learn() -> None:
    names = "import sys, longtail.evaluate as room; [getattr(room, name) for name in room.__all__];"
    code = f"{names} print([m for m in ('torch', 'sklearn', 'scipy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
