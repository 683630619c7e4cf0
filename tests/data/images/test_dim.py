from pathlib import Path

import numpy as np
import pytest

from longtail.data.audit.inspection import inspect
from longtail.data.images.decode import decode
from longtail.data.images.dim import dim_warning
from longtail.data.images.png import encode_png
from longtail.data.images.prepared import prepare
from longtail.data.manifest import Manifest


def ramps(folder: Path, highest: list[int]) -> list[Path]:
    """16-bit PNGs whose levels rise from 0 to `highest`; 255 means one of 8 bits."""
    paths = [folder / f"{i}.png" for i in range(len(highest))]
    for path, top in zip(paths, highest, strict=True):
        levels = np.linspace(0, top, 400).reshape(20, 20)
        path.write_bytes(encode_png(levels.astype(np.uint8 if top == 255 else np.uint16)))
    return paths


@pytest.mark.parametrize("highest", [[65535] * 3, [255] * 3, [4095, 65000], [0, 0], [0, 60000]])
def test_images_that_use_their_range_or_have_8_bits_are_fine(tmp_path: Path, highest: list[int]) -> None:
    assert dim_warning([*ramps(tmp_path, highest), tmp_path / "absent.png"]) is None


def test_a_window_that_spreads_the_levels_is_the_way_out(tmp_path: Path) -> None:
    paths = ramps(tmp_path, [4095, 4000, 65535])
    said = dim_warning(paths)
    assert said
    assert "2 of 3 16-bit images looked at hold no level above 4,095" in said
    assert "as files of 12 bits do" in said
    assert "at most 16 of 255" in said
    assert "--window 2048,4096" in said
    assert decode(paths[0]).max() == 16
    for way in ("minmax", (2048.0, 4096.0)):
        assert dim_warning(paths, way) is None  # type: ignore[arg-type]
        assert decode(paths[0], window=way).max() == 255  # type: ignore[arg-type]


def test_inspect_and_prepare_tell_once(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    ramps(tmp_path, [4095] * 3)
    (tmp_path / "m.csv").write_text("image,nodule\n0.png,1\n1.png,0\n2.png,0\n")
    manifest = Manifest.load(tmp_path / "m.csv")
    assert [problem.kind for problem in inspect(manifest).problems] == ["dim-images"]
    with pytest.warns(UserWarning, match="nearly black"):
        prepare(manifest, 16, store=tmp_path / "store")
    prepare(manifest, 16, store=tmp_path / "store")  # all there: nothing is decoded, and nothing told
    prepare(manifest, 16, store=tmp_path / "store", window="minmax")
    assert not recwarn.list
