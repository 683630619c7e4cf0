"""What every test gets: no hub look-ups, no spinning threads, a drawing backend without a screen."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("MPLBACKEND", "Agg")

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture
def in_tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


LONGEST = ("test_docs.py", "test_fit_killed.py", "test_two_processes.py", "test_exporting.py", "test_demo.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest begin first: at the end no worker waits for another's last test."""
    items.sort(key=lambda item: item.path.name not in LONGEST)
