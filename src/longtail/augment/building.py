"""From the list of steps of a recipe to steps: names, `{name: {setting: value}}`, dotted paths, or steps themselves."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from longtail.augment import AUGMENTATIONS, MIXES
from longtail.augment.min_max import MinMax
from longtail.augment.mix_targets import Mixed
from longtail.augment.normalize import Normalize
from longtail.augment.step import Step
from longtail.binding_values import bind_values
from longtail.errors import UserError

StepSpec = str | Mapping[str, Any] | Step | Normalize | MinMax
AnyStep = Step | Normalize | MinMax


def build_steps(specs: Sequence[StepSpec]) -> dict[str, AnyStep]:
    """The steps by name, in their order; a second `cutout` is called `cutout#2` and so draws numbers of its own."""
    found: dict[str, AnyStep] = {}
    for spec in specs:
        name, step = _built(spec)
        times = sum(known.split("#")[0] == name for known in found) + 1
        found[name if times == 1 else f"{name}#{times}"] = step
    _check_order(found)
    return found


def build_mix(spec: str | Mapping[str, Any], class_counts: Sequence[int] | None = None) -> Callable[..., Mixed]:
    """The mix of a recipe, `mixup` or `{mixup: {alpha: 0.2}}`; one that looks at counts gets the stage's own."""
    name, settings = _named(spec, "mix")
    maker: Any = MIXES.find(name).function
    if not (isinstance(maker, type) and is_dataclass(maker)):
        raise UserError(f"'{name}' is no mix; write a dataclass that extends longtail.augment.MixStep.")
    if "class_counts" in {field.name for field in fields(maker)} and class_counts is not None:
        settings = {"class_counts": list(class_counts), **settings}
    found: Callable[..., Mixed] = build(maker, settings, f"mix '{name}'")
    return found


def _named(spec: Any, what: str) -> tuple[str, Mapping[str, Any]]:
    if isinstance(spec, str):
        return spec, {}
    if not isinstance(spec, Mapping) or len(spec) != 1:
        raise UserError(f"'{spec}' is no {what}; write a name, or a name with settings: {{NAME: {{setting: value}}}}.")
    name, settings = next(iter(spec.items()))
    return name, settings or {}


def _built(spec: StepSpec) -> tuple[str, AnyStep]:
    if isinstance(spec, (Step, Normalize, MinMax)):
        return _name_of(spec), spec
    name, settings = _named(spec, "augmentation")
    return name, build(_class_of(name), settings, f"augmentation '{name}'")


def _name_of(step: AnyStep) -> str:
    own = [entry.name for entry in AUGMENTATIONS.load().values() if entry.function is type(step)]
    return own[0] if own else f"{type(step).__module__}.{type(step).__qualname__}"


def _class_of(name: str) -> Callable[..., AnyStep]:
    found: Any = AUGMENTATIONS.find(name).function
    if "." not in name:
        return found  # type: ignore[no-any-return]
    if not (isinstance(found, type) and issubclass(found, Step)):
        raise UserError(f"'{name}' is no augmentation; write a dataclass that extends longtail.augment.PixelStep.")
    return found


def build(maker: Callable[..., Any], settings: Mapping[str, Any], what: str) -> Any:
    """`maker(**settings)` for a dataclass, after checking every setting's name and type."""
    if not isinstance(settings, Mapping):
        raise UserError(f"the settings of {what} are '{settings}'; write them as {{name: value}}.")
    if lacking := sorted(getattr(maker, "__abstractmethods__", ())):
        raise UserError(f"{what} does not say {', '.join(lacking)}; write it as the files of longtail.augment do.")
    return maker(**bind_values(maker, settings, what))


def _check_order(steps: Mapping[str, AnyStep]) -> None:
    """Only `normalize` may follow `min_max`, and nothing `normalize`: they are made together at the end."""
    names = [name for name, step in steps.items() if isinstance(step, (MinMax, Normalize))]
    tail = list(steps)[len(steps) - len(names) :]
    if names != tail or [name for name in ("min_max", "normalize") if name in names] != names:
        raise UserError(
            f"the augmentations end with {', '.join(list(steps)[-3:])}; levels are rescaled and normalised once, after"
            " all other steps: write min_max and normalize last, in this order."
        )
