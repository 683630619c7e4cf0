import pytest
import torch
from torch.nn import functional

from longtail.losses import LDAMMultilabel, class_balanced_weights, ldam_multilabel_loss


def test_margins_on_positives_only() -> None:
    logits, target = torch.randn(8, 3), (torch.rand(8, 3) < 0.4).float()
    margins = torch.tensor([0.5 * (50 / n) ** 0.25 for n in (5000, 500, 50)])
    expected = functional.binary_cross_entropy_with_logits(30 * (logits - target * margins), target)
    torch.testing.assert_close(ldam_multilabel_loss(logits, target, [5000, 500, 50], scale=30.0), expected)


def test_deferred_weights_on_positives_only() -> None:
    counts, logits, target = [5000, 500, 50], torch.randn(8, 3), (torch.rand(8, 3) < 0.4).float()
    loss = LDAMMultilabel(counts, class_weight="class_balanced", weight_from=0.8)
    plain = ldam_multilabel_loss(logits, target, counts)
    torch.testing.assert_close(loss(logits, target), plain)
    loss.class_weight.set_progress(0.8)
    weighed = ldam_multilabel_loss(logits, target, counts, pos_weight=class_balanced_weights(counts))
    torch.testing.assert_close(loss(logits, target), weighed)
    assert not torch.isclose(plain, weighed)


def test_prediction_applies_the_scale() -> None:
    assert LDAMMultilabel([5, 1], scale=30).prediction_logits(torch.tensor([[0.5, -1.0]])).tolist() == [[15, -30]]


def test_an_empty_label_is_harmless() -> None:
    assert torch.isfinite(ldam_multilabel_loss(torch.zeros(2, 2), torch.ones(2, 2), [10, 0]))
    assert ldam_multilabel_loss(torch.zeros(1, 2), torch.zeros(1, 2), [10, 0]).item() == pytest.approx(0.6931472)
