"""What backbones there are: names, weights, licences and input, from timm's tables, without building any."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from longtail.errors import UserError, unknown_name
from longtail.models import BACKBONES
from longtail.models.weights.packaged import PACKAGES
from longtail.registry import module_exists


@dataclass(frozen=True)
class BackboneFacts:
    """One line of the list: an architecture, or an architecture with the tag of its weights."""

    name: str
    weights: str  # "hub", "hub, packaged" or "" (none published)
    licence: str
    image_size: int  # of the weights
    any_size: bool  # or only at that size, unless it is built for another
    mean: tuple[float, ...]
    std: tuple[float, ...]


def list_backbones(pattern: str) -> list[BackboneFacts]:
    """The backbones whose name matches `pattern` (`resnet*`, or a part of a name), each with each of its weights."""
    wild = pattern.lower() if any(sign in pattern for sign in "*?[") else f"*{pattern.lower()}*"
    names = [name for name in backbone_names() if fnmatchcase(name.lower(), wild)]
    if not names:
        raise unknown_backbone(pattern)
    return [_facts(name) for name in names]


def families() -> dict[str, list[str]]:
    """Architectures by family (timm's module), without tags."""
    import timm

    found: dict[str, list[str]] = {}
    for name in BACKBONES.load():
        found.setdefault("longtail", []).append(name)
    for name in timm.list_models():
        module = timm.models.model_entrypoint(name).__module__
        found.setdefault(module.rpartition(".")[2], []).append(name)
    return dict(sorted(found.items()))


def backbone_names() -> list[str]:
    """Every name that can be built, with tags where there are weights, sorted as people count."""
    import timm

    tagged = timm.list_models(pretrained=True, include_tags=True)
    with_weights = {name.partition(".")[0] for name in tagged}
    return [*BACKBONES.load(), *sorted([*tagged, *(name for name in timm.list_models() if name not in with_weights)])]


def is_backbone(name: str) -> bool:
    """Whether there is such an architecture, whatever the tag behind its name."""
    import timm

    architecture = name.partition(".")[0]
    return architecture in BACKBONES.load() or architecture in timm.list_models(architecture)


def is_dotted_path(name: str) -> bool:
    """Whether `name` leads to a backbone of one's own, `my_nets.small`: no tag of an architecture that timm has, and
    the module is there."""
    import timm

    module = name.rpartition(".")[0]
    return bool(module) and not timm.is_model(name.partition(".")[0]) and module_exists(module)


def unknown_backbone(name: str) -> UserError:
    """The error for a name that is no backbone's; an unknown tag lists the architecture's own."""
    import timm

    architecture, _, tag = name.partition(".")
    if tag and timm.is_model(architecture):
        tags = [each.partition(".")[2] for each in timm.list_pretrained(f"{architecture}.*")]
        return unknown_name("weights", tag, [each for each in tags if each], f"backbone '{architecture}'")
    error = unknown_name("backbone", name, [*BACKBONES.load(), *timm.list_models()])
    sentence = str(error).partition(" Valid:")[0]
    return UserError(f"{sentence} 'longtail list backbones PATTERN' shows the valid names.")


def levels(values: Sequence[float], channels: int) -> tuple[float, ...]:
    """A mean or std of as many channels as the images have: of grey ones, the colours' average."""
    if len(values) == channels:
        return tuple(float(value) for value in values)
    return (round(sum(values) / len(values), 6),) * channels


def shown_licence(licence: str) -> str:
    """The licence with a remark where it forbids commercial use."""
    return f"{licence} (non-commercial)" if is_non_commercial(licence) else licence


def is_non_commercial(licence: str) -> bool:
    """Whether a licence's short name says that commercial use is forbidden (`cc-by-nc-4.0`, `fair-noncommercial`)."""
    words = licence.lower().replace("_", "-").split("-")
    return "nc" in words or "noncommercial" in words or "non" in words


def _facts(name: str) -> BackboneFacts:
    if name in BACKBONES.entries:
        return BackboneFacts(name, "", "", 0, True, (), ())
    import timm

    cfg: Any = timm.models.get_pretrained_cfg(name)
    packaged = ", packaged" if name.partition(".")[0] in PACKAGES else ""
    return BackboneFacts(
        name=name,
        weights=f"hub{packaged}" if cfg.has_weights else "",
        licence=(cfg.license or "not stated") if cfg.has_weights else "",
        image_size=cfg.input_size[-1],
        any_size=not cfg.fixed_input_size,
        mean=tuple(cfg.mean),
        std=tuple(cfg.std),
    )
