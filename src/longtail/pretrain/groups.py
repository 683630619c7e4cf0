"""Parameter groups: layer-wise learning rates, no weight decay on biases and norms, the prototypes apart.

As in facebookresearch/dinov2 @b8931f7 `utils/param_groups.py` (Apache-2.0): layer i of L learns at
`decay ** (L + 1 - i)` of the rate, the patch embedding at a share of that again. Which layer a tensor is of is timm's
own table, so this holds for CNNs too. Two things differ: tokens, positions and prototypes do not decay here, and the
last norm learns at the rate of the last block.
"""

from collections.abc import Iterable
from typing import Any, TypedDict

from torch import nn

from longtail.pretrain.networks import Branch
from longtail.pretrain.schedules import Rates
from longtail.pretrain.settings import Dinov2Settings


class Group(TypedDict):
    """What torch's optimisers take, with what is needed to set the rates of each step."""

    params: list[nn.Parameter]
    names: list[str]
    rate: float
    decays: bool
    last_layer: bool


def parameter_groups(student: Branch, settings: Dinov2Settings) -> list[Group]:
    """The student's parameters by share of the rate, weight decay, and whether they are prototypes."""
    layers = layer_numbers(student.trunk.backbone)
    top = max(layers.values(), default=0) + 1
    found: dict[tuple[float, bool, bool], Group] = {}
    for name, parameter in student.named_parameters():
        inner = name.removeprefix("trunk.backbone.")
        layer = layers.get(inner, 0 if name.endswith("mask_token") else top)
        rate = settings.layer_decay ** (top - layer) * (settings.patch_embed_rate if "patch_embed" in name else 1)
        decays = parameter.ndim > 1 and not name.endswith((".bias", "token", "pos_embed"))
        last = name.endswith("prototypes.weight")
        empty = Group(params=[], names=[], rate=rate, decays=decays and not last, last_layer=last)
        group = found.setdefault((rate, decays, last), empty)
        group["params"].append(parameter)
        group["names"].append(name)
    return list(found.values())


def layer_numbers(backbone: nn.Module) -> dict[str, int]:
    """Which layer, 0 the first, each parameter of a backbone is of, by timm's table; empty for others' backbones."""
    model: Any = getattr(backbone, "model", None)
    if not hasattr(model, "group_matcher"):
        return {}
    from timm.models import group_parameters

    numbers = group_parameters(model, model.group_matcher(coarse=False), reverse=True)
    return {f"model.{name}": 0 if name.endswith(("_token", "pos_embed")) else n for name, n in numbers.items()}


def set_rates(groups: Iterable[dict[str, Any]], rates: Rates) -> None:
    """Give each group its learning rate and weight decay of this step."""
    for group in groups:
        group["lr"] = (rates.last_layer_rate if group["last_layer"] else rates.learning_rate) * group["rate"]
        group["weight_decay"] = rates.weight_decay if group["decays"] else 0.0
