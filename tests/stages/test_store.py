"""The store: finished means whole, and a run gets the files."""

import json
import subprocess
import sys

import pytest

from longtail.errors import UserError
from longtail.stages.locks import held
from longtail.stages.store import Store, publish, read_facts


def made(folder):
    folder.mkdir(parents=True)
    (folder / "weights.safetensors").write_bytes(b"w")
    (folder / "checkpoint-3").mkdir()
    (folder / "checkpoint-3" / "x").write_bytes(b"x")
    (folder / ".half").write_bytes(b"h")


def test_a_stage_is_finished_when_its_facts_are_there(tmp_path):
    store = Store(tmp_path)
    made(store.place("a1"))
    assert store.started("a1")
    assert not store.finished("a1")
    store.finish("a1", {"name": "x"})
    assert store.finished("a1")
    assert not store.started("a1")
    assert store.facts("a1") == {"name": "x"}
    assert sorted(path.name for path in store.place("a1").iterdir()) == ["stage.json", "weights.safetensors"]


def test_publishing_gives_a_run_the_files_and_again_changes_nothing(tmp_path):
    store = Store(tmp_path / "store")
    made(store.place("a1"))
    store.finish("a1", {"name": "x"})
    to = tmp_path / "run" / "stages" / "x"
    publish(store.place("a1"), to)
    before = {path: path.stat().st_ino for path in to.iterdir()}
    publish(store.place("a1"), to)
    assert {path: path.stat().st_ino for path in to.iterdir()} == before
    assert json.loads((to / "stage.json").read_text()) == {"name": "x"}


def test_a_stage_that_took_another_identity_replaces_the_old_files(tmp_path):
    store, to = Store(tmp_path / "store"), tmp_path / "run" / "stages" / "x"
    for identity, more in (("a1", "old.txt"), ("b2", "new.txt")):
        made(store.place(identity))
        (store.place(identity) / more).write_text(more)
        store.finish(identity, {"identity": identity})
        publish(store.place(identity), to)
    assert (to / "new.txt").exists()
    assert not (to / "old.txt").exists()


def test_facts_that_are_missing_or_broken_are_told(tmp_path):
    with pytest.raises(UserError, match="no finished stage"):
        read_facts(tmp_path)
    (tmp_path / "stage.json").write_text("{")
    with pytest.raises(UserError, match="no JSON"):
        read_facts(tmp_path)


def test_a_second_process_is_told_who_holds_the_folder(tmp_path):
    code = (
        "import sys; from pathlib import Path; from longtail.stages.locks import held\n"
        "with held(Path(sys.argv[1]), 'the run'): print('in', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with other:
        assert other.stdout.readline() == "in\n"
        with pytest.raises(UserError, match=f"held by process {other.pid}"), held(tmp_path, "the run"):
            pass
        other.kill()
    with held(tmp_path, "the run"):  # a killed process holds nothing
        pass
