import numpy as np
import pytest
from scipy.stats import chisquare

from longtail.errors import UserError
from longtail.sampling import p_by_k_order, shard
from longtail.sampling.drawing import stream
from longtail.sampling.p_by_k import rows_in_groups

TARGETS = np.repeat(np.arange(6), (50, 20, 10, 4, 2, 0))


def test_batches_hold_p_labels_and_k_rows_of_each() -> None:
    order = p_by_k_order(TARGETS, 0, 0, labels_per_batch=3, rows_per_label=4, batches=200)
    groups = order.reshape(200, 3, 4)
    labels = TARGETS[groups]
    assert (labels == labels[:, :, :1]).all()
    assert all(len(set(batch)) == 3 for batch in labels[:, :, 0].tolist())
    for group, label in zip(groups.reshape(-1, 4), labels[:, :, 0].reshape(-1), strict=True):
        assert len(set(group.tolist())) == min(4, (label == TARGETS).sum())
    drawn = np.bincount(labels[:, :, 0].reshape(-1), minlength=6)
    assert drawn[5] == 0
    assert chisquare(drawn[:5]).pvalue > 1e-3


def test_all_rows_of_a_label_are_equally_likely() -> None:
    groups = rows_in_groups(np.arange(10), 3000, 4, stream(0, 0))
    assert chisquare(np.bincount(groups.reshape(-1))).pvalue > 1e-3


def test_default_length_is_that_of_the_data() -> None:
    assert len(p_by_k_order(TARGETS, 0, 0, labels_per_batch=3, rows_per_label=4)) == 84


def test_every_process_gets_its_share_of_each_label() -> None:
    order = p_by_k_order(TARGETS, 0, 0, labels_per_batch=3, rows_per_label=4, batches=5)
    part = TARGETS[shard(order, 1, 2)].reshape(5, 3, 2)
    assert (part == part[:, :, :1]).all()


def test_several_labels_per_image() -> None:
    states = np.array([[1, 1], [1, 0], [0, 1], [np.nan, 0]], dtype=np.float32)
    groups = p_by_k_order(states, 0, 0, labels_per_batch=2, rows_per_label=2, batches=20).reshape(20, 2, 2)
    assert {frozenset(group) for batch in groups.tolist() for group in batch} == {frozenset({0, 1}), frozenset({0, 2})}


def test_more_labels_than_there_are() -> None:
    with pytest.raises(UserError, match="no more labels than the 5 that have rows"):
        p_by_k_order(TARGETS, 0, 0, labels_per_batch=6)
