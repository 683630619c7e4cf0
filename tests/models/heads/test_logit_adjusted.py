"""The adjusted head against the loss room's own adjustment, and log odds against their definition."""

import pytest
import torch

from longtail.losses.logit_adjustment import adjust_logits
from longtail.models.features import Features, FeatureSizes
from longtail.models.heads.building import build_head
from longtail.models.heads.logit_adjusted import log_odds

SIZES = FeatureSizes(width=4)
COUNTS = [60, 30, 10]


@pytest.mark.parametrize("tau", [0.0, 0.5, 1.0])
def test_logits_are_a_linear_heads_less_the_prior(tau: float) -> None:
    torch.manual_seed(0)
    linear, adjusted = build_head("linear", SIZES, 3), build_head("logit_adjusted", SIZES, 3, tau=tau)
    adjusted.take_over(linear.state_dict())
    adjusted.set_counts(COUNTS, 100, "singlelabel")
    features = Features(pooled=torch.randn(5, 4))
    torch.testing.assert_close(adjusted(features), adjust_logits(linear(features), COUNTS, tau=tau))
    assert not any(parameter.requires_grad for parameter in adjusted.parameters())


def test_log_odds_are_finite_where_no_image_or_every_one_has_a_label() -> None:
    found = log_odds([0, 20, 50, 100], 100).exp()
    torch.testing.assert_close(found, torch.tensor([0.5 / 99.5, 0.25, 1.0, 99.5 / 0.5]))


def test_the_prior_is_saved_and_follows_the_classes() -> None:
    head = build_head("logit_adjusted", SIZES, 3)
    head.set_counts(COUNTS, 100, "multilabel")
    torch.testing.assert_close(head.state_dict()["prior"], log_odds(COUNTS, 100))
    head.resize([2, 0])
    torch.testing.assert_close(head.prior, log_odds([10, 60], 100))
