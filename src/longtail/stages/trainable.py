"""What trains in a stage: everything, the head, named layers, or the last blocks and the head."""

from collections.abc import Callable
from typing import Literal

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from longtail.errors import UserError, listing, unknown_name
from longtail.models.classifier import Classifier, freeze
from longtail.stages.layer_order import block_of
from longtail.stages.recipe import Trainable

Train = Literal["all", "head"] | Trainable
FrozenNorm = Literal["eval", "train"]


def set_trainable(model: Classifier, train: Train, frozen_bn: FrozenNorm) -> None:
    """Let gradients flow to what `train` names and to nothing else; low-rank updates are put in before."""
    if train == "all":
        return
    if train == "head" or train.lora is not None:
        _only_head(model, train, frozen_bn)
        return
    if (train.layers is None) == (train.last_blocks is None):
        raise UserError("'train' names all, head, or one of layers, last_blocks and lora; give exactly one of them.")
    chosen = _named(model, train.layers) if train.layers is not None else _last(model, train.last_blocks or 0)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(parameter.requires_grad and chosen(name))
    if frozen_bn == "eval":
        for norm in frozen_norms(model):
            _keep_in_eval(norm)


def frozen_norms(model: nn.Module) -> list[nn.Module]:
    """BatchNorm layers none of whose parameters train."""
    norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
    return [norm for norm in norms if not any(parameter.requires_grad for parameter in norm.parameters())]


def _keep_in_eval(norm: nn.Module) -> None:
    norm.eval()
    norm.train = lambda mode=True: norm  # type: ignore[method-assign]  # noqa: ARG005 - its statistics stand


def _only_head(model: Classifier, train: Train, frozen_bn: FrozenNorm) -> None:
    if train == "head":
        freeze(model, "backbone", frozen_bn=frozen_bn)
        return
    for name, parameter in model.backbone.named_parameters():
        parameter.requires_grad_(parameter.requires_grad and "lora" in name)


def _named(model: Classifier, layers: list[str]) -> Callable[[str], bool]:
    known = [name for name, _ in model.named_modules() if name]
    for layer in layers:
        if layer not in known and f"backbone.model.{layer}" not in known and f"backbone.{layer}" not in known:
            short = [name.removeprefix("backbone.model.") for name in known if name.count(".") <= 3]
            raise unknown_name("layer", layer, short, "train.layers")
    prefixes = tuple(f"{start}{layer}." for layer in layers for start in ("", "backbone.", "backbone.model."))
    return lambda name: name.startswith(prefixes)


def _last(model: Classifier, count: int) -> Callable[[str], bool]:
    blocks = block_of(model.backbone)
    total = len(set(blocks.values()))
    if not 0 <= count <= total:
        raise UserError(f"last_blocks is {count}; the backbone '{model.backbone.name}' has {listing([total])} blocks.")
    open_ = {f"backbone.{name}" for name, block in blocks.items() if block >= total - count}
    return lambda name: name.startswith("head.") or name in open_
