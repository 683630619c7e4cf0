"""Which rows belong together."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from longtail.data.grouping import group_values, grouping_column, grouping_columns, leaking_groups
from longtail.data.manifest import Manifest, from_states
from longtail.errors import UserError


def made(**columns):
    rows = len(next(iter(columns.values())))
    table = pd.DataFrame({"image": [f"{i}.png" for i in range(rows)], **columns})
    return from_states(table, ["A"], np.zeros((rows, 1)), Path())


def test_the_widest_group_is_the_default():
    assert grouping_column(made(study=["s"], lesion=["l"], patient=["p"])) == "patient"
    assert grouping_column(made(study=["s"], lesion=["l"], patient=[""])) == "lesion"
    assert grouping_column(made(study=["s"])) == "study"
    assert grouping_column(made(age=["40"])) == "image"
    assert grouping_columns(made(study=["s"], patient=["p"])) == ["patient", "study"]


def test_any_column_can_be_asked_for():
    assert grouping_column(made(patient=["p"], hospital=["h"]), "hospital") == "hospital"
    assert grouping_column(made(patient=["p"]), "image") == "image"
    with pytest.raises(UserError, match="unknown column 'pateint'.*Did you mean 'patient'"):
        grouping_column(made(patient=["p"]), "pateint")


def test_the_name_in_the_users_file_is_known(tmp_path):
    (tmp_path / "m.csv").write_text("image,subject_id,A\na.png,7,1\nb.png,8,0\n")
    manifest = Manifest.load(tmp_path / "m.csv", check_files=False)
    assert grouping_column(manifest, "subject_id") == "patient"
    assert leaking_groups(manifest.with_column("split", ["train", "val"]), "subject_id") == 0


def test_a_row_without_a_group_is_alone():
    values = group_values(made(patient=["", "p", "", "p"]), "patient")
    assert len(set(values)) == 3
    assert values[1] == values[3]


def test_leaking_groups():
    manifest = made(
        patient=["a", "a", "b", "b", "c", "", ""], split=["train", "val", "train", "", "val", "train", "val"]
    )
    assert leaking_groups(manifest, "patient") == 1
    with pytest.raises(UserError, match="unknown column 'fold'"):
        leaking_groups(manifest, "patient", "fold")
