import os
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from longtail.data.audit import duplicates
from longtail.data.audit.duplicates import duplicate_images

LONG = b"x" * 70_000


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents=st.lists(st.sampled_from([b"", b"a", b"b", b"ab", LONG + b"1", LONG + b"2", LONG]), max_size=12))
def test_against_comparing_contents(tmp_path, contents):
    paths = []
    for number, content in enumerate(contents):
        paths.append(tmp_path / str(number))
        paths[-1].write_bytes(content)
    expected = [[i for i, other in enumerate(contents) if other == content] for content in dict.fromkeys(contents)]
    told: list[int] = []
    assert duplicate_images(paths, workers=2, on_progress=told.append) == sorted(g for g in expected if len(g) > 1)
    assert sum(told) == len(paths)


def test_what_cannot_be_read_is_in_no_group(tmp_path):
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "folder").mkdir()
    paths = [tmp_path / "a", tmp_path / "none", tmp_path / "folder", Path("/none"), tmp_path / "folder"]
    assert duplicate_images(paths) == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser reads everything")
def test_no_permission(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"same")
    (tmp_path / "a").chmod(0)
    assert duplicate_images([tmp_path / "a", tmp_path / "b"]) == []


def test_files_of_a_size_of_their_own_are_not_opened(tmp_path, monkeypatch):
    for number in range(5):
        (tmp_path / str(number)).write_bytes(b"x" * number)
    monkeypatch.setattr("longtail.data.audit.duplicates._hash", lambda *_: pytest.fail("opened"))
    assert duplicate_images([tmp_path / str(number) for number in range(5)]) == []


def test_ctrl_c_leaves_the_files_that_wait(tmp_path, monkeypatch):
    looked = []

    def slow(path, _):
        looked.append(path)
        time.sleep(0.005)
        return b"same"

    def interrupt(_):
        if len(looked) > 60:  # among the whole files
            raise KeyboardInterrupt

    monkeypatch.setattr(duplicates, "_hash", slow)
    monkeypatch.setattr(duplicates, "_START", 0)
    path = tmp_path / "a"
    path.write_bytes(b"x" * 10)
    with pytest.raises(KeyboardInterrupt):
        duplicates.duplicate_images([path] * 60, workers=2, on_progress=interrupt)
    assert len(looked) < 110  # 60 beginnings, then of 60 whole files a few
