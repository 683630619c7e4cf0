"""An optimiser's state as flat tensors by the names of the parameters, which safetensors can hold."""

from collections.abc import Mapping, Sequence

from torch import Tensor
from torch.optim import Optimizer

from longtail.pretrain.groups import Group


def optimizer_tensors(optimizer: Optimizer, groups: Sequence[Group]) -> dict[str, Tensor]:
    """`{parameter.exp_avg: ...}`; empty before the first step."""
    named = [pair for group in groups for pair in zip(group["names"], group["params"], strict=True)]
    return {f"{name}/{key}": value for name, p in named for key, value in optimizer.state.get(p, {}).items()}


def load_optimizer(optimizer: Optimizer, groups: Sequence[Group], tensors: Mapping[str, Tensor]) -> None:
    """Take what `optimizer_tensors` gave; rates and decay are set anew at every step and not part of it."""
    places = {name: place for place, name in enumerate(name for group in groups for name in group["names"])}
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        name, _, kind = key.rpartition("/")
        state.setdefault(places[name], {})[kind] = value.clone()
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
