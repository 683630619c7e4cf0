from pathlib import Path

import pytest
from made_files import picture

from longtail.data.readers.placing import image_root, placed
from longtail.errors import UserError


def test_all_as_published(tmp_path: Path):
    picture(tmp_path, "a/x.png")
    picture(tmp_path, "b/x.png")
    assert placed(["a/x.png", "b/x.png"], tmp_path) == ["a/x.png", "b/x.png"]


def test_found_by_stem_or_kept(tmp_path: Path):
    picture(tmp_path, "z/x.png")
    picture(tmp_path, "a/y.JPG".lower())
    (tmp_path / "a/w.txt").write_text("no image")
    (tmp_path / "a/.v.png").write_text("hidden")
    names = ["x.png", "y.png", "w.png", ".v.png"]
    assert placed(names, tmp_path) == ["z/x.png", "a/y.jpg", "w.png", ".v.png"]


def test_several_parts_tell_equal_file_names_apart(tmp_path: Path):
    picture(tmp_path, "copy/p1/view1.jpg")
    picture(tmp_path, "copy/p2/view1.jpg")
    assert placed(["old/p2/view1.png", "old/p3/view1.png"], tmp_path, parts=2) == [
        "copy/p2/view1.jpg",
        "old/p3/view1.png",
    ]


def test_no_images_at_all(tmp_path: Path):
    assert placed(["x.png"], tmp_path) == ["x.png"]
    assert placed([], tmp_path) == []
    assert placed(["x.png"], tmp_path / "nowhere") == ["x.png"]


def test_image_root(tmp_path: Path):
    assert image_root(tmp_path, None) == tmp_path
    assert image_root(tmp_path / "labels", tmp_path) == tmp_path
    with pytest.raises(UserError, match="no folder"):
        image_root(tmp_path, tmp_path / "nowhere")
