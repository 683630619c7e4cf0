"""DINO, iBOT and KoLeo against explicit loops; Sinkhorn-Knopp against its own definition."""

import math

import numpy as np
import pytest
import torch

from longtail.pretrain.centring import sinkhorn_knopp
from longtail.pretrain.dino import dino_loss
from longtail.pretrain.ibot import ibot_loss
from longtail.pretrain.koleo import koleo_loss


def _cross(target: torch.Tensor, scores: torch.Tensor, temperature: float) -> float:
    shares = [math.exp(s / temperature) for s in scores.tolist()]
    return -sum(t * math.log(s / sum(shares)) for t, s in zip(target.tolist(), shares, strict=True))


def test_dino_is_the_mean_over_all_pairs_of_other_crops() -> None:
    teacher = [torch.rand(3, 5).softmax(1) for _ in range(2)]
    large, small = [torch.randn(3, 5) for _ in range(2)], [torch.randn(3, 5) for _ in range(3)]
    pairs = [(0, 1), (1, 0)] + [(t, 2 + s) for t in range(2) for s in range(3)]
    views = [*large, *small]
    expected = np.mean([[_cross(teacher[t][i], views[v][i], 0.1) for i in range(3)] for t, v in pairs])
    assert float(dino_loss(large, small, teacher, 0.1)) == pytest.approx(expected, rel=1e-5)


def test_dino_without_small_crops() -> None:
    teacher, large = [torch.rand(2, 4).softmax(1) for _ in range(2)], [torch.randn(2, 4) for _ in range(2)]
    expected = (_cross(teacher[1][0], large[0][0], 0.1) + _cross(teacher[1][1], large[0][1], 0.1)) / 4
    expected += (_cross(teacher[0][0], large[1][0], 0.1) + _cross(teacher[0][1], large[1][1], 0.1)) / 4
    assert float(dino_loss(large, (), teacher, 0.1)) == pytest.approx(expected, rel=1e-5)


def test_ibot_weighs_masked_images_alike_whatever_is_hidden() -> None:
    masks = torch.tensor([[True, True, False, True], [False] * 4, [False, False, True, False]])
    student, teacher = torch.randn(4, 6), torch.rand(4, 6).softmax(1)
    rows = [_cross(teacher[i], student[i], 0.2) for i in range(4)]
    assert float(ibot_loss(student, teacher, masks, 0.2)) == pytest.approx((sum(rows[:3]) / 3 + rows[3]) / 3, rel=1e-5)


def test_ibot_of_nothing_hidden_is_zero() -> None:
    none = torch.zeros(0, 6, requires_grad=True)
    assert ibot_loss(none, none.detach(), torch.zeros(2, 4, dtype=torch.bool), 0.1).item() == 0


def test_koleo_is_the_log_distance_to_the_nearest_neighbour() -> None:
    features = torch.randn(6, 4)
    unit = (features / features.norm(dim=1, keepdim=True)).tolist()
    nearest = [min(math.dist(a, b) for j, b in enumerate(unit) if j != i) for i, a in enumerate(unit)]
    assert float(koleo_loss(features)) == pytest.approx(-np.mean(np.log(nearest)), rel=1e-4)
    assert float(koleo_loss(features[:1])) == 0


def test_koleo_pushes_neighbours_apart() -> None:
    features = torch.tensor([[1.0, 0.0], [1.0, 0.1]], requires_grad=True)
    koleo_loss(features).backward()
    assert features.grad is not None
    assert features.grad[0, 1] > 0 > features.grad[1, 1]  # downhill: the first to the right, the second to the left


def test_sinkhorn_uses_every_prototype_equally_and_gives_probabilities() -> None:
    shares = sinkhorn_knopp(torch.randn(64, 8).clamp(-1, 1), 0.1, iterations=50)
    torch.testing.assert_close(shares.sum(1), torch.ones(64))
    torch.testing.assert_close(shares.sum(0), torch.full((8,), 8.0), rtol=1e-3, atol=1e-3)


def test_sinkhorn_is_alternate_scaling_of_rows_and_columns() -> None:
    logits = torch.randn(5, 3).double().clamp(-1, 1)
    table = np.exp(logits.numpy() / 0.06)
    for _ in range(3):
        table = table / table.sum(0, keepdims=True)
        table = table / table.sum(1, keepdims=True)
    np.testing.assert_allclose(sinkhorn_knopp(logits, 0.06).numpy(), table, rtol=1e-4)


def test_sinkhorn_of_no_rows_and_of_far_scores() -> None:
    assert sinkhorn_knopp(torch.zeros(0, 4), 0.05).shape == (0, 4)
    assert sinkhorn_knopp(torch.tensor([[50.0, -50.0], [40.0, -50.0]]), 0.01).isfinite().all()
