"""The log of a training: whole lines, no nan, and nothing twice after a resume."""

from pathlib import Path
from typing import Any

from longtail.running.log import Log, read_log


def test_a_log_forgets_what_happens_again(tmp_path: Path) -> None:
    log, sizes = Log(tmp_path / "log.jsonl"), []
    for step in (0, 3, 6):
        log.write("epoch", step=step, loss=float("nan"))
        sizes.append(log.size())
    with log.path.open("a") as file:
        file.write('{"event": "ep')
    log.cut(sizes[1])
    assert [line["step"] for line in read_log(log.path)] == [0, 3]
    assert log.size() == sizes[1]
    log.cut(0)
    assert read_log(log.path) == []


def test_a_line_without_its_end_is_dropped(tmp_path: Path) -> None:
    """A power cut may keep the checkpoint, which is synced, and lose the log's last bytes."""
    log = Log(tmp_path / "log.jsonl")
    log.write("start", step=0)
    log.write("epoch", step=3)
    size = log.size()
    log.path.write_bytes(log.path.read_bytes()[:-4])
    log.cut(size)
    log.write("resume", step=3)
    assert [line["event"] for line in read_log(log.path)] == ["start", "resume"]


def test_numbers_that_are_none_become_null(tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    log = Log(tmp_path / "deep/log.jsonl", told.append)
    log.write("epoch", loss=float("nan"), parts={"dino": float("inf"), "koleo": 1.5}, rates=[0.1, float("nan")])
    (line,) = read_log(log.path)
    assert (line["loss"], line["parts"], line["rates"]) == (None, {"dino": None, "koleo": 1.5}, [0.1, None])
    assert told == [line]
    assert log.path.read_bytes().endswith(b"}\n")


def test_text_stays_readable(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.jsonl")
    text = "naïve\n\u2028line"  # a line end of Unicode's, but not of a file's
    log.write("note", text=text)
    assert "naïve\\n" in log.path.read_text(encoding="utf-8")
    assert [line["text"] for line in read_log(log.path)] == [text]


def test_other_processes_write_nothing(tmp_path: Path) -> None:
    Log(tmp_path / "log.jsonl").write("start")
    told: list[dict[str, Any]] = []
    other = Log(tmp_path / "log.jsonl", told.append, writes=False)
    other.write("start")
    other.cut(0)
    assert other.size() == 0
    assert told == []
    assert len(read_log(tmp_path / "log.jsonl")) == 1
    Log(tmp_path / "nowhere/log.jsonl", writes=False).write("start")
    assert not (tmp_path / "nowhere").exists()
