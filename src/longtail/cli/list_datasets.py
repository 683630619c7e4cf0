"""`longtail list datasets`."""


def datasets() -> None:
    """List the published data sets that 'longtail data read' reads, with the files and options of each."""
    from longtail.cli.console import say, table
    from longtail.data.reading import datasets as work

    rows = [(d.name, d.summary, d.files, " ".join(d.options), d.publication) for d in work()]
    table("Published data sets", ("name", "what", "files", "options", "publication"), rows)
    say("next: longtail data read NAME --root DIR --out DIR [key=value ...]")
