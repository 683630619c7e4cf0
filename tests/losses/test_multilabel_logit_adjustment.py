import torch

from longtail.losses import MultilabelLogitAdjustment, adjust_label_logits, bce_loss, multilabel_logit_adjusted_loss


def test_the_prior_odds_enter_and_leave() -> None:
    logits, target = torch.randn(8, 2), (torch.rand(8, 2) < 0.4).float()
    shift = torch.tensor([900 / 100, 10 / 990]).log()
    expected = bce_loss(logits + 2 * shift, target)
    torch.testing.assert_close(multilabel_logit_adjusted_loss(logits, target, [900, 10], 1000, tau=2.0), expected)
    torch.testing.assert_close(MultilabelLogitAdjustment([900, 10], 1000, tau=2.0)(logits, target), expected)
    torch.testing.assert_close(adjust_label_logits(logits, [900, 10], 1000), logits - shift)


def test_an_uninformed_model_is_left_at_even_odds() -> None:
    """The best constant predictor of a label has its prior odds as logit: adjusted, it says 1/2 for every label."""
    prior = torch.tensor([[900 / 100, 10 / 990]]).log()
    torch.testing.assert_close(torch.sigmoid(adjust_label_logits(prior, [900, 10], 1000)), torch.full((1, 2), 0.5))
