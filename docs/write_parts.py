"""Write `part-lists.md`, a line for each part, from the registries: `python docs/write_parts.py`.

A test compares the page's lines with the registries. A new part that has no line yet passes, so that adding one is one
file and no other edit; the next run of this script adds its line.
"""

from pathlib import Path
from typing import Any

from longtail.augment import AUGMENTATIONS, MIXES
from longtail.binding import options_of
from longtail.cli.listing import source_of
from longtail.data.readers import READERS
from longtail.losses import LOSSES
from longtail.models import BACKBONES, HEADS
from longtail.predict import ENSEMBLES, SOUPS, STUDIES, SUBMISSIONS, TTA, VIEW_RULES
from longtail.registry import Entry, Registry
from longtail.sampling import SAMPLERS

PAGE = Path(__file__).with_name("part-lists.md")
LISTS: dict[str, Registry[Any]] = {
    "Losses": LOSSES,
    "Samplers": SAMPLERS,
    "Augmentations": AUGMENTATIONS,
    "Mixes": MIXES,
    "Backbones beside timm's": BACKBONES,
    "Heads": HEADS,
    "Test-time views": TTA,
    "Merges": ENSEMBLES,
    "Soups": SOUPS,
    "View rules": VIEW_RULES,
    "Study rules": STUDIES,
    "Submissions": SUBMISSIONS,
    "Data sets": READERS,
}
_START = """# Every part

What `longtail list ...` prints, as one page: every part that can be named, its options with their defaults (choices in
brackets), and where it comes from. `longtail list losses ldam` tells all about one. (Written by `docs/write_parts.py`.)
"""


def line_of(entry: Entry[Any]) -> str:
    """One row of a table."""
    options = " ".join(f"`{option}`" for option in options_of(entry.function))
    cells = [f"`{entry.name}`", entry.summary, options, source_of(entry)]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def page() -> str:
    """The whole page."""
    parts = [_START]
    for title, registry in LISTS.items():
        if lines := [line_of(entry) for entry in registry.load().values()]:
            parts.append(
                "\n".join([f"## {title}\n", "| name | what | options | source |", "| --- | --- | --- | --- |", *lines])
            )
    return "\n".join(part if part.endswith("\n") else part + "\n" for part in parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
