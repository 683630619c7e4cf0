"""The data report: one file, nothing from outside, everything that was asked for, user text made harmless."""

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from longtail.data import Manifest, from_classes, from_states, inspect
from longtail.data.boxes import box_table
from longtail.report.data_report import Step, data_report, examples

_VOID = {"meta", "img", "br", "link"}


class Balanced(HTMLParser):
    """Collects texts, and every tag that is closed out of turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.texts: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    names = [f"{i}.png" for i in range(12)]
    for i, name in enumerate(names):
        Image.new("L", (80, 40), i * 20).save(tmp_path / name)
    states = np.zeros((12, 3), np.float32)
    states[:, 0], states[:2, 1], states[3, 2], states[5, 2] = 1, 1, 1, np.nan
    table = pd.DataFrame({"image": names, "patient": [f"p{i // 2}" for i in range(12)], "view": "PA"})
    boxes = box_table([("3.png", "<b>rare</b>", 20, 10, 60, 30)])
    return from_states(table, ["common", "some", "<b>rare</b>"], states, tmp_path, boxes)


def _parsed(path: Path) -> Balanced:
    page = Balanced()
    page.feed(path.read_text(encoding="utf-8"))
    assert not page.wrong
    assert not page.open
    return page


def test_the_page_is_whole_and_self_contained(manifest: Manifest, tmp_path: Path) -> None:
    steps = [Step("longtail data read x", "12 images")]
    page = _parsed(data_report(manifest, inspect(manifest), tmp_path / "report.html", steps=steps))
    assert all(source.startswith("data:") for source in page.sources)
    assert {"12", "images", "6", "patients", "longtail data read x", "<b>rare</b>"} <= set(page.texts)
    assert "http" not in "".join(page.sources)


def test_the_rarest_comes_first_with_its_box_in_hundredths(manifest: Manifest) -> None:
    shown = examples(manifest)
    assert [example.label for example in shown] == ["<b>rare</b>", "some", "common"]
    assert shown[0].boxes == [(25.0, 25.0, 50.0, 50.0)]
    assert shown[0].caption == "PA"


def test_an_unreadable_image_is_passed_over(manifest: Manifest, tmp_path: Path) -> None:
    (tmp_path / "3.png").write_bytes(b"broken")
    assert [example.label for example in examples(manifest)] == ["some", "common"]


def test_unknown_labels_have_a_column_only_where_there_are_any(manifest: Manifest, tmp_path: Path) -> None:
    with_unknown = data_report(manifest, inspect(manifest), tmp_path / "a.html").read_text(encoding="utf-8")
    known = manifest.select(np.arange(12) != 5)
    without = data_report(known, inspect(known), tmp_path / "b.html").read_text(encoding="utf-8")
    assert ">unknown<" in with_unknown
    assert ">unknown<" not in without
    assert "8.3%" in with_unknown


def test_single_label_has_classes(tmp_path: Path) -> None:
    for i in range(4):
        Image.new("RGB", (8, 8), (i * 50, 0, 0)).save(tmp_path / f"{i}.png")
    table = pd.DataFrame({"image": [f"{i}.png" for i in range(4)]})
    manifest = from_classes(table, ["a", "b"], np.array([0, 0, 0, 1]), tmp_path)
    page = _parsed(data_report(manifest, inspect(manifest), tmp_path / "report.html"))
    assert {"classes", "3 : 1"} <= set(page.texts)
    rows = re.findall(r'<tr class="(\w+)">', (tmp_path / "report.html").read_text(encoding="utf-8"))
    assert rows == ["tail", "tail"]
