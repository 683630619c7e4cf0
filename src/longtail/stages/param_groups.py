"""Parameter groups of a stage: rates by layer, head and backbone apart, norms and biases that may go without decay."""

from collections import defaultdict
from collections.abc import Iterator

from torch import nn

from longtail.models.classifier import Classifier
from longtail.stages.layer_order import block_of
from longtail.stages.optimizers.groups import Named, ParamGroup
from longtail.stages.recipe import Rates

Key = tuple[float, bool | None]


def param_groups(
    model: Classifier, objective: nn.Module, rates: Rates, never_decay: frozenset[str] = frozenset()
) -> list[ParamGroup]:
    """All that trains, by factor of the rate and decay; the objective's own parameters have the head's rate.

    With `layer_decay` d the head has factor 1, the backbone's last block d, the one before d^2, and so on (Clark et
    al., ELECTRA, 2020; BEiT). Parameters named in `never_decay` have no weight decay.
    """
    groups: dict[Key, list[Named]] = defaultdict(list)
    for factor, name, parameter in _factors(model, objective, rates):
        if parameter.requires_grad and factor > 0:
            groups[factor, _decay(name, parameter, never_decay)].append((name, parameter))
    return [ParamGroup(factor, decay, tuple(named)) for (factor, decay), named in groups.items()]


def _factors(model: Classifier, objective: nn.Module, rates: Rates) -> Iterator[tuple[float, str, nn.Parameter]]:
    blocks = block_of(model.backbone) if rates.layer_decay is not None else {}
    top = max(blocks.values(), default=0)
    for name, parameter in model.named_parameters():
        short = name.removeprefix("backbone.")
        if name.startswith("head."):
            yield rates.head, name, parameter
        else:
            depth = top + 1 - blocks.get(short, top)
            yield rates.backbone * (rates.layer_decay or 1.0) ** depth, name, parameter
    for name, parameter in objective.named_parameters():
        yield rates.head, f"objective.{name}", parameter


def _decay(name: str, parameter: nn.Parameter, never: frozenset[str]) -> bool | None:
    if name in never or name.endswith("centers"):  # places in feature space: decay would pull all to the origin
        return False
    return None if parameter.ndim <= 1 or name.endswith(".bias") else True
