"""Synthesis to a folder: whole, the same by seed, going on where it was stopped, never over anything else."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_pastes import LABELS, world
from PIL import Image

from longtail.augment.paste.making import REPORT, image_name, synthesize
from longtail.augment.paste.planning import plan_pastes
from longtail.augment.paste.pool import paste_pool
from longtail.augment.paste.rendering import pasted_image
from longtail.augment.paste.settings import PasteSettings
from longtail.data import Manifest, Prepared, validate
from longtail.errors import UserError

SETTINGS = PasteSettings(on_normal=6, on_tail=5, tail=("Rare",))
World = tuple[Manifest, Prepared]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    return world(tmp_path_factory.mktemp("world"))


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_images_rows_and_report(made: World, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    out = tmp_path / "out"
    rows = synthesize(*made, out, SETTINGS, on_progress=lambda done, total: told.append((done, total)))
    pool = paste_pool(*made, SETTINGS)
    plan = list(plan_pastes(pool, SETTINGS))
    assert told == [(11, 11)]
    assert len(rows) == 11
    assert rows.labels == LABELS
    assert {problem.kind for problem in validate(rows)} == {"label-without-positive"}  # none of them is normal
    np.testing.assert_array_equal(rows.targets, np.stack([paste.states for paste in plan]))
    for path, paste in zip(rows.image_paths, plan, strict=True):
        assert np.array_equal(np.asarray(Image.open(path)), pasted_image(pool, SETTINGS, paste)[..., 0])
    report = json.loads((out / REPORT).read_text())
    assert report["finished"]
    assert report["images"] == 11
    assert report["images_by_way"] == {"normal": 6, "tail": 5}
    assert report["counts"]["after"][2] == report["counts"]["before"][2] + 11
    assert report["counts"]["after"][0] == 20
    for name in ("correlation.png", "distribution.png", "contact-sheet.png"):
        with Image.open(out / name) as page:
            assert page.size[0] > 300


def test_it_goes_on_where_it_was_killed(made: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _files(synthesize(*made, tmp_path / "whole", SETTINGS).root)
    out = tmp_path / "killed"
    real, left = pasted_image, [4]

    def killed(*args: object) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return real(*args)  # type: ignore[arg-type]

    module = "longtail.augment.paste.making.pasted_image"
    monkeypatch.setattr(module, killed)
    with pytest.raises(KeyboardInterrupt):
        synthesize(*made, out, SETTINGS, workers=1)
    there = sorted(out.rglob("*.png"))
    assert len(there) == 4
    assert not (out / "manifest.csv").exists()
    there[0].write_bytes(there[0].read_bytes()[:-9])  # cut short
    before = there[1].stat().st_mtime_ns
    monkeypatch.setattr(module, real)
    synthesize(*made, out, SETTINGS)
    assert there[1].stat().st_mtime_ns == before
    assert _files(out) == whole


def test_what_is_finished_is_not_made_again(made: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = synthesize(*made, tmp_path, SETTINGS)
    monkeypatch.setattr("longtail.augment.paste.making.plan_pastes", None)
    assert synthesize(*made, tmp_path, SETTINGS).digest() == first.digest()
    monkeypatch.undo()
    (tmp_path / image_name(3)).unlink()
    synthesize(*made, tmp_path, SETTINGS)
    assert (tmp_path / image_name(3)).exists()


def test_another_folder_for_anything_else(made: World, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="is not empty and holds no pasted images"):
        synthesize(*made, tmp_path, SETTINGS)
    synthesize(*made, tmp_path / "a", SETTINGS)
    for other in (replace(SETTINGS, seed=1), replace(SETTINGS, opacity=0.5)):
        with pytest.raises(UserError, match="other settings or of other rows"):
            synthesize(*made, tmp_path / "a", other)
    with pytest.raises(UserError, match="other settings or of other rows"):
        synthesize(*made, tmp_path / "a", SETTINGS, rows=np.arange(38))


def test_one_class_per_image(tmp_path: Path) -> None:
    rows = synthesize(*world(tmp_path / "world", single=True), tmp_path / "out", SETTINGS)
    assert rows.task == "singlelabel"
    assert rows.labels == LABELS
    assert set(rows.targets) == {2}
