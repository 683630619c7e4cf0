from pathlib import Path

import numpy as np
from PIL import Image

from longtail.data.images.colour import usual_channels


def _save(path: Path, pixels: np.ndarray) -> Path:
    Image.fromarray(pixels).save(path, quality=80)
    return path


def test_grey_pictures_stored_as_rgb_are_grey(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    paths = []
    for i in range(5):
        grey = rng.integers(0, 255, (64, 64), dtype=np.uint8)
        paths.append(_save(tmp_path / f"{i}.jpg", np.stack([grey] * 3, axis=2)))
    assert usual_channels(paths) == 1


def test_one_coloured_picture_makes_three_channels(tmp_path: Path) -> None:
    grey = _save(tmp_path / "grey.png", np.full((40, 40), 90, np.uint8))
    skin = _save(tmp_path / "skin.png", np.full((40, 40, 3), (200, 140, 120), np.uint8))
    (tmp_path / "cut.png").write_bytes(b"no image")
    assert usual_channels([grey] * 40 + [skin] * 40 + [tmp_path / "cut.png"] * 3) == 3
    assert usual_channels([tmp_path / "cut.png", tmp_path / "absent.png"]) == 1
    assert usual_channels([]) == 1


def test_a_huge_picture_is_looked_at_in_part(tmp_path: Path) -> None:
    skin = np.zeros((700, 1100, 3), np.uint8)
    skin[..., 0] = 200
    assert usual_channels([_save(tmp_path / "skin.png", skin)]) == 3
