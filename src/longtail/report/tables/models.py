"""Table 2: the stages of a run, what they start from, at which size, with what validation score."""

from typing import Any

from longtail.report.run_folder import RunFolder, StageFacts
from longtail.report.tables.paper_table import PaperTable

_ORDINALS = {1: "1st", 2: "2nd", 3: "3rd"}


def models_table(run: RunFolder) -> PaperTable:
    """A row for each finished stage; `*` marks the members of the ensemble."""
    parents = {stage.name: settings_of(stage, run).get("from") for stage in run.stages}
    members = (run.recipe.get("predict") or {}).get("ensemble") or []
    rows = tuple(_row(stage, run, parents, members) for stage in run.stages if stage.facts)
    columns = ("Model", "Stage", "Pre-Weight", "Image size", "Batch size", "Max LR", "OS-threshold", "Oversampled",
               "Epoch kept", "Metric", "Val")  # fmt: skip
    note = "* is a member of the ensemble. Epoch kept and Val are of the best epoch by the stage's own metric."
    return PaperTable("Table 2: models", columns, rows, " ".join([note, *filter(None, map(_flagged, run.stages))]))


def settings_of(stage: StageFacts, run: RunFolder) -> dict[str, Any]:
    """A stage's settings: those of the run's recipe, and over them those that the stage itself tells."""
    said = (run.recipe.get("stages") or {}).get(stage.name) or {}
    return {**said, **(stage.facts.get("settings") or {})}


def depth_of(name: str, parents: dict[str, Any]) -> int:
    """1 for a stage that starts from no other, 2 for one that starts from such a stage, ..."""
    depth, seen = 1, {name}
    while (name := parents.get(name) or "") and name not in seen:
        depth, seen = depth + 1, {*seen, name}
    return depth


def _row(stage: StageFacts, run: RunFolder, parents: dict[str, Any], members: list[str]) -> tuple[Any, ...]:
    settings, kept = settings_of(stage, run), stage.facts.get("kept") or {}
    depth = depth_of(stage.name, parents)
    oversample = settings.get("oversample") or {}
    flagged = stage.facts.get("oversampled") or {}
    return (
        f"{stage.name}{' *' if stage.name in members else ''}",
        _ORDINALS.get(depth, f"{depth}th"),
        parents[stage.name] or _weights(settings),
        settings.get("image_size"),
        settings.get("batch_size"),
        _max_rate(stage, settings),
        oversample.get("below_ap", "N/A"),
        len(flagged) if oversample else "N/A",
        kept.get("epoch"),
        kept.get("metric"),
        kept.get("value"),
    )


def _flagged(stage: StageFacts) -> str:
    """The labels whose rows came more often, each with the validation AP that said so."""
    found = stage.facts.get("oversampled") or {}
    told = ", ".join(f"{label} ({value:.3f})" for label, value in found.items())
    return f"Oversampled in {stage.name}, by AP: {told}." if told else ""


def _weights(settings: dict[str, Any]) -> str:
    model = settings.get("model")
    return str((model or {}).get("weights", "pretrained")) if isinstance(model, dict) else "pretrained"


def _max_rate(stage: StageFacts, settings: dict[str, Any]) -> float | None:
    """The highest learning rate that the log saw, else the optimiser's setting."""
    seen = [line["lr"] for line in stage.log if isinstance(line.get("lr"), (int, float))]
    named = settings.get("optimizer")
    stated = [part.get("lr") for part in named.values() if isinstance(part, dict)] if isinstance(named, dict) else []
    rates = [rate for rate in (*stated, *seen) if rate is not None]
    return max(rates) if rates else None
