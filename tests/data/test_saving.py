from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from longtail.data.boxes import box_table
from longtail.data.manifest import Manifest, from_classes, from_states
from longtail.errors import UserError

NAMES = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=6).map(
    str.strip
)
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)
SUFFIXES = st.sampled_from([".csv", ".parquet"])
RELAXED = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def assert_same(first, second):
    assert second.labels == first.labels
    assert second.task == first.task
    assert np.array_equal(second.targets, first.targets, equal_nan=first.task == "multilabel")
    assert second.table.astype(object).equals(first.table.astype(object))
    assert second.root.resolve() == first.root.resolve()
    assert second.digest() == first.digest()


@RELAXED
@given(data=st.data(), suffix=SUFFIXES, rows=st.integers(1, 5), labels=st.integers(1, 4))
def test_multilabel_round_trip(tmp_path, data, suffix, rows, labels):
    row = st.lists(st.sampled_from([0, 1, np.nan]), min_size=labels, max_size=labels)
    states = data.draw(st.lists(row, min_size=rows, max_size=rows))
    table = pd.DataFrame(
        {
            "image": [f"folder/{i}.png" for i in range(rows)],
            "patient": data.draw(st.lists(WORDS, min_size=rows, max_size=rows)),
            "note": data.draw(st.lists(WORDS, min_size=rows, max_size=rows)),
        }
    )
    made = from_states(table, [f"L {i}" for i in range(labels)], states, tmp_path)
    made.save(tmp_path / f"manifest{suffix}")
    assert_same(made, Manifest.load(tmp_path / f"manifest{suffix}", check=False))


@RELAXED
@given(names=st.lists(NAMES.filter(bool), min_size=1, max_size=4, unique=True), suffix=SUFFIXES, data=st.data())
def test_singlelabel_round_trip(tmp_path, names, suffix, data):
    classes = data.draw(st.lists(st.integers(-1, len(names) - 1), min_size=1, max_size=5))
    table = pd.DataFrame({"image": [f"{i}.png" for i in range(len(classes))]})
    made = from_classes(table, names, classes, tmp_path / "pictures")
    made.save(tmp_path / f"m{suffix}")
    assert_same(made, Manifest.load(tmp_path / f"m{suffix}", check=False))


def test_boxes_and_relative_root(tmp_path):
    boxes = box_table([("a.png", "A", 0.5, 1, 2, 3)])
    table = pd.DataFrame({"image": ["a.png"], "label": ["an extra"]})
    made = from_states(table, ["A"], [[1]], tmp_path / "pictures", boxes)
    made.save(tmp_path / "manifest.csv")
    assert "root: pictures" in (tmp_path / "manifest.yaml").read_text()
    again = Manifest.load(tmp_path / "manifest.csv", check=False)
    assert_same(made, again)
    assert again.boxes.equals(boxes)
    made.save(tmp_path / "other.csv")
    assert (tmp_path / "other.boxes.csv").exists()


def test_suffix_and_clash(tmp_path):
    made = from_states(pd.DataFrame({"image": ["a"], "A": ["x"]}), ["A"], [[1]], tmp_path)
    with pytest.raises(UserError, match="must end in .csv or .parquet"):
        made.save(tmp_path / "manifest.xlsx")
    with pytest.raises(UserError, match="A is both a label and another column"):
        made.save(tmp_path / "manifest.csv")


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    made = from_states(pd.DataFrame({"image": ["a"]}), ["A"], [[1]], Path())
    made.save(tmp_path / "manifest.csv")
    before = (tmp_path / "manifest.csv").read_bytes()

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    with pytest.raises(OSError, match="No space"):
        made.save(tmp_path / "manifest.csv")
    assert (tmp_path / "manifest.csv").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["manifest.csv", "manifest.yaml"]
