"""What trains, in groups with rates of their own."""

from pathlib import Path
from typing import Any

import pytest
import torch
from made_jobs import made_job
from torch import nn

from longtail.errors import UserError
from longtail.models.classifier import Classifier
from longtail.stages import OPTIMIZERS
from longtail.stages.loading_models import build_model
from longtail.stages.param_groups import param_groups
from longtail.stages.recipe import Rates, Trainable
from longtail.stages.trainable import set_trainable, without_updates


def vit() -> Classifier:
    torch.manual_seed(0)
    settings = {"backbone": "vit_tiny_patch16_224", "weights": "none"}
    return build_model(settings, ("a", "b"), 1, 32)


def trained(model: nn.Module) -> set[str]:
    return {name for name, parameter in model.named_parameters() if parameter.requires_grad}


def test_head(tmp_path: Path) -> None:
    model = made_job(tmp_path).model
    set_trainable(model, "head", "eval")
    assert trained(model) == {"head.weight", "head.bias"}
    assert not model.train().backbone.training


def test_layers_and_their_norms(tmp_path: Path) -> None:
    model = made_job(tmp_path).model
    set_trainable(model, Trainable(layers=["second", "head"]), "eval")
    assert trained(model) == {"backbone.second.weight", "backbone.second.bias", "head.weight", "head.bias"}
    model.train()
    assert not model.backbone.norm.training  # type: ignore[union-attr]
    assert model.backbone.second.training  # type: ignore[union-attr]


def test_an_unknown_layer_suggests(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="second"):
        set_trainable(made_job(tmp_path).model, Trainable(layers=["secnd"]), "eval")


def test_last_blocks_and_updates_of_low_rank() -> None:
    model = vit()
    set_trainable(model, Trainable(last_blocks=1), "eval")
    assert all(".blocks.11." in name or ".norm." in name or name.startswith("head.") for name in trained(model))
    model = vit()
    names = set(model.state_dict())
    set_trainable(model, Trainable(lora={"rank": 2}), "eval")
    assert {name.rpartition(".")[2] for name in trained(model)} == {"lora_a", "lora_b", "weight", "bias"}
    assert set(without_updates(model).state_dict()) == names


def test_one_way_at_a_time() -> None:
    with pytest.raises(UserError, match="exactly one"):
        set_trainable(vit(), Trainable(), "eval")


def test_rates_by_layer() -> None:
    model = vit()
    groups = param_groups(model, nn.Module(), Rates(layer_decay=0.5, head=2.0))
    factor = {name: group.factor for group in groups for name, _ in group.params}
    assert factor["head.weight"] == 2.0
    assert factor["backbone.model.blocks.11.attn.qkv.weight"] == 0.5
    assert factor["backbone.model.blocks.10.attn.qkv.weight"] == 0.25
    assert factor["backbone.model.patch_embed.proj.weight"] == 0.5**13
    assert len(factor) == len(list(model.parameters()))


@pytest.mark.parametrize("name", ["adam", "adamw", "rmsprop", "sgd"])
@pytest.mark.parametrize("spared", [True, False])
def test_optimizers_by_name(tmp_path: Path, name: str, spared: bool) -> None:
    groups = param_groups(made_job(tmp_path).model, nn.Module(), Rates(backbone=0.1), frozenset({"head.bias"}))
    made: Any = OPTIMIZERS.find(name).function(groups, lr=0.2, weight_decay=0.3, decay_norm_bias=not spared)
    found = {n: (g["lr"], g["weight_decay"]) for g in made.param_groups for n in g["names"]}
    assert found["backbone.first.weight"] == pytest.approx((0.02, 0.3))
    assert found["head.weight"] == pytest.approx((0.2, 0.3))
    assert found["head.bias"] == pytest.approx((0.2, 0.0))
    assert found["backbone.norm.weight"] == pytest.approx((0.02, 0.0 if spared else 0.3))


def test_a_rate_of_zero_freezes(tmp_path: Path) -> None:
    groups = param_groups(made_job(tmp_path).model, nn.Module(), Rates(backbone=0.0))
    assert {name for group in groups for name, _ in group.params} == {"head.weight", "head.bias"}
