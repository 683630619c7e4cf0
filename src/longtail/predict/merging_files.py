"""`predict` on files alone: merge, view rule and studies of predictions that are there, without any model or torch."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from longtail.data.manifest import Manifest
from longtail.errors import UserError
from longtail.predict.combining import Judges, Plan, combine, is_fitted
from longtail.predict.ensembles import ENSEMBLES
from longtail.predict.ensembles.diversity import Diversity, diversity
from longtail.predict.ensembles.members import judge_of
from longtail.predict.files import read_predictions
from longtail.predict.parts import bound
from longtail.predict.predictions import Predictions


class FromFiles(NamedTuple):
    """The merged predictions, what was chosen on validation, and (with judges) what each member adds."""

    predictions: Predictions
    decisions: dict[str, Any]
    diversity: Diversity | None


def predict_from_files(
    paths: Sequence[str | Path],
    *,
    merge: Any = "mean",
    views: Any = None,
    study: Any = None,
    keep_images: bool = False,
    manifest: Manifest | None = None,
    judges: Sequence[str | Path] = (),
    judge_manifest: Manifest | None = None,
) -> FromFiles:
    """Merge prediction files, then apply a view rule and a study rule.

    `manifest` gives studies and views. `judges` are validation predictions for what is chosen there: one for each file,
    in their order, for a fitted merge and the report on members; for a view rule alone one is enough. Their labels are
    in `judge_manifest` (default: `manifest`).
    """
    members = _named([read_predictions(path) for path in paths], "predictions")
    truth = judge_manifest or manifest
    judged = [read_predictions(path) for path in judges]
    paired = len(judged) == len(members)
    if judged and not paired and (len(judged) > 1 or (is_fitted(merge) and len(members) > 1)):
        raise UserError(f"{len(judged)} judges for {len(members)} files; give a --judge for each file, in their order.")
    by_name = dict(zip(members, judged, strict=True)) if paired else _named(judged, "judges")
    plan = Plan(merge, _told_judge(views, by_name), study, keep_images)
    done, decisions = combine(members, plan, manifest=manifest, judges=Judges(by_name, truth))
    found = _diversity(by_name, merge, truth) if paired and len(members) > 1 and merge != "join" else None
    return FromFiles(done, decisions, found)


def _named(files: Sequence[Predictions], what: str) -> dict[str, Predictions]:
    """By the files' names, which are told from each other by their folders where they must be."""
    if not files and what == "predictions":
        raise UserError("there are no predictions to merge; name one file or more.")
    short = [file.path.stem if file.path else str(i) for i, file in enumerate(files)]
    long = [str(file.path) for file in files]
    names = short if len(set(short)) == len(short) else long
    if len(set(names)) < len(names):
        raise UserError(f"'{next(n for n in names if names.count(n) > 1)}' is named twice; name each file once.")
    return dict(zip(names, files, strict=True))


def _told_judge(views: Any, judges: dict[str, Predictions]) -> Any:
    """A view rule that names no judge takes the first one."""
    if views is None or not judges:
        return views
    from longtail.predict.view_rules import VIEW_RULES

    part = bound(VIEW_RULES, views)
    return {part.name: {"judged_by": next(iter(judges)), **part.settings}}


def _diversity(judges: dict[str, Predictions], merge: Any, manifest: Manifest | None) -> Diversity | None:
    if manifest is None:
        return None
    files = list(judges.values())
    labels = [name for name in files[0].labels if name in manifest.labels]
    return diversity(list(judges), judge_of(files, manifest, labels), bound(ENSEMBLES, merge))
