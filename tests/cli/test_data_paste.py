"""`longtail data paste`, from a manifest's file to a folder of pasted images."""

import json
from pathlib import Path

import pytest
from made_pastes import world

from longtail.cli import run
from longtail.data import Manifest


def test_images_and_joined_manifest(in_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest, _ = world(in_tmp / "world")
    manifest.save(in_tmp / "world" / "m.csv")
    words = ["data", "paste", "world/m.csv", "--out", "out", "--size", "32", "--on-normal", "5", "--on-tail", "4"]
    words += ["--tail", "Rare", "--soft-edge", "0.2", "--intensity", "shift", "--joined", "world/all.csv"]
    assert run(words) == 0
    told = capsys.readouterr().out
    assert "5 on normal images and 4 on tail images" in told
    assert "49 rows, old and new" in told
    assert "label correlations: mean change" in told
    assert len(Manifest.load(in_tmp / "world" / "all.csv")) == 49
    assert json.loads((in_tmp / "out" / "synthesis.json").read_text())["settings"]["intensity"] == "shift"
    assert run(words) == 0  # it is all there
    assert "49 rows" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--tail", "Rar"], "Did you mean 'Rare'?"),
        (["--tail", "Rare", "--opacity", "7"], "valid is 0 to 1"),
        (["--tail-below", "1"], "no finding is in the tail"),
        (["--tail", "Rare", "--joined", "m.csv"], "would replace the manifest"),
        (["--tail", "Rare", "--joined", "all"], "'all' must end in .csv or .parquet"),
        (["--tail", "Rare", "--out", "m.csv"], "'m.csv' is not empty and holds no pasted images"),
    ],
)
def test_mistakes(more: list[str], message: str, in_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world(in_tmp)[0].save(in_tmp / "m.csv")
    assert run(["data", "paste", "m.csv", "--out", "out", "--size", "32", "--store", "store", *more]) == 2
    assert message in capsys.readouterr().err
    assert not (in_tmp / "out").exists()
    assert not (in_tmp / "store").exists()  # no image was prepared
