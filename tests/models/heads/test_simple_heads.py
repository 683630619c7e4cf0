"""Linear, cosine, tau-normalised and scaled heads against explicit loops."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from longtail.errors import UserError
from longtail.losses.ldam import LDAM
from longtail.models.features import Features, FeatureSizes
from longtail.models.heads.building import build_head
from longtail.models.heads.cosine import cosine_logits
from longtail.models.heads.lws import lws_logits
from longtail.models.heads.tau_norm import tau_normalize

SIZES = FeatureSizes(width=6)
FEATURES = Features(pooled=torch.randn(5, 6, generator=torch.Generator().manual_seed(0)))


def test_linear() -> None:
    head = build_head("linear", SIZES, 3)
    reference = torch.nn.Linear(6, 3)
    reference.load_state_dict(head.state_dict())
    torch.testing.assert_close(head(FEATURES), reference(FEATURES.pooled))
    assert head.weight.abs().max() <= 1 / math.sqrt(6)
    assert build_head("linear", SIZES, 3, bias=False).bias is None


def test_a_prior_starts_the_bias() -> None:
    head = build_head("linear", SIZES, 4, prior=0.25)
    torch.testing.assert_close(torch.sigmoid(head.bias), torch.full((4,), 0.25))
    for wrong in ({"prior": 1.0}, {"prior": 0.1, "bias": False}):
        with pytest.raises(UserError, match="prior"):
            build_head("linear", SIZES, 4, **wrong)


def test_cosine_against_a_loop() -> None:
    head = build_head("cosine", SIZES, 3, scale=25.0)
    for b, row in enumerate(FEATURES.pooled):
        for c, vector in enumerate(head.weight):
            cosine = (row @ vector) / (row.norm() * vector.norm())
            torch.testing.assert_close(head(FEATURES)[b, c], 25 * cosine)
    assert torch.equal(head.prediction_logits(head(FEATURES)), head(FEATURES))
    torch.testing.assert_close(head.weight.norm(dim=1), torch.ones(3))


def test_cosines_for_ldam_are_scaled_at_prediction_once() -> None:
    head = build_head("cosine", SIZES, 3)
    cosines = head(FEATURES)
    assert cosines.abs().max() <= 1
    loss = LDAM([100, 10, 1])
    loss(cosines, torch.tensor([0, 1, 2, 0, 1]))  # takes them for cosines
    torch.testing.assert_close(head.prediction_logits(cosines), loss.prediction_logits(cosines))
    assert build_head("cosine", SIZES, 3, prediction_scale=7).prediction_logits(torch.ones(1)) == 7


def test_cosines_stand_zeros_and_half_precision() -> None:
    assert torch.equal(cosine_logits(torch.zeros(1, 6), torch.zeros(2, 6)), torch.zeros(1, 2))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert build_head("cosine", SIZES, 3)(Features(pooled=FEATURES.pooled.bfloat16())).dtype == torch.float32
    with pytest.raises(UserError, match="must be above 0"):
        build_head("cosine", SIZES, 3, scale=0)


@given(st.floats(0, 2))
@settings(max_examples=10, deadline=None)
def test_tau_normalisation_against_a_loop(tau: float) -> None:
    weight = torch.randn(4, 6, dtype=torch.float64)
    weight[2] = 0
    found = tau_normalize(weight, tau)
    for row, even in zip(weight, found, strict=True):
        length = math.sqrt(sum(float(x) ** 2 for x in row))
        torch.testing.assert_close(even, row / length**tau if length else torch.zeros_like(row))


def test_tau_norm_head_leaves_the_bias_out_unless_told() -> None:
    linear = build_head("linear", SIZES, 3)
    plain, biased = (build_head("tau_norm", SIZES, 3, tau=0.0, bias=bias) for bias in (False, True))
    for head in (plain, biased):
        head.take_over(linear.state_dict())
    torch.testing.assert_close(biased(FEATURES), linear(FEATURES))
    torch.testing.assert_close(plain(FEATURES), linear(FEATURES) - linear.bias)
    plain.tau = 1.0
    torch.testing.assert_close(tau_normalize(plain.weight, 1.0).norm(dim=1), torch.ones(3))
    assert not any(tensor.requires_grad for tensor in plain.requires_grad_().parameters())


def test_lws_trains_nothing_but_scales() -> None:
    linear, head = build_head("linear", SIZES, 3), build_head("lws", SIZES, 3)
    head.take_over(linear.state_dict())
    torch.testing.assert_close(head(FEATURES), linear(FEATURES))
    assert [name for name, tensor in head.named_parameters() if tensor.requires_grad] == ["scale"]
    with torch.no_grad():
        head.scale.copy_(torch.tensor([1.0, 2.0, 3.0]))
    torch.testing.assert_close(head(FEATURES), linear(FEATURES) * torch.tensor([1.0, 2.0, 3.0]))
    scaled = lws_logits(FEATURES.pooled, linear.weight, None, head.scale)
    torch.testing.assert_close(scaled[:, 1], 2 * FEATURES.pooled @ linear.weight[1])
    head.reset()
    assert torch.equal(head.scale.detach(), torch.ones(3))
    assert not head.weight.requires_grad


def test_unknown_heads_and_options_are_suggested() -> None:
    for build, message in [
        (lambda: build_head("cosin", SIZES, 3), "unknown head 'cosin'. Did you mean 'cosine'?"),
        (lambda: build_head("linear", SIZES, 3, drop=1), "unknown option 'drop' in head 'linear'"),
        (lambda: build_head("linear", SIZES, 0), "at least one class"),
        (lambda: build_head("cosine", SIZES, 3).take_over({"x": torch.zeros(1)}), "no tensor in common"),
        (lambda: build_head("lws", SIZES, 3).take_over({"bias": torch.zeros(9)}), "bias has another shape"),
    ]:
        with pytest.raises(UserError) as told:
            build()
        assert message in str(told.value)
