"""`longtail list losses`."""


def losses() -> None:
    """List the losses that a stage can name, with the arguments that a recipe may give each and their sources."""
    from longtail.binding import options_of
    from longtail.cli.console import say, table
    from longtail.losses import LOSSES

    rows = [
        (name, facts.get("task", ""), entry.summary, " ".join(options_of(entry.function)), facts.get("paper", ""))
        for name, entry in LOSSES.load().items()
        for facts in (entry.facts,)
    ]
    table("Losses", ("name", "task", "what", "arguments", "paper"), rows)
    say("each is a function too, such as 'from longtail.losses import focal_loss'; its file says what was settled")
