"""How near the input each parameter of a backbone lies: timm's own grouping by blocks, or the order of its modules."""

from torch import nn

from longtail.models.backbones.base import Backbone
from longtail.models.backbones.timm_backbone import TimmBackbone


def block_of(backbone: Backbone) -> dict[str, int]:
    """Each parameter's block, by name: 0 the stem, the highest the last block (and the norm behind it)."""
    if isinstance(backbone, TimmBackbone) and hasattr(backbone.model, "group_matcher"):
        from timm.models._manipulate import group_with_matcher

        matcher = backbone.model.group_matcher(coarse=False)
        found = group_with_matcher(backbone.model.named_parameters(), matcher, reverse=True)
        return _dense({f"model.{name}": int(block) for name, block in found.items()})
    return _by_module(backbone)


def _by_module(backbone: nn.Module) -> dict[str, int]:
    """Modules that hold parameters themselves, in the order of their definition, two names deep at most."""
    places: dict[str, int] = {}
    blocks = {}
    for name, _ in backbone.named_parameters():
        module = ".".join(name.split(".")[:-1][:2])
        blocks[name] = places.setdefault(module, len(places))
    return blocks


def _dense(blocks: dict[str, int]) -> dict[str, int]:
    """Numbers without gaps."""
    rank = {block: place for place, block in enumerate(sorted(set(blocks.values())))}
    return {name: rank[block] for name, block in blocks.items()}
