"""What must be known to read an export's numbers and answers: on which rows they stand, and what it is not told."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longtail.stages.store import read_facts

if TYPE_CHECKING:
    from longtail.export.parity import Parity


def stage_facts(run: Path, stages: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What each stage's `stage.json` says."""
    return {name: read_facts(run / "stages" / name) for name in stages}


def refitted(stages: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The stages whose weights were trained on the validation rows too."""
    return [name for name, facts in stages.items() if facts.get("refit")]


def notes_of(stages: Mapping[str, Mapping[str, Any]], evidence: Mapping[str, Any], *, decided: bool) -> tuple[str, ...]:
    """Sentences on the numbers; `decided` says that thresholds were chosen on validation."""
    numbers = _of_splits(evidence, _chosen_on_validation(stages, decided))
    return (*([numbers] if numbers else []), *(_of_refit(name, stages[name]) for name in refitted(stages)))


def source_note(sources: Mapping[str, Sequence[str]], apart: "Parity | None" = None) -> str:
    """Of stages whose heads read each image's data set: that nobody tells them, and how far `apart` that puts them."""
    names = ", ".join(f"'{name}'" for name in sources)
    sets = ", ".join(dict.fromkeys(each for one in sources.values() for each in one))
    return (
        f"The head of {'stages' if len(sources) > 1 else 'stage'} {names} reads which data set an image is of ({sets})."
        " An export and a server are told none and answer as for an image of an unknown one, while thresholds and"
        f" calibration were chosen with it; {_measured(apart)}."
    )


def _measured(apart: "Parity | None") -> str:
    if apart is None:
        return "what that changes was not measured"
    return (
        f"on {apart.images} validation images their probabilities are up to {apart.difference:.2g}, on average"
        f" {apart.mean:.2g}, from those of longtail predict"
    )


def _of_splits(evidence: Mapping[str, Any], chosen: str) -> str:
    if "test" in evidence:
        own = "Numbers of test are of the data set's own test rows; expect worse elsewhere."
        return own + (f" Those of val are of rows that {chosen}." if chosen and "val" in evidence else "")
    if "val" in evidence:
        which = f", which {chosen}" if chosen else ""
        return f"There were no test rows: all numbers are of validation rows{which}; expect worse on any others."
    return ""


def _chosen_on_validation(stages: Mapping[str, Mapping[str, Any]], decided: bool) -> str:
    settings = [facts.get("settings") or {} for facts in stages.values()]
    chose = ["the weights"] if any(_by_validation(each) for each in settings) else []
    chose += ["thresholds and calibration"] if decided else []
    return f"chose {' and '.join(chose)}" if chose else ""


def _by_validation(settings: Mapping[str, Any]) -> bool:
    return isinstance(settings.get("keep"), Mapping) or bool(settings.get("search"))


def _of_refit(name: str, facts: Mapping[str, Any]) -> str:
    rows = facts.get("rows", 0) + facts.get("valid_rows", 0)
    return (
        f"The weights of stage '{name}' were refitted on train and validation rows ({rows:,} together); numbers of val,"
        " thresholds and calibration are of the weights before that, which never saw these rows."
    )
