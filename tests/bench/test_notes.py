"""What is said below a table, of classes and of those that are missing."""

from pathlib import Path

import numpy as np
import pandas as pd

from longtail.bench.counting import counting_for
from longtail.bench.notes import note, over, too_few, unscored
from longtail.data.manifest import Manifest, from_classes


def manifest() -> Manifest:
    """Twelve classes, of which the test rows hold the first nine."""
    classes = np.r_[np.repeat(np.arange(12), np.arange(24, 0, -2)), np.arange(9)]
    table = pd.DataFrame({"image": [f"{i}.png" for i in range(len(classes))]})
    table["split"] = ["train"] * (len(classes) - 9) + ["test"] * 9
    return from_classes(table, list("abcdefghijkl"), classes, Path())


def test_groups_are_named_and_missing_classes_counted() -> None:
    data, scores = manifest(), np.ones(12)
    scores[9:] = np.nan
    lacking = unscored({"CE": {0: scores}, "lost": {}})
    assert lacking == [9, 10, 11]
    counting = counting_for(data, major=9, minor=2)
    assert over(counting, lacking) == {"All": 9, "Major": 9, "Minor": 0}
    text = note(data, counting, "test", [1, 2], lacking, "few", smoke=True)
    assert "on 9 images of test, mean and standard deviation over 1 to 2 seed(s). Major: a (24), b (22)" in text
    assert "h (10) and 1 more; Minor: k (4), l (2) (training images)." in text
    assert "Means leave out j, k, l, which test cannot score: All (9 of 12 classes), Minor (0 of 2 classes)." in text
    assert text.endswith("Few. A smoke run: the numbers mean nothing.")


def test_nothing_is_said_of_what_is_whole() -> None:
    data = manifest()
    assert "leave out" not in note(data, counting_for(data), "train", [3, 3], [])
    assert unscored({"lost": {}}) == []
    assert too_few(80, 80, 1) == ""
