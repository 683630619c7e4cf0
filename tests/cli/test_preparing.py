"""What is shown while images are prepared."""

from pathlib import Path

import pytest

from longtail.cli import console
from longtail.cli.preparing import shown


def test_each_count_of_images_has_its_own_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(console, "_SECONDS_BETWEEN_LINES", 0.0)
    with shown(32) as watch:
        watch["on_wait"](Path("store"))
        for done, total in ((1, 2), (2, 2), (1, 1)):  # with from_size the larger images come first
            watch["on_progress"](done, total)
    told = [line.split(",")[0] for line in capsys.readouterr().err.splitlines()]
    assert "another process is preparing 'store'; waiting for it" in told[0]
    assert [line.split("prepare 32 px: ")[1] for line in told[1:]] == [
        "1 of 2 images",
        "2 of 2 images",
        "1 of 1 images",
    ]
