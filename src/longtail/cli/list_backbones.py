"""`longtail list backbones`."""

from typing import Annotated

import typer


def backbones(
    pattern: Annotated[str, typer.Argument(help="A part of a name, or a pattern such as 'resnet*'.")] = "",
) -> None:
    """List the backbones whose name matches, with their weights, licence and input; without a pattern, the families."""
    if pattern:
        _show_matching(pattern)
    else:
        _show_families()


def _show_matching(pattern: str) -> None:
    from longtail.cli.console import say, table
    from longtail.models.backbones.catalogue import list_backbones, shown_licence

    rows = [
        (
            found.name,
            found.weights or "none",
            shown_licence(found.licence),
            f"{found.image_size or 'any'}" + (" (or any)" if found.any_size and found.image_size else ""),
            _levels(found.mean),
            _levels(found.std),
        )
        for found in list_backbones(pattern)
    ]
    table("Backbones", ("name", "weights", "licence of the weights", "pixels", "mean", "std"), rows)
    say("next: write one into a recipe: model: {backbone: NAME, head: linear}")


def _show_families() -> None:
    from longtail.cli.console import say, table
    from longtail.models.backbones.catalogue import families

    rows = [(family, len(names), ", ".join(names[:3])) for family, names in families().items()]
    table("Families of backbones", ("family", "names", "such as"), rows)
    say("next: longtail list backbones PATTERN, such as 'resnet50*', 'vit_*dinov2*' or tf_efficientnet_lite0")


def _levels(values: tuple[float, ...]) -> str:
    return f"{values[0]:g}" if len(set(values)) == 1 else " ".join(f"{value:.3g}" for value in values)
