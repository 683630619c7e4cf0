"""`longtail list samplers`."""


def samplers() -> None:
    """List the ways to draw an epoch's rows, with the arguments that a recipe may give each and their sources."""
    from longtail.binding import options_of
    from longtail.cli.console import say, table
    from longtail.sampling import SAMPLERS

    rows = [
        (e.name, e.summary, " ".join(options_of(e.function)), "; ".join(e.facts.values()))
        for e in SAMPLERS.load().values()
    ]
    table("Samplers", ("name", "what", "arguments", "source"), rows)
    say("in your own loop: from longtail.sampling import EpochSampler; sampler = EpochSampler('class_aware', targets)")
