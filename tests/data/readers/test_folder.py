"""Class folders, with and without splits."""

from pathlib import Path

import pytest
from made_files import picture

from longtail.data.manifest import Manifest
from longtail.data.readers.folder import read_folder
from longtail.errors import UserError


def rows(manifest: Manifest) -> list[tuple[str, ...]]:
    labels = [manifest.labels[i] for i in manifest.targets]
    splits = manifest.table["split"] if manifest.has("split") else [""] * len(labels)
    return list(zip(manifest.table["image"], labels, splits, strict=True))


def test_class_folders(tmp_path: Path):
    for name in ("nevus/b.png", "nevus/deep/a.png", "melanoma/c.jpg", ".cache/x.png", "__MACOSX/y.png"):
        picture(tmp_path / "skin", name)
    (tmp_path / "skin" / "nevus" / "notes.txt").write_text("")
    (tmp_path / "skin" / "empty").mkdir()
    manifest = read_folder(tmp_path / "skin", tmp_path)
    assert manifest.labels == ("empty", "melanoma", "nevus")
    assert rows(manifest) == [
        ("melanoma/c.jpg", "melanoma", ""),
        ("nevus/b.png", "nevus", ""),
        ("nevus/deep/a.png", "nevus", ""),
    ]
    assert set(manifest.table["source"]) == {"skin"}
    assert all(path.is_file() for path in manifest.image_paths)


def test_the_folder_to_write_to_is_no_class(tmp_path: Path):
    """`longtail data read folder` within the images' own folder, and once more."""
    for name in ("nevus/b.png", "melanoma/c.jpg"):
        picture(tmp_path, name)
    (tmp_path / "manifest").mkdir()
    assert read_folder(tmp_path, tmp_path / "manifest").labels == ("melanoma", "nevus")
    (tmp_path / "manifest").rmdir()
    assert read_folder(tmp_path, tmp_path / "nevus").labels == ("melanoma", "nevus")  # where images are, it is one


def test_splits(tmp_path: Path):
    for name in ("train/b/1.png", "train/a/2.png", "Validation/a/3.png", "testing/c/4.png"):
        picture(tmp_path, name)
    manifest = read_folder(tmp_path, tmp_path, source="mine")
    assert manifest.labels == ("a", "b", "c")
    assert sorted(rows(manifest)) == [
        ("Validation/a/3.png", "a", "val"),
        ("testing/c/4.png", "c", "test"),
        ("train/a/2.png", "a", "train"),
        ("train/b/1.png", "b", "train"),
    ]


def test_a_class_may_be_called_like_a_split(tmp_path: Path):
    for name in ("test/1.png", "other/2.png"):
        picture(tmp_path, name)
    assert read_folder(tmp_path, tmp_path).labels == ("other", "test")


def test_split_folders_beside_others(tmp_path: Path):
    for name in ("train/a/1.png", "train/b/1.png", "unlabelled/2.png"):
        picture(tmp_path, name)
    with pytest.raises(UserError, match="ignore=unlabelled"):
        read_folder(tmp_path, tmp_path)
    assert len(read_folder(tmp_path, tmp_path, ignore=("unlabelled",))) == 2


def test_mistakes(tmp_path: Path):
    with pytest.raises(UserError, match="no images in sub-folders"):
        read_folder(tmp_path, tmp_path)
    picture(tmp_path, "1.png")
    with pytest.raises(UserError, match="no images in sub-folders"):
        read_folder(tmp_path, tmp_path)
    with pytest.raises(UserError, match="no folder"):
        read_folder(tmp_path / "1.png", tmp_path)
