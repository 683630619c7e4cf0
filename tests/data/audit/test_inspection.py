import json
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from longtail.data.audit.inspection import inspect
from longtail.data.audit.inspection_tables import facts, group_sentence, strongest_pairs, tables
from longtail.data.boxes import box_table
from longtail.data.manifest import from_classes, from_states
from longtail.errors import UserError


@pytest.fixture
def manifest(tmp_path):
    """Twelve images; 9 is a copy of 1 in another split, 10 of 8 in the same, 4 is absent."""
    rng = np.random.default_rng(0)
    for number in range(12):
        Image.fromarray(rng.integers(0, 255, (8, 9), dtype=np.uint8)).save(tmp_path / f"{number}.png")
    shutil.copy(tmp_path / "1.png", tmp_path / "9.png")
    shutil.copy(tmp_path / "8.png", tmp_path / "10.png")
    (tmp_path / "4.png").unlink()
    table = pd.DataFrame(
        {
            "image": [f"{i}.png" for i in range(12)],
            "patient": [f"p{i // 3}" for i in range(12)],
            "study": [f"s{i // 2}" for i in range(12)],
            "view": ["PA", "AP", "AP"] * 4,
            "split": ["train"] * 7 + ["test"] * 5,
        }
    )
    states = np.array([[i % 2, np.nan if i == 5 else i % 3 == 0, 0] for i in range(12)], np.float32)
    states[10] = states[8]
    return from_states(
        table, ["Mass", "Nodule", "Hernia"], states, tmp_path, box_table([("1.png", "Mass", 0, 0, 3, 3)])
    )


def test_everything_is_told(manifest):
    told: list[int] = []
    found = inspect(manifest, on_progress=told.append)
    train = manifest.targets[:7]
    assert found.tail.counts.positive.tolist() == (train == 1).sum(axis=0).tolist()
    assert found.tail.counted_on == "the split 'train'"
    assert found.tail.imbalance.without == ["Hernia"]
    assert list(found.by_split) == ["train", "test"]
    assert {view: counts.rows for view, counts in found.by_view.items()} == {"AP": 8, "PA": 4}
    assert found.grouped["patient"].leaks_by_pair == {"train + test": 1}
    assert found.grouped["study"].histogram == {2: 6}
    assert found.studies_per_patient == {2: 4}
    assert found.boxes == {"Mass": 1}
    assert found.files.missing == 1
    assert found.files.headers.sizes == {"9 x 8": 11}
    assert sum(told) == 12
    assert {problem.kind for problem in found.errors} == {"missing-file", "study-of-two-patients"}


def test_harmful_duplicates_come_first(manifest):
    found = inspect(manifest).duplicates
    assert (found.groups, found.surplus, found.across_splits, found.conflicting) == (2, 2, 1, 1)
    first, second = found.found
    assert (first.rows, first.images, first.splits) == ([1, 9], ["1.png", "9.png"], ["train", "test"])
    assert first.conflicting  # Nodule: 0 in row 1, 1 in row 9
    assert (second.rows, second.splits, second.conflicting) == ([8, 10], ["test"], False)


def test_json_is_valid_and_has_no_nan(manifest):
    text = json.dumps(inspect(manifest).to_json(), allow_nan=False)
    value = json.loads(text)
    assert value["relations"]["correlation"][0][2] is None
    assert value["counts"]["prevalence"] == pytest.approx([5 / 12, 4 / 11, 0], abs=0.1)
    assert value["tail"]["boundaries"]["rule"] == "10% and 1% of 7 images"
    assert value["by_split"]["train"]["rows"] == 7


def test_what_is_switched_off_is_not_looked_at(manifest, monkeypatch):
    monkeypatch.setattr("longtail.data.audit.inspection.duplicate_images", lambda *_: pytest.fail("looked"))
    found = inspect(manifest, duplicates=False, check_files=False)
    assert found.files is None
    assert found.duplicates is None
    assert "missing-file" not in [problem.kind for problem in found.problems]


def test_single_label_uses_the_literatures_groups():
    classes = np.repeat([0, 1, 2], [101, 100, 19])
    table = pd.DataFrame({"image": [f"{i}" for i in range(220)]})
    found = inspect(from_classes(table, ["a", "b", "c"], classes, ""), check_files=False, duplicates=False)
    assert found.tail.groups == ["head", "medium", "tail"]
    assert found.tail.imbalance.ratio == pytest.approx(101 / 19)
    assert found.relations is None
    assert found.per_image is None
    assert "head: more than 100 images, tail: fewer than 20" in group_sentence(found)
    stated = inspect(from_classes(table, ["a", "b", "c"], classes, ""), head=18, check_files=False, duplicates=False)
    assert stated.tail.groups == ["head"] * 3


def test_an_empty_tail_of_a_small_table_is_said_in_words(manifest):
    said = group_sentence(inspect(manifest, check_files=False, duplicates=False))
    assert "tail: fewer than 1 (so only labels without any; --tail N sets another" in said
    assert "10% and 1% of 7 images" in said


def test_tables_and_facts(manifest):
    found = inspect(manifest)
    titles = [table.title for table in tables(found)]
    assert any("exact duplicates" in title for title in titles)
    assert any("labels - head: more than" in title for title in titles)
    for table in tables(found):
        assert all(len(row) == len(table.columns) for row in table.rows), table.title
    told = dict(facts(found))
    assert told["images"] == 12
    assert told["studies"] == 6
    assert told["duplicates in 2+ splits"] == 1
    assert strongest_pairs(found) == [(0, 1)]


def test_one_row_of_nothing_known():
    table = pd.DataFrame({"image": ["a"], "split": [""], "view": [""]})
    found = inspect(from_states(table, ["A", "B"], [[np.nan, np.nan]], ""), check_files=False, duplicates=False)
    json.dumps(found.to_json(), allow_nan=False)
    assert tables(found)
    assert found.by_view == {}
    assert found.tail.imbalance.most is None


def test_nothing_heavy_is_imported():
    import subprocess
    import sys

    heavy = ("torch", "sklearn", "matplotlib", "PIL")
    code = f"import sys, longtail.data.audit.inspection; print([name for name in {heavy} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_nothing_to_inspect_is_said(manifest):
    with pytest.raises(UserError, match="has no rows"):
        inspect(manifest.select([]))
