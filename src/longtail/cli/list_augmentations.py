"""`longtail list augmentations`."""


def augmentations() -> None:
    """List the augmentations and mixes with their settings and where they come from."""
    from longtail.augment import AUGMENTATIONS, MIXES
    from longtail.binding import options_of
    from longtail.cli.console import say, table

    for title, registry in (("Augmentations", AUGMENTATIONS), ("Mixes", MIXES)):
        entries = registry.load().values()
        rows = [
            (e.name, e.facts.get("kind", ""), e.summary, " ".join(options_of(e.function)), _source(e.facts))
            for e in entries
        ]
        table(title, ("name", "changes", "what", "settings", "source"), rows)
    say("next: write them into a recipe: augment: [hflip, {cutout: {holes: 5, fraction: 0.05}}]")


def _source(facts: dict[str, str]) -> str:
    return "; ".join(facts[key] for key in ("paper", "code") if key in facts)
