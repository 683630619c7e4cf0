"""CSRA against explicit loops over labels and places."""

import math

import pytest
import torch

from longtail.errors import UserError
from longtail.models import build_head
from longtail.models.features import Features, FeatureSizes
from longtail.models.heads.csra import csra_logits, temperatures

SIZES = FeatureSizes(width=6, token_width=6, prefix_tokens=2, class_token=True)


@pytest.mark.parametrize("temperature", [1.0, 4.0, 99.0])
def test_mean_and_best_places(temperature: float) -> None:
    tokens, weight = torch.randn(2, 5, 6), torch.randn(3, 6)
    found = csra_logits(tokens, weight, 0.3, temperature)
    for b in range(2):
        for c in range(3):
            scores = [float(tokens[b, t] @ weight[c] / weight[c].norm()) for t in range(5)]
            shares = [math.exp(temperature * (s - max(scores))) for s in scores]
            best = sum(s * p for s, p in zip(scores, shares, strict=True)) / sum(shares)
            best = max(scores) if temperature == 99 else best
            assert float(found[b, c]) == pytest.approx(sum(scores) / 5 + 0.3 * best, rel=1e-4, abs=1e-5)


def test_heads_are_summed_and_prefix_tokens_do_not_count() -> None:
    assert temperatures(1) == [1]
    assert temperatures(4) == [1, 2, 3, 99]
    head = build_head("csra", SIZES, 3, heads=4, lam=0.2)
    tokens = torch.randn(2, 7, 6)
    each = [csra_logits(tokens[:, 2:], head.weight[:, i], 0.2, t) for i, t in enumerate((1, 2, 3, 99))]
    logits = head(Features(tokens=tokens))
    torch.testing.assert_close(logits, sum(each))
    tokens[:, :2] = 9
    torch.testing.assert_close(head(Features(tokens=tokens)), logits)


def test_classes_keep_their_vectors_and_refusals() -> None:
    head, tokens = build_head("csra", SIZES, 3, heads=2), torch.randn(2, 7, 6)
    before = head(Features(tokens=tokens))
    head.resize([2, None, 0])
    torch.testing.assert_close(head(Features(tokens=tokens))[:, [2, 0]], before[:, [0, 2]])
    with pytest.raises(UserError, match="heads 0"):
        build_head("csra", SIZES, 3, heads=0)
