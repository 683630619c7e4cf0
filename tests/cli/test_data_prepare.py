from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from longtail.cli import run


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    for i in range(3):
        Image.fromarray(np.full((30, 40), 60 * i, np.uint8)).save(tmp_path / f"{i}.png")
    (tmp_path / "m.csv").write_text("image,nodule\n0.png,1\n1.png,0\n2.png,0\n")
    return tmp_path / "m.csv"


def test_prepares_each_size_beside_the_manifest(manifest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["data", "prepare", str(manifest), "--size", "16", "--size", "24", "--resize", "pad", "--channels", "3"]
    assert run(command) == 0
    out = capsys.readouterr().out
    assert "16 px, colour: 3 images (3 new at" in out
    assert "24 px, colour: 3 images (3 new at" in out
    assert (manifest.parent / "prepared" / "24-pad-3ch-v1" / "pixels.u8").stat().st_size == 4 * 24 * 24 * 3
    assert run(command) == 0
    assert "(0 new, 3 reused" in capsys.readouterr().out


def test_columns_and_folders_by_flags(manifest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    moved = manifest.parent / "tables" / "m.csv"
    moved.parent.mkdir()
    moved.write_text(manifest.read_text().replace("image", "fpath"))
    command = ["data", "prepare", str(moved), "--size", "16", "--image", "fpath"]
    assert run(command) == 2
    assert f"start from '{moved.parent}'" in capsys.readouterr().err
    assert run([*command, "--root", str(manifest.parent)]) == 0
    assert "3 images (3 new" in capsys.readouterr().out


def test_bad_images_stop_or_are_left_out(manifest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (manifest.parent / "1.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert run(["data", "prepare", str(manifest), "--size", "16"]) == 2
    assert "1 of 3 images cannot be used; the first is '1.png'" in capsys.readouterr().err
    assert run(["data", "prepare", str(manifest), "--size", "16", "--on-bad", "skip"]) == 0
    shown = capsys.readouterr()
    assert "2 images (0 new, 2 reused, 1 unusable left out)" in shown.out
    assert "row 2, '1.png'" in shown.err


def test_options_are_checked(manifest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "prepare", str(manifest), "--size", "16", "--resize", "squich"]) == 2
    assert "Did you mean 'squash'" in capsys.readouterr().err
