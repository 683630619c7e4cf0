"""The table of a plan, for the verbs that show one."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from longtail.stages.estimates import Estimate
    from longtail.stages.planning import StagePlan


def plan_table(title: str, plans: Sequence["StagePlan"], estimates: Mapping[str, "Estimate"] | None = None) -> None:
    """A line for each stage; columns that no stage fills are left out."""
    from longtail.cli.console import table
    from longtail.files import in_words

    columns: dict[str, list[object]] = {
        "stage": [each.name for each in plans],
        "kind": [each.kind for each in plans],
        "pixels": [each.image_size for each in plans],
        "batch": [each.batch_size for each in plans],
        "classes": [each.classes for each in plans],
        "rows": [each.rows for each in plans],
        "validation rows": [each.valid_rows for each in plans],
        "epochs": [each.epochs for each in plans],
        "steps": [each.steps for each in plans],
        "images": [each.images for each in plans],
    }
    if estimates:
        found = [estimates.get(each.name) for each in plans]
        columns["parameters"] = [None if each is None else each.parameters for each in found]
        columns["memory"] = [None if each is None else in_words(each.training) for each in found]
    columns["note"] = [each.note or ("finished, would be reused" if each.reused else None) for each in plans]
    shown = {name: cells for name, cells in columns.items() if any(cell is not None for cell in cells)}
    table(title, list(shown), list(zip(*shown.values(), strict=True)))
