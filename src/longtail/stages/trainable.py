"""What trains in a stage: everything, the head, named layers, or the last blocks and the head."""

from collections.abc import Callable
from typing import Literal

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from longtail.errors import UserError, unknown_name
from longtail.models.classifier import Classifier, freeze
from longtail.models.lora import LoRALinear, add_lora, merge_lora, train_last_blocks
from longtail.stages.recipe import Trainable

Train = Literal["all", "head"] | Trainable
FrozenNorm = Literal["eval", "train"]


def set_trainable(model: Classifier, train: Train, frozen_bn: FrozenNorm) -> None:
    """Let gradients flow to what `train` names and to nothing else; low-rank updates (new ones) are put in.

    Torch's random numbers must have been seeded: new updates start from them.
    """
    if train == "all":
        return
    if train == "head":
        freeze(model, "backbone", frozen_bn=frozen_bn)
        return
    if sum(each is not None for each in (train.layers, train.last_blocks, train.lora)) != 1:
        raise UserError("'train' names all, head, or one of layers, last_blocks and lora; give exactly one of them.")
    if train.layers is not None:
        chosen = _named(model, train.layers)
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(parameter.requires_grad and chosen(name))
    elif train.last_blocks is not None:
        train_last_blocks(model.backbone, train.last_blocks)
    elif train.lora is not None:
        add_lora(model.backbone, **train.lora.model_dump())
    if frozen_bn == "eval":
        for norm in frozen_norms(model):
            _keep_in_eval(norm)


def without_updates(model: Classifier) -> Classifier:
    """The model with low-rank updates made part of its weights, in place; as it was where there are none."""
    if any(isinstance(module, LoRALinear) for module in model.modules()):
        merge_lora(model.backbone)
    return model


def frozen_norms(model: nn.Module) -> list[nn.Module]:
    """BatchNorm layers none of whose parameters train."""
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    return [norm for norm in norms if not any(parameter.requires_grad for parameter in norm.parameters())]


def _keep_in_eval(norm: nn.Module) -> None:
    norm.eval()
    norm.train = lambda mode=True: norm  # type: ignore[method-assign]  # noqa: ARG005 - its statistics stand


def _named(model: Classifier, layers: list[str]) -> Callable[[str], bool]:
    known = [name for name, _ in model.named_modules() if name]
    for layer in layers:
        if layer not in known and f"backbone.model.{layer}" not in known and f"backbone.{layer}" not in known:
            short = [name.removeprefix("backbone.model.") for name in known if name.count(".") <= 3]
            raise unknown_name("layer", layer, short, "train.layers")
    prefixes = tuple(f"{start}{layer}." for layer in layers for start in ("", "backbone.", "backbone.model."))
    return lambda name: name.startswith(prefixes)
