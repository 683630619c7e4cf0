"""What a kill leaves is removed, and nothing else is."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from longtail.files import write_text
from longtail.leftovers import clear_leftovers, temporary_prefix

KILLED = """
import os, signal, sys, time
from pathlib import Path
from longtail.files import written_whole
with written_whole(Path(sys.argv[1])) as beside:
    beside.write_text("half")
    print("now", flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def _as_a_process_that_has_just_begun() -> None:
    clear_leftovers.cache_clear()


@pytest.mark.skipif(os.name != "posix", reason="kills as POSIX has them")
def test_the_next_writer_of_a_folder_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path / "a.csv")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        write_text(tmp_path / "b.txt", "of another file, while the first is under way")
        assert len(list(tmp_path.glob(".a.csv.*"))) == 1
        process.send_signal(signal.SIGKILL)
    assert len(list(tmp_path.glob(".a.csv.*"))) == 1
    clear_leftovers.cache_clear()
    write_text(tmp_path / "b.txt", "again")
    assert [path.name for path in tmp_path.iterdir()] == ["b.txt"]


def _left(folder: Path, name: str, age: float = 0) -> Path:
    path = folder / name
    path.write_text("half")
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def test_what_may_be_under_way_stays(tmp_path: Path) -> None:
    mine = temporary_prefix("a.csv")
    elsewhere = mine.replace(mine.split(".")[-2], f"0{0:05}-{os.getpid()}")
    assert elsewhere != mine
    kept = [
        _left(tmp_path, f"{mine}abcdefgh.csv", age=1e6),
        _left(tmp_path, f"{elsewhere}abcdefgh.csv", age=3600),
        _left(tmp_path, ".a.csv.of-someone-else", age=1e6),
        _left(tmp_path, "a.csv", age=1e6),
    ]
    gone = _left(tmp_path, f"{elsewhere}ijklmnop.csv", age=2e5)
    clear_leftovers(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(kept)
    assert not gone.exists()


def test_folders_go_too_and_odd_names_and_places_are_no_trouble(tmp_path: Path) -> None:
    mine = temporary_prefix("model")
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    dead = mine.replace(f"-{os.getpid()}.", f"-{process.pid}.")
    (tmp_path / f"{dead}abcdefgh" / "inside").mkdir(parents=True)
    huge = _left(tmp_path, f"{mine.replace(f'-{os.getpid()}.', f'-{9**30}.')}abcdefgh")
    clear_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == [huge]
    clear_leftovers(tmp_path / "is not there")
