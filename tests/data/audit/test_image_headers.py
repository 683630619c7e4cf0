import numpy as np
from PIL import Image

from longtail.data.audit.image_headers import image_headers


def test_sizes_formats_modes_and_the_unreadable(tmp_path):
    Image.new("L", (30, 20)).save(tmp_path / "a.png")
    Image.new("L", (30, 20)).save(tmp_path / "b.jpg")
    Image.new("RGB", (8, 9)).save(tmp_path / "c.png")
    Image.fromarray(np.zeros((4, 5), np.uint16)).save(tmp_path / "d.png")
    (tmp_path / "e.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    (tmp_path / "f.txt").write_text("words")
    found = image_headers(sorted(tmp_path.iterdir()))
    assert found.looked_at == 6
    assert found.sizes == {"30 x 20": 2, "8 x 9": 1, "5 x 4": 1}
    assert found.formats == {"PNG": 3, "JPEG": 1}
    assert found.modes == {"L": 2, "RGB": 1, "I;16": 1}
    assert found.unreadable == 2
    assert [name[-5:] for name in found.unreadable_files] == ["e.png", "f.txt"]


def test_a_sample_is_spread_over_the_list(tmp_path):
    Image.new("L", (3, 2)).save(tmp_path / "a.png")
    found = image_headers([tmp_path / "a.png"] * 1001, most=100)
    assert found.looked_at == 91  # every eleventh
