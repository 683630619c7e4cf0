"""Nearest class mean against scikit-learn, and updates in any batches."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestCentroid

from longtail.errors import UserError
from longtail.models.features import Features, FeatureSizes
from longtail.models.heads.building import build_head
from longtail.models.heads.nearest_class_mean import NEVER, NearestClassMeanHead, updated_means

SIZES = FeatureSizes(width=4)


def _head(**options: object) -> NearestClassMeanHead:
    head = build_head("nearest_class_mean", SIZES, 3, **options)
    assert isinstance(head, NearestClassMeanHead)
    return head


def test_the_euclidean_one_is_scikit_learns() -> None:
    rows, classes = torch.randn(60, 4), torch.arange(60) % 3
    rows += classes[:, None]
    head = _head(metric="euclidean")
    head.update(Features(pooled=rows), classes)
    reference = NearestCentroid().fit(rows.numpy(), classes.numpy())
    torch.testing.assert_close(head.means, torch.from_numpy(reference.centroids_).float())
    probe = torch.randn(40, 4) + 1
    logits = head(Features(pooled=probe))
    assert logits.argmax(1).tolist() == reference.predict(probe.numpy()).tolist()
    torch.testing.assert_close(logits[0, 1], -(probe[0] - head.means[1]).norm())


@given(st.lists(st.integers(1, 7), min_size=1, max_size=5))
@settings(max_examples=10, deadline=None)
def test_batches_of_any_size_give_the_same_means(sizes: list[int]) -> None:
    rows, classes = torch.randn(sum(sizes), 4), torch.randint(-1, 3, (sum(sizes),))
    head = _head()
    for some, named in zip(rows.split(sizes), classes.split(sizes), strict=True):
        head.update(Features(pooled=some), named)
    for c in range(3):
        own = rows[classes == c]
        assert head.counts[c] == len(own)
        torch.testing.assert_close(head.means[c], own.mean(0) if len(own) else torch.zeros(4), atol=1e-5, rtol=1e-5)


def test_several_labels_count_for_each_and_unknown_ones_for_none() -> None:
    rows = torch.tensor([[1.0, 0, 0, 0], [3.0, 0, 0, 0]])
    target = torch.tensor([[1.0, 1, float("nan")], [1.0, 0, float("nan")]])
    means, counts = updated_means(torch.zeros(3, 4), torch.zeros(3), rows, target)
    assert counts.tolist() == [2, 1, 0]
    assert means[:, 0].tolist() == [2, 1, 0]


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_a_class_without_images_never_wins(metric: str) -> None:
    head = _head(metric=metric, scale=20.0)
    head.update(Features(pooled=torch.randn(6, 4)), torch.tensor([0, 0, 2, 2, 0, 2]))
    logits = head.prediction_logits(head(Features(pooled=torch.randn(5, 4))))
    assert (logits[:, 1] == NEVER).all()
    assert torch.softmax(logits.half().float(), 1)[:, 1].max() == 0
    assert logits.isfinite().all()


def test_it_starts_anew_and_refuses_other_metrics() -> None:
    head = _head()
    head.update(Features(pooled=torch.ones(2, 4)), torch.tensor([0, 1]))
    assert not list(head.parameters())
    head.resize([1, None])
    assert head.counts.tolist() == [1, 0]
    head.reset()
    assert head.counts.sum() == head.means.abs().sum() == 0
    with pytest.raises(UserError, match="metric cosine or euclidean"):
        _head(metric="manhattan")
