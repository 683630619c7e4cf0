import torch

from longtail.losses import SoftMargin, bce_loss


def test_label_weights() -> None:
    logits, target = torch.randn(7, 3), (torch.rand(7, 3) < 0.3).float()
    weight = torch.tensor([1.0, 2.0, 0.0])
    torch.testing.assert_close(
        SoftMargin(label_weight=[1, 2, 0])(logits, target), bce_loss(logits, target, label_weight=weight)
    )
