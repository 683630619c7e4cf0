import errno
import json
import os
import re
import stat
from collections import namedtuple
from pathlib import Path

import pytest

from longtail.errors import UserError
from longtail.files import (
    explain,
    in_words,
    make_folder,
    read_object,
    require_free_space,
    write_json,
    write_text,
    written_whole,
)


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    write_text(target, "old")
    with pytest.raises(RuntimeError), written_whole(target) as beside:
        beside.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_files_are_as_readable_as_ordinary_ones(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "x")
    (tmp_path / "b.txt").write_text("x")
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a.txt", "b.txt")}
    assert len(modes) == 1


def test_json_is_utf8_and_refuses_nan(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"é": 1})
    assert json.loads((tmp_path / "a.json").read_bytes()) == {"é": 1}
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", float("nan"))
    assert json.loads((tmp_path / "a.json").read_bytes()) == {"é": 1}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"{", "is no JSON (Expecting property name"),
        (b"\xff", "is no JSON ('utf-8' codec"),
        (b"[1]", r"holds no JSON object but [1]; write it again."),
        (b'"' + b"x" * 99 + b'"', "but " + '"' + "x" * 36 + "...; write it again."),
    ],
)
def test_what_is_no_object_is_told_with_a_remedy(tmp_path: Path, text: bytes, told: str) -> None:
    (tmp_path / "a.json").write_bytes(text)
    with pytest.raises(UserError, match=re.escape(told)) as error:
        read_object(tmp_path / "a.json", "write it again")
    assert str(error.value).endswith("; write it again.")


def test_a_file_in_the_way_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(UserError, match="a file stands in its way"):
        make_folder(tmp_path / "x")
    with pytest.raises(UserError, match="cannot be a folder|cannot create"):
        make_folder(tmp_path / "x" / "y")


def test_free_space_is_checked_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(10, 10, 1 << 30))
    require_free_space(tmp_path, 900 << 20, "this")
    with pytest.raises(
        UserError, match=r"this needs 2\.1 GiB \(64\.0 MiB of it to spare\) but the disk of .* has 1\.0 GiB free"
    ):
        require_free_space(tmp_path, 2 << 30, "this")


def test_sizes_in_words() -> None:
    assert [in_words(n) for n in (0, 1023, 1536, 300 << 20, 5 << 40)] == [
        "0 bytes", "1023 bytes", "1.5 KiB", "300 MiB", "5.0 TiB",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EACCES, "permission"),
        (errno.EROFS, "permission"),
        (errno.ENOENT, "no such"),
    ],
)
def test_refusals_of_the_system_are_explained(number: int, word: str) -> None:
    assert word in (explain(OSError(number, os.strerror(number), "f")) or "")


def test_other_faults_are_not_explained_away() -> None:
    assert explain(OSError(errno.EIO, "i/o")) is None


def test_refusals_name_the_file_asked_for_not_the_one_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="full") as caught:
        write_text(tmp_path / "a.csv", "x")
    assert caught.value.filename == str(tmp_path / "a.csv")
    assert not list(tmp_path.iterdir())
