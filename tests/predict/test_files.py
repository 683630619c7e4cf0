"""Prediction files: ours come back as they were, other tools' are read, and every bad one is named in a sentence."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from longtail.errors import UserError
from longtail.predict.files import read_predictions, write_predictions
from longtail.predict.predictions import Predictions


def made(rows: int = 4, labels: int = 2, level: Any = "image") -> Predictions:
    rng = np.random.default_rng(rows)
    ids = pd.DataFrame({level: [f"00{i}" for i in range(rows)], "patient": ["007"] * rows}, dtype="str")
    facts = {"task": "multilabel", "kind": "probabilities", "made_by": {"stage": "model0"}}
    names = tuple("AB,é"[i : i + 1] * 2 for i in range(labels))
    return Predictions(ids, names, rng.random((rows, labels)).astype(np.float32), level, facts)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 30), st.integers(1, 4), st.sampled_from(["image", "study"]))
def test_ours_come_back(tmp_path: Path, rows: int, labels: int, level: str) -> None:
    before = made(rows, labels, level)
    after = read_predictions(write_predictions(before, tmp_path / "p.parquet"))
    pd.testing.assert_frame_equal(after.ids, before.ids)
    assert (after.labels, after.level, after.facts) == (before.labels, before.level, before.facts)
    np.testing.assert_array_equal(after.values, before.values)
    assert after.values.dtype == np.float32
    table = read_predictions(write_predictions(before, tmp_path / "p.csv"), before.labels)
    np.testing.assert_array_equal(table.values, before.values)
    assert (table.level, table.facts, list(table.ids["patient"])) == (level, {}, ["007"] * rows)


def test_the_format_is_the_documented_one(tmp_path: Path) -> None:
    write_predictions(made(), tmp_path / "p.parquet")
    table = pq.read_table(tmp_path / "p.parquet")
    assert table.column_names == ["image", "patient", "AA", "BB"]
    assert table.schema.types == [pa.string(), pa.string(), pa.float32(), pa.float32()]
    assert b'"labels": ["AA", "BB"]' in table.schema.metadata[b"longtail"]


def test_files_of_other_tools(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("dicom_id;Mass;age;Nodule\n007;0.25;60;1\n008; 1e-3 ;61;0\n")
    found = read_predictions(tmp_path / "a.csv", ["Nodule", "Mass"], id="dicom_id")
    assert (found.labels, found.level, list(found.keys)) == (("Nodule", "Mass"), "image", ["007", "008"])
    np.testing.assert_allclose(found.values, [[1, 0.25], [0, 0.001]], rtol=1e-6)
    with pytest.raises(UserError, match="column 'age'"):
        read_predictions(tmp_path / "a.csv", id="dicom_id")
    (tmp_path / "b.csv").write_text("study_id,view,Mass,note\n1,PA,0.5,fine\n")
    found = read_predictions(tmp_path / "b.csv")
    assert (found.level, found.labels, list(found.ids)) == ("study", ("Mass",), ["study", "view"])
    pd.DataFrame({"key": [7, 8], "Mass": np.array([0.5, 1], dtype=np.float64)}).to_parquet(tmp_path / "c.parquet")
    found = read_predictions(tmp_path / "c.parquet", ["Mass"], id="key", level="study")
    assert (list(found.keys), found.level) == (["7", "8"], "study")


def test_a_rounding_beside_0_and_1_is_clipped(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("image,Mass\na,1.0000005\nb,-0.0000005\n")
    assert read_predictions(tmp_path / "a.csv").values.tolist() == [[1.0], [0.0]]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("image,Mass\na,0.5\nb,0.5\na,0.5\n", r"image 'a' in row 1 and again in row 3 \(1 repeated"),
        ("image,Mass\na,0.5\n,0.5\n", "row 2 of .* has no image"),
        ("image,Nodule\na,0.5\n", "no column for the label 'Mass'; add it"),
        ("image,mass \na,0.5\n", "no column for the label 'Mass'; rename 'mass'"),
        (
            "image,Mass\na,-3.5\nb,2\n",
            r"row 1, column 'Mass' .* is -3.5.*2 of 2 cells.*look like logits: apply",
        ),
        ("image,Mass\na,35\nb,2\n", "look like per cent: divide by 100"),
        ("image,Mass\na,inf\nb,2\n", "some are infinite"),
        ("image,Mass\na,\nb,\n", "column 'Mass' .* holds no number in any row"),
        ("image,Mass\na,0.5\nb,nan\n", "row 2, column 'Mass' of .* is empty or nan"),
        ("image,Mass\na,high\nb,0.5\n", "column 'Mass' of .* is not a column of numbers"),
        (
            "name,Mass\na,0.5\n",
            "no column that names each row's image or study .columns: name, Mass.; rename it to 'image' or",
        ),
        ("image,Mass\n", "has a header but no rows"),
        ("", "is empty"),
    ],
)
def test_bad_files_are_one_sentence(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "p.csv").write_text(text)
    with pytest.raises(UserError, match=why) as caught:
        read_predictions(tmp_path / "p.csv", ["Mass"])
    assert "\n" not in str(caught.value)


def test_other_mistakes(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no file"):
        read_predictions(tmp_path / "p.parquet")
    (tmp_path / "p.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(UserError, match="not a Parquet file"):
        read_predictions(tmp_path / "p.parquet")
    pq.write_table(pa.table({"image": ["a"], "A": [0.5]}).replace_schema_metadata({"longtail": "{"}), tmp_path / "q.pq")
    with pytest.raises(UserError, match="metadata 'longtail'"):
        read_predictions(tmp_path / "q.pq")
    (tmp_path / "p.csv").write_text("image,Mass\na,0.5\n")
    with pytest.raises(UserError, match="unknown id column 'imgae'.*Did you mean 'image'"):
        read_predictions(tmp_path / "p.csv", id="imgae")
    with pytest.raises(UserError, match="unknown level"):
        read_predictions(tmp_path / "p.csv", level="patient")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="no column that names each row's study"):
        read_predictions(tmp_path / "p.csv", level="study")
    with pytest.raises(UserError, match="must end in .parquet or .csv"):
        write_predictions(made(), tmp_path / "p.txt")
    bad = made()
    with pytest.raises(UserError, match="values of shape"):
        write_predictions(bad.with_values(bad.values[:, :1]), tmp_path / "p.csv")
    clash = Predictions(bad.ids.assign(AA="x"), bad.labels, bad.values)
    with pytest.raises(UserError, match="both a label and an id"):
        write_predictions(clash, tmp_path / "p.csv")
