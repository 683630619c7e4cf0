"""From many labels to one class."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from longtail.data.division.single import single
from longtail.data.manifest import from_classes, from_states
from longtail.errors import UserError

NAN = np.nan
STATES = [[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 0], [0, 0, 1], [1, NAN, 0], [0, 1, 0]]


def manifest():
    table = pd.DataFrame({"image": [f"{i}.png" for i in range(len(STATES))], "patient": list("aabbccd")})
    return from_states(table, ["A", "B", "C"], np.array(STATES), Path())


def test_images_with_one_label_stay_and_unknown_ones_go() -> None:
    found = single(manifest())
    assert found.task == "singlelabel"
    assert list(found.table["image"]) == ["0.png", "1.png", "4.png", "6.png"]
    assert [found.labels[i] for i in found.targets] == ["A", "B", "C", "B"]
    assert list(found.table["patient"]) == ["a", "a", "c", "d"]


def test_chosen_classes_in_their_order() -> None:
    found = single(manifest(), ["B", "A"])
    assert found.labels == ("B", "A")
    assert found.counts().tolist() == [2, 1]


def test_mistakes_are_told() -> None:
    with pytest.raises(UserError, match="Did you mean"):
        single(manifest(), ["Aa"])
    with pytest.raises(UserError, match="'B' is never alone"):
        single(manifest().select([0, 2, 4]), ["A", "B"])
    with pytest.raises(UserError, match="already"):
        single(from_classes(pd.DataFrame({"image": ["1.png"]}), ["A"], np.array([0]), Path()))
