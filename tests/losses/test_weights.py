from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from longtail.errors import UserError
from longtail.losses.weights import ClassWeight, class_balanced_weights, class_weights, inverse_weights


def test_class_balanced_weights_against_the_formula() -> None:
    counts, beta = [5029, 327, 86], 0.999
    raw = [(1 - beta) / (1 - beta**n) for n in counts]
    expected = [w * 3 / sum(raw) for w in raw]
    assert class_balanced_weights(counts, beta=beta).tolist() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("beta", "ratio"), [(0.9, 1.0), (0.99, 1.7), (0.999, 12), (0.9999, 46), (1.0, 58.5)])
def test_published_ratios_of_skin7(beta: float, ratio: float) -> None:
    head, tail = class_balanced_weights([5029, 86], beta=beta).tolist()
    assert tail / head == pytest.approx(ratio, rel=0.03)


def test_beta_0_is_no_weighting() -> None:
    assert class_balanced_weights([9, 1, 4], beta=0).tolist() == [1, 1, 1]


def test_beta_very_near_1_keeps_its_digits() -> None:
    nearly, inverse = class_balanced_weights([50_000, 3], beta=1 - 1e-12), inverse_weights([50_000, 3])
    torch.testing.assert_close(nearly, inverse, rtol=1e-5, atol=0)


def test_inverse_weights_have_mean_1() -> None:
    weights = inverse_weights([100, 50, 10])
    assert weights.mean().item() == pytest.approx(1)
    assert (weights * torch.tensor([100.0, 50, 10])).tolist() == pytest.approx([weights[0].item() * 100] * 3)
    softer = inverse_weights([100, 25], power=0.5)
    assert (softer[1] / softer[0]).item() == pytest.approx(2)


@given(
    st.lists(st.integers(0, 100_000), min_size=1, max_size=12),
    st.sampled_from(["inverse", "inverse_sqrt", "class_balanced"]),
)
@settings(max_examples=60, deadline=None)
def test_empty_classes_weigh_nothing_and_the_rest_sums_to_the_classes(counts: list[int], rule: str) -> None:
    weights = class_weights(rule, counts)  # type: ignore[arg-type]
    assert weights is not None
    assert weights.dtype == torch.float32
    assert ((weights == 0) == (torch.tensor(counts) == 0)).all()
    assert weights.sum().item() == pytest.approx(len(counts) if any(counts) else 0, rel=1e-5)
    pairs = sorted((n, w) for n, w in zip(counts, weights.tolist(), strict=True) if n)
    assert all(rarer >= other for (_, rarer), (_, other) in pairwise(pairs))


def test_class_weights_from_a_recipe() -> None:
    assert class_weights(None, None) is None
    given_weights = class_weights([1, 2.5], None)
    assert given_weights is not None
    assert given_weights.tolist() == [1, 2.5]
    with pytest.raises(UserError, match="Did you mean 'inverse'"):
        class_weights("invers", [1, 2])  # type: ignore[arg-type]
    with pytest.raises(UserError, match="needs class_counts"):
        class_weights("inverse", None)


def test_beta_outside_0_1_is_refused() -> None:
    with pytest.raises(UserError, match="beta is 1.5"):
        class_balanced_weights([1, 2], beta=1.5)


def test_deferred_weights_start_when_told() -> None:
    weight = ClassWeight("inverse", [9, 1], start=0.8)
    assert weight() is None
    weight.set_progress(0.79)
    assert weight() is None
    weight.set_progress(0.8)
    now = weight()
    assert now is not None
    assert now.tolist() == pytest.approx([0.2, 1.8])
    assert not weight.state_dict()
    with pytest.raises(UserError, match="fraction of training"):
        ClassWeight(None, None, start=160)


def test_class_weights_count_from_the_start_by_default() -> None:
    assert ClassWeight([1.0, 2.0], None)() is not None
