"""Metrics that a stage computes only where it keeps the best by them."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, recall_score

from longtail.errors import UserError
from longtail.stages.recipe import Stage
from longtail.stages.tail import tail_of
from longtail.stages.validation import METRICS, metrics

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(40, 4)).astype(np.float32)
STATES = (RNG.random((40, 4)) < 0.4).astype(np.float32)
CLASSES = RNG.integers(0, 4, 40)
TAIL = np.array([False, True, False, True])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("map_tail", np.mean([average_precision_score(STATES[:, i], LOGITS[:, i]) for i in (1, 3)])),
        ("macro_f1", f1_score(STATES, LOGITS >= 0, average="macro")),
        ("mean_class_recall", recall_score(STATES, LOGITS >= 0, average="macro")),
    ],
)
def test_a_metric_comes_when_it_is_asked_for(name, expected):
    plain, asked = (metrics(STATES, LOGITS, "multilabel", kept=kept, tail=TAIL) for kept in ("map", name))
    assert asked.pop(name) == pytest.approx(expected)
    assert asked == plain == metrics(STATES, LOGITS, "multilabel")
    assert set(METRICS["multilabel"]) | {"over", "ap"} == set(plain)
    assert metrics(STATES, LOGITS * np.nan, "multilabel", kept=name, tail=TAIL)[name] is None


def test_the_tail_of_one_class_per_image():
    found = metrics(CLASSES, LOGITS, "singlelabel", kept="map_tail", tail=TAIL)
    assert found["map_tail"] == pytest.approx(np.mean([found["ap"][1], found["ap"][3]]))


def test_the_tail_is_of_the_training_rows_each_once():
    stage = Stage(epochs=1, keep={"best": "map_tail"})
    classes = np.repeat([0, 1, 2], [150, 30, 19])
    train = np.concatenate([np.arange(199), np.arange(180, 199)])  # the last class twice
    every = np.ones(3, dtype=bool)
    assert tail_of(stage, "singlelabel", classes, train, every).tolist() == [False, False, True]
    assert tail_of(Stage(epochs=1), "singlelabel", classes, train, every) is None
    with pytest.raises(UserError, match="none has training images but fewer than 20"):
        tail_of(stage, "singlelabel", classes[:180], np.arange(180), np.array([True, True, False]))
