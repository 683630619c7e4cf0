"""Hidden patches, the branches, and the groups of parameters."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from longtail.errors import UserError
from longtail.models import build_backbone
from longtail.pretrain.dino_head import DinoHead
from longtail.pretrain.dinov2 import Dinov2
from longtail.pretrain.groups import layer_numbers, parameter_groups
from longtail.pretrain.networks import Branch, HiddenPatches, can_hide
from longtail.pretrain.settings import Dinov2Settings
from longtail.pretrain.starting import start_from


def _backbone(name: str = "test_vit") -> object:
    return start_from(name, "none", image_size=32, channels=1)


@torch.no_grad()
def test_hidden_patches_are_not_seen_and_others_are() -> None:
    trunk = HiddenPatches(_backbone()).eval()  # type: ignore[arg-type]
    images, masks = torch.randn(2, 1, 32, 32), torch.tensor([[True, False, False, False]] * 2)
    other = images.clone()
    other[:, :, :16, :16] = 9.0  # the hidden patch alone
    torch.testing.assert_close(trunk(images, masks), trunk(other, masks))
    assert not torch.allclose(trunk(images)[0], trunk(other)[0])
    other[:, :, :16, 16:] = 9.0
    assert not torch.allclose(trunk(images, masks)[0], trunk(other, masks)[0])


@pytest.mark.parametrize("name", ["test_vit", "vit_small_patch16_reg4_swiglu", "eva02_tiny_patch14_224"])
@torch.no_grad()
def test_class_features_and_patches_are_the_backbones(name: str) -> None:
    side = 28 if "14" in name else 32
    backbone = start_from(name, "none", image_size=side, channels=3)
    images = torch.randn(1, 3, side, side)
    trunk = HiddenPatches(backbone).eval()
    features, patches = trunk(images, torch.zeros(1, 4, dtype=torch.bool))
    tokens = backbone.tokens(images)
    torch.testing.assert_close(patches, tokens[:, backbone.sizes.prefix_tokens :])
    torch.testing.assert_close(features, tokens[:, 0])


def test_cnns_take_part_in_dino_alone(tiny: Dinov2Settings) -> None:
    backbone = build_backbone("test_resnet", weights=None)
    assert not can_hide(backbone)
    with pytest.raises(UserError, match="set ibot_weight: 0"):
        Branch(backbone, tiny)
    branch = Branch(backbone, replace(tiny, ibot_weight=0.0))
    said = branch(torch.randn(4, 3, 32, 32), torch.randn(2, 3, 16, 16), None, True)
    assert said.large.shape == (4, 16)
    assert said.small.shape == (2, 16)
    assert said.patches is None


@pytest.mark.parametrize("name", ["test_vit", "test_vit2", "test_vit3", "eva02_tiny_patch14_224"])
@pytest.mark.parametrize("ibot", [0.0, 1.0])
def test_all_that_trains_gets_a_gradient_for_which_several_processes_wait(
    tiny: Dinov2Settings, name: str, ibot: float
) -> None:
    side = 28 if "14" in name else 32
    settings = replace(tiny, backbone=name, ibot_weight=ibot, global_size=side, local_size=side // 2, drop_path=0.0)
    method = Dinov2(settings, channels=1, steps_per_epoch=3)
    method.step(np.random.default_rng(0).integers(0, 256, (2, 32, 32, 1), dtype=np.uint8), np.arange(2))
    trained = {name: part.grad for name, part in method.student.named_parameters() if part.requires_grad}
    assert [name for name, gradient in trained.items() if gradient is None] == []


def test_shared_and_separate_heads(tiny: Dinov2Settings) -> None:
    masks = torch.tensor([[True, False, True, False], [False] * 4])
    for shared in (True, False):
        branch = Branch(_backbone(), replace(tiny, shared_head=shared))  # type: ignore[arg-type]
        assert (branch.ibot_head is None) == shared
        assert branch(torch.randn(2, 1, 32, 32), None, masks, True).patches.shape == (2, 16)


def test_a_heads_scores_are_cosines() -> None:
    head = DinoHead(6, 4, layers=2, hidden=5, bottleneck=3)
    narrow, prototypes = head.mlp(torch.eye(6)), head.prototypes.weight
    expected = torch.nn.functional.cosine_similarity(narrow[:, None], prototypes[None], dim=-1)
    torch.testing.assert_close(head(torch.eye(6)), expected)


def test_layers_learn_slower_the_deeper_they_are(tiny: Dinov2Settings) -> None:
    student = Branch(_backbone(), replace(tiny, layer_decay=0.5, patch_embed_rate=0.2))  # type: ignore[arg-type]
    groups = parameter_groups(student, replace(tiny, layer_decay=0.5, patch_embed_rate=0.2))
    of = {name: group for group in groups for name in group["names"]}
    assert len(of) == len(list(student.parameters()))
    depth = len(student.trunk.backbone.model.blocks)  # type: ignore[arg-type, union-attr]
    inner = "trunk.backbone.model."
    assert of[f"{inner}blocks.{depth - 1}.mlp.fc1.weight"]["rate"] == 0.5
    assert of[f"{inner}blocks.0.mlp.fc1.weight"]["rate"] == 0.5**depth
    assert of[f"{inner}cls_token"]["rate"] == of["trunk.mask_token"]["rate"] == 0.5 ** (depth + 1)
    assert of[f"{inner}patch_embed.proj.weight"]["rate"] == pytest.approx(0.2 * 0.5 ** (depth + 1))
    assert of["dino_head.mlp.0.weight"]["rate"] == 1
    assert [
        of[f"{inner}{n}"]["decays"] for n in ("pos_embed", "blocks.0.norm1.weight", "blocks.0.attn.qkv.weight")
    ] == [
        False,
        False,
        True,
    ]
    assert of["dino_head.prototypes.weight"]["last_layer"]


def test_a_cnn_has_layers_too() -> None:
    numbers = layer_numbers(build_backbone("test_resnet", weights=None))
    assert len(set(numbers.values())) > 2
