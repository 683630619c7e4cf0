"""`longtail validate`."""

from typing import Annotated

import typer

_NAMED = 6  # labels at a glance: a column that is none shows


def validate(
    recipe: Annotated[str, typer.Argument(help="A recipe's file, or the name of a shipped one; a table's row: T:ROW.")],
    rest: Annotated[
        list[str] | None,
        typer.Argument(metavar="[MANIFEST] [KEY=VALUE]...", help="The manifest to train on, and settings to change."),
    ] = None,
    smoke: Annotated[bool, typer.Option("--smoke", help="As `fit --smoke` would run it.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="As for `fit`: it draws balanced rows.")] = 0,
) -> None:
    """Check everything that can be known before training: recipe, graph, manifest, memory and disk."""
    from longtail.cli.console import say, warn
    from longtail.cli.plans import plan_table
    from longtail.errors import UserError, listing
    from longtail.files import in_words
    from longtail.stages.validating import validate as work

    settings = [word for word in rest or () if "=" in word]
    manifests = [word for word in rest or () if "=" not in word]
    if len(manifests) > 1:
        raise UserError(f"'{manifests[1]}' is one manifest too many; give one, and settings as key=value.")
    found = work(recipe, manifests[0] if manifests else None, overrides=settings, smoke=smoke, seed=seed)
    plan_table(f"{found.recipe.recipe}: what each stage would do", found.plans, found.estimates)
    for warning in found.warnings:
        warn(warning)
    if found.labels:
        say(f"labels: {len(found.labels):,}: {listing(found.labels, _NAMED)}")
    if found.prepared:
        sizes = ", ".join(f"{in_words(size)} at {side} px" for side, size in found.prepared.items())
        say(f"prepared images: {sizes}; disk in all, with the stages: {in_words(found.disk)}")
    say("memory: weights, gradients, optimiser and activations of one batch in fp32, roughly; bf16 takes about half")
    say(f"fine: {'the recipe fits the manifest' if manifests else 'the recipe can be carried out'}")
