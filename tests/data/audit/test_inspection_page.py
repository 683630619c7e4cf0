from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from longtail.data.audit.inspection import inspect
from longtail.data.audit.inspection_page import _compose, draw_page
from longtail.data.audit.page_images import examples
from longtail.data.audit.page_panels import panels
from longtail.data.audit.page_style import compact, shortened
from longtail.data.boxes import box_table
from longtail.data.manifest import from_classes, from_states


def multilabel(rows, labels, *, unknown=0.0, **columns):
    rng = np.random.default_rng(0)
    states = (rng.random((rows, labels)) < 0.5 * np.exp(-np.arange(labels) / 3)).astype(np.float32)
    states[rng.random((rows, labels)) < unknown] = np.nan
    table = pd.DataFrame({"image": [f"{i}.png" for i in range(rows)], **columns})
    return from_states(table, [f"Finding_{i} $x$" for i in range(labels)], states, Path())


def full(rows, labels):
    rng = np.random.default_rng(1)
    names = {"patient": rng.integers(0, rows // 4, rows), "study": rng.integers(0, rows // 2, rows)}
    parts = {"view": ["PA", "AP", "LL", ""], "split": ["train", "val", "test"], "source": ["one", "two"]}
    return multilabel(rows, labels, unknown=0.1, **names, **{part: rng.choice(of, rows) for part, of in parts.items()})


def single(classes):
    table = pd.DataFrame({"image": [f"{i}" for i in range(300)]})
    return from_classes(table, [f"class {i}" for i in range(classes)], np.arange(300) % classes, Path())


VARIANTS = {
    "full": lambda: full(200, 26),
    "two-labels": lambda: multilabel(40, 2),
    "one-label": lambda: multilabel(10, 1),
    "one-row": lambda: multilabel(1, 3),
    "nothing-known": lambda: multilabel(5, 3, unknown=1.1),
    "single": lambda: single(7),
    "many-classes": lambda: single(150),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_layout_is_a_picture(tmp_path, variant):
    manifest = VARIANTS[variant]()
    found = inspect(manifest, check_files=False, duplicates=False)
    draw_page(found, manifest, tmp_path / "page.png", images=False)
    with Image.open(tmp_path / "page.png") as page:
        assert page.format == "PNG"
        assert page.width == 1760
        assert 400 < page.height < 2200
        shades = np.asarray(page.convert("L"))
    assert 0.005 < (shades < 200).mean() < 0.6  # something is drawn, and there is air around it
    assert (shades[:, :30] == 255).all()  # nothing runs over the margins
    assert (shades[:, -20:] == 255).all()


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_fact_is_written_over_another(variant):
    manifest = VARIANTS[variant]()
    found = inspect(manifest, check_files=False, duplicates=False)
    figure = _compose(found, panels(found), [])
    boxes = [text.get_window_extent(figure.canvas.get_renderer()) for text in figure.texts]
    clashes = [
        (one.get_text(), two.get_text())
        for i, (one, box) in enumerate(zip(figure.texts, boxes, strict=True))
        for two, other in list(zip(figure.texts, boxes, strict=True))[:i]
        if box.shrunk(0.98, 0.7).overlaps(other.shrunk(0.98, 0.7))
    ]
    assert clashes == []


def test_labels_in_a_script_without_glyphs(tmp_path):
    manifest = from_states(pd.DataFrame({"image": ["a", "b"]}), ["肿块", "결절"], [[1, 0], [0, 1]], Path())
    draw_page(inspect(manifest, check_files=False, duplicates=False), manifest, tmp_path / "page.png", images=False)
    assert (tmp_path / "page.png").stat().st_size > 5_000


@pytest.fixture
def with_files(tmp_path):
    for number in range(4):
        Image.new("RGB", (40, 20), (number * 60, 0, 0)).save(tmp_path / f"{number}.png")
    (tmp_path / "0.png").write_bytes(b"broken")
    boxes = box_table([("3.png", "common", 10, 5, 20, 10)])
    table = pd.DataFrame({"image": [f"{i}.png" for i in range(5)]})
    states = [[1, 1, 0], [1, 1, 0], [1, 0, 0], [1, 1, 0], [0, 0, 1]]
    return from_states(table, ["common", "rare", "no file"], states, tmp_path, boxes)


def test_examples_prefer_boxes_then_few_other_labels(with_files):
    found = inspect(with_files, duplicates=False)
    common, rare = examples(found, with_files, 5)
    assert common.label == 0
    assert common.pixels[0, 0].tolist() == [180, 0, 0]
    assert common.boxes == [(0.25, 0.25, 0.5, 0.5)]
    assert rare.label == 1  # image 0 is broken, image 4 of 'no file' absent
    assert rare.pixels[0, 0].tolist() == [60, 0, 0]
    assert examples(found, with_files, 1) == []  # the rarest comes first when there is room for one


def test_page_with_examples(with_files, tmp_path):
    draw_page(inspect(with_files), with_files, tmp_path / "page.png")
    with Image.open(tmp_path / "page.png") as page:
        reds = np.asarray(page.convert("RGB")).astype(int)
    assert ((reds[..., 0] == 180) & (reds[..., 1] == 0)).sum() > 1000  # the thumbnail is there


def test_words():
    assert (compact(1234), compact(123_456), compact(1_234_567)) == ("1,234", "123k", "1.2M")
    assert shortened("abcdef", 4) == "abc…"
