"""BBN's schedule, mixing, loss and test-time rule, as the paper's public code states them."""

import pytest
import torch
from torch.nn import functional

from longtail.errors import UserError
from longtail.models.backbones.building import build_backbone
from longtail.models.classifier import Classifier
from longtail.models.features import Features, FeatureSizes
from longtail.models.heads.building import build_head
from longtail.models.heads.two_branch import (
    Bottleneck,
    TwoBranchHead,
    cumulative_mix,
    mixed_features,
    two_branch_logits,
    two_branch_loss,
)


def _model(name: str = "test_resnet") -> Classifier:
    backbone = build_backbone(name, weights=None)
    return Classifier(backbone, build_head("two_branch", backbone.sizes, 4))


def test_the_schedule_falls_from_one_to_zero_as_a_parabola() -> None:
    assert [cumulative_mix(epoch, 4) for epoch in range(1, 6)] == [1, 1 - 1 / 16, 1 - 4 / 16, 1 - 9 / 16, 0]
    for epoch in (0, 7):
        with pytest.raises(UserError, match="epochs count from 1"):
            cumulative_mix(epoch, 5)


def test_mixed_features_carry_the_factor_two() -> None:
    plain, rare = torch.randn(3, 5), torch.randn(3, 5)
    mixed = mixed_features(plain, rare, 0.3)
    torch.testing.assert_close(mixed[:, :5], 0.6 * plain)
    torch.testing.assert_close(mixed[:, 5:], 1.4 * rare)
    torch.testing.assert_close(mixed_features(plain, rare, 0.5), torch.cat([plain, rare], 1))  # the rule at test


def test_the_loss_mixes_both_targets() -> None:
    logits, y, other = torch.randn(6, 4), torch.arange(6) % 4, torch.arange(6) % 3
    expected = 0.7 * functional.cross_entropy(logits, y) + 0.3 * functional.cross_entropy(logits, other)
    torch.testing.assert_close(two_branch_loss(logits, y, other, 0.7), expected)
    many = (torch.rand(2, 6, 4) > 0.5).float()
    bce = functional.binary_cross_entropy_with_logits
    torch.testing.assert_close(
        two_branch_loss(logits, many[0], many[1], 0.2, bce), 0.2 * bce(logits, many[0]) + 0.8 * bce(logits, many[1])
    )


@pytest.mark.parametrize("name", ["test_resnet", "test_vit", "test_efficientnet"])
@torch.no_grad()
def test_prediction_is_training_at_half_on_the_same_images(name: str) -> None:
    model = _model(name).eval()
    images = torch.randn(2, 3, 160, 160)
    torch.testing.assert_close(two_branch_logits(model, images, images, 0.5), model(images))


def test_at_the_ends_one_branch_is_silent() -> None:
    model = _model()
    head = model.head
    assert isinstance(head, TwoBranchHead)
    for mix, silent in ((1.0, head.reversed), (0.0, head.conventional)):
        model.zero_grad()
        two_branch_logits(model, torch.randn(2, 3, 64, 64), torch.randn(2, 3, 64, 64), mix).sum().backward()
        assert all(tensor.grad is not None and tensor.grad.abs().sum() == 0 for tensor in silent.parameters())
        assert model.backbone.model.conv1[0].weight.grad.abs().sum() > 0  # type: ignore[union-attr,index]


def test_the_block_is_a_bottleneck_with_an_identity() -> None:
    block = Bottleneck(8).eval()
    assert [tuple(tensor.shape) for tensor in block.parameters() if tensor.ndim == 4] == [
        (2, 8, 1, 1),
        (2, 2, 3, 3),
        (8, 2, 1, 1),
    ]
    maps = torch.randn(1, 8, 5, 5)
    for module in block.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.zeros_(module.weight)
    torch.testing.assert_close(block(maps), maps.relu())


def test_reset_resize_and_other_heads() -> None:
    model = _model()
    before = model.head.state_dict()["classifier.weight"].clone()
    blocks = model.head.state_dict()["reversed.residual.0.weight"].clone()
    model.head.resize([3, None])
    assert torch.equal(model.head.state_dict()["classifier.weight"][0], before[3])
    assert torch.equal(model.head.state_dict()["reversed.residual.0.weight"], blocks)
    assert model(torch.randn(2, 3, 64, 64)).shape == (2, 2)
    model.head.reset()
    assert not torch.equal(model.head.state_dict()["reversed.residual.0.weight"], blocks)
    plain = Classifier(model.backbone, build_head("linear", model.backbone.sizes, 2))
    with pytest.raises(UserError, match="head 'two_branch'"):
        two_branch_logits(plain, torch.zeros(1), torch.zeros(1), 0.5)
    with pytest.raises(UserError, match="stage maps"):
        build_head("two_branch", FeatureSizes(width=3), 2)
    with pytest.raises(ValueError, match="hold no maps"):
        model.head(Features(pooled=torch.zeros(1, 3)))
