"""`longtail list heads`."""

from typing import Any


def heads() -> None:
    """List the heads that a model can name, with the features each wants and its options."""
    from longtail.binding import options_of
    from longtail.cli.console import say, table
    from longtail.models import HEADS

    rows = [
        (e.name, _wants(e.function), e.summary, " ".join(options_of(e.function)), _source(e.facts))
        for e in HEADS.load().values()
    ]
    table("Heads", ("name", "wants", "what", "options", "source"), rows)
    say("next: write one into a recipe: model: {backbone: resnet50, head: {cosine: {scale: 25}}}")


def _wants(head: Any) -> str:
    return " ".join(sorted(head.wants))


def _source(facts: dict[str, str]) -> str:
    return "; ".join(facts[key] for key in ("paper", "code") if key in facts)
