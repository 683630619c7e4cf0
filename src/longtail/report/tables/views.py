"""Table 3: AP of each label on frontal and on lateral images, and the difference."""

from longtail.evaluate.defined import macro
from longtail.predict.view_groups import UnknownView
from longtail.predict.view_rules.view_choice import ViewJudge, choose_views
from longtail.report.tables.paper_table import PaperTable


def views_table(judge: ViewJudge, *, unknown: UnknownView = "lateral") -> PaperTable:
    """What `frontal_replaces_lateral` is chosen by; `x` marks the labels that it would replace."""
    choice = choose_views(judge, unknown=unknown)
    rows = [
        (each.label, each.front, each.lateral, each.difference, each.front_positives, each.lateral_positives,
         "x" if each.chosen else "")
        for each in choice.labels
    ]  # fmt: skip
    sides = ("front", "lateral", "difference")  # a mean of differences is of labels that both sides define
    front, lateral, apart = (macro([getattr(each, side) for each in choice.labels]) for side in sides)
    mean = ("Mean", front.value, lateral.value, apart.value, None, None, "")
    note = (
        f"{choice.frontal_images:,} frontal and {choice.lateral_images:,} lateral images. Means over {front.over} and"
        f" {lateral.over} labels, of the difference over the {apart.over} that have both; nothing stands where a label"
        " has no positives on that side."
    )
    columns = ("Label", "Front", "Lateral", "Dif", "Positives front", "Positives lateral", "Chosen")
    return PaperTable("Table 3: AP by view", columns, (*rows, mean), note)
