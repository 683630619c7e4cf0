"""LoRA and last blocks: what is trained, what changes, and that merging gives a plain backbone back."""

import pytest
import torch
from torch import nn

from longtail.errors import UserError
from longtail.models import build_backbone
from longtail.models.lora import LoRALinear, add_lora, load_lora, lora_state, merge_lora, train_last_blocks


def _vit() -> nn.Module:
    return build_backbone("test_vit", weights=None, image_size=32).eval()


def _trained(model: nn.Module) -> set[str]:
    return {name for name, p in model.named_parameters() if p.requires_grad}


def test_nothing_changes_at_first_and_only_the_change_is_trained() -> None:
    backbone, images = _vit(), torch.randn(2, 3, 32, 32)
    before = backbone.pooled(images)
    add_lora(backbone, rank=2)
    torch.testing.assert_close(backbone.pooled(images), before)
    assert all(name.endswith(("lora_a", "lora_b")) for name in _trained(backbone))
    assert len(_trained(backbone)) == 2 * 2 * len(backbone.model.blocks) == len(lora_state(backbone))


def test_the_layer_is_the_formula_and_merging_does_the_same() -> None:
    layer, rows = LoRALinear(nn.Linear(5, 3), 2, 6.0), torch.randn(4, 5)
    nn.init.normal_(layer.lora_b)
    weight = layer.base.weight + 3 * layer.lora_b @ layer.lora_a
    torch.testing.assert_close(layer(rows), rows @ weight.T + layer.base.bias)
    expected = layer(rows)
    torch.testing.assert_close(layer.merged()(rows), expected)


def test_merged_it_has_its_own_names_again() -> None:
    backbone, images = _vit(), torch.randn(2, 3, 32, 32)
    names = set(backbone.state_dict())
    add_lora(backbone, targets=("qkv", "fc1"))
    for name, parameter in backbone.named_parameters():
        if name.endswith("lora_b"):
            nn.init.normal_(parameter, std=0.1)
    changed = backbone.pooled(images)
    merge_lora(backbone)
    assert set(backbone.state_dict()) == names
    torch.testing.assert_close(backbone.pooled(images), changed, rtol=1e-4, atol=1e-5)
    assert len(_trained(backbone)) == len(list(backbone.parameters()))


def test_changes_are_saved_alone() -> None:
    torch.manual_seed(0)
    one = add_lora(_vit(), rank=3)
    torch.manual_seed(0)
    two = add_lora(_vit(), rank=3)
    for parameter in one.parameters():
        if parameter.requires_grad:
            nn.init.normal_(parameter)
    load_lora(two, lora_state(one))
    images = torch.randn(1, 3, 32, 32)
    torch.testing.assert_close(one.pooled(images), two.pooled(images))
    with pytest.raises(UserError, match="use the same rank"):
        load_lora(add_lora(_vit(), rank=2), lora_state(one))


def test_refusals() -> None:
    with pytest.raises(UserError, match="no linear layer is called query; this model's are called fc1, fc2, proj, qkv"):
        add_lora(_vit(), targets=("query",))
    with pytest.raises(UserError, match="rank of LoRA is 0"):
        add_lora(_vit(), rank=0)
    with pytest.raises(UserError, match="only timm's backbones"):
        train_last_blocks(nn.Linear(2, 2), 1)
    with pytest.raises(UserError, match="the last 99 blocks"):
        train_last_blocks(_vit(), 99)


def test_the_last_blocks_of_a_vision_transformer() -> None:
    backbone = _vit()
    depth = len(backbone.model.blocks)
    train_last_blocks(backbone, 2)
    blocks = {name.split(".")[2] for name in _trained(backbone) if ".blocks." in name}
    assert blocks == {str(depth - 1), str(depth - 2)}
    assert "model.norm.weight" in _trained(backbone)
    assert not any("embed" in name or "token" in name for name in _trained(backbone))
    train_last_blocks(backbone, 0)
    assert not _trained(backbone)


def test_the_last_stage_of_a_cnn() -> None:
    backbone = build_backbone("resnet18", weights=None)
    train_last_blocks(backbone, 1)
    assert {name.split(".")[1] for name in _trained(backbone)} == {"layer4"}
