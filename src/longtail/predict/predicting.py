"""`predict`: a run's predictions of a manifest, as its recipe says or otherwise.

Each stage of the ensemble predicts with test-time augmentation; then `combining.py` merges, applies the view rule and
aggregates. Weights are loaded by `longtail.stages.loaded_stage`.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from longtail import __version__
from longtail.data.images.prepared import OnBad
from longtail.data.manifest import Manifest
from longtail.errors import UserError, unknown_name
from longtail.predict.combining import Judges, Plan, combine, is_fitted
from longtail.predict.ensembles.ensembling import ensemble
from longtail.predict.files import read_predictions
from longtail.predict.parts import bound
from longtail.predict.predictions import Predictions
from longtail.predict.stage_predicting import Advance, LoadedModel, predict_stage, usual_device
from longtail.predict.tta.predicting_views import TTAMerge
from longtail.predict.view_rules import VIEW_RULES
from longtail.stages.run_folder import FOLDS, MANIFEST, RECIPE, fold_runs, read_run

Loader = Callable[[Path, str, str], LoadedModel]
NONE = "none"  # switches off what the recipe says


def predict(
    run: str | Path,
    manifest: Manifest,
    *,
    split: str | None = None,
    stages: Sequence[str] | None = None,
    tta: Sequence[Any] | None = None,
    tta_merge: TTAMerge | None = None,
    merge: Any = None,
    views: Any = None,
    study: Any = None,
    keep_images: bool | None = None,
    judge_manifest: Manifest | None = None,
    device: str = "auto",
    precision: str = "auto",
    batch_size: int = 32,
    store: str | Path | None = None,
    on_bad: OnBad = "stop",
    workers: int | None = None,
    load: Loader | None = None,
    advance: Advance = lambda _: None,
) -> Predictions:
    """Predict the images of `manifest` (of one `split`) with a finished run.

    `stages`, `tta`, `tta_merge`, `merge`, `views`, `study` and `keep_images` are the recipe's own where None; "none"
    switches views or study off.
    What must be chosen on validation is the run's decision where it made one, else chosen on the stages' validation
    predictions with the labels of `judge_manifest` (default: the manifest that the run was trained on); it is told in
    `facts["decisions"]`. `precision` is auto (bf16 where the device has it, unless a stage was trained in fp32), fp32,
    bf16 or fp16. A k-fold run predicts with all of its folds and takes the mean.
    """
    run = Path(run)
    if folds := fold_runs(run):
        asked: dict[str, Any] = {"split": split, "stages": stages, "tta": tta, "tta_merge": tta_merge, "merge": merge}
        asked |= {"views": views, "study": study, "keep_images": keep_images, "judge_manifest": judge_manifest}
        asked |= {"device": device, "precision": precision, "batch_size": batch_size, "store": store}
        asked |= {"on_bad": on_bad, "workers": workers}
        each = [predict(fold, manifest, **asked, load=load, advance=advance) for fold in folds]
        return ensemble(each, "mean", names=[f"{FOLDS}/{fold.name}" for fold in folds])
    recipe, device = run_recipe(run), usual_device(device)
    said = recipe.get("predict") or {}
    names = stages_that_predict(recipe, stages or said.get("ensemble"))
    rows = manifest if split is None else manifest.select(manifest.rows_of(split))
    options: dict[str, Any] = {"tta": tta or said.get("tta") or ["identity"], "device": device}
    options |= {"tta_merge": tta_merge or said.get("tta_merge") or "probabilities"}
    options |= {"batch_size": batch_size, "store": store, "on_bad": on_bad, "workers": workers, "advance": advance}
    options |= {"window": _window(recipe)}
    loader = load or partial(import_module("longtail.stages.loaded_stage").load_stage_model, precision=precision)
    members = {name: predict_stage(loader(run, name, device), rows, **options) for name in names}
    plan = plan_of(said, merge=merge, views=views, study=study, keep_images=keep_images)
    judges = run_judges(run, judges_named(plan, names), judge_manifest or manifest)
    done, chosen = combine(members, plan, manifest=rows, judges=judges, decisions=_decisions(run))
    made_by = {"longtail": __version__, "run": run.resolve().name, "stages": names, "split": split}
    return done.with_values(done.values, made_by=made_by, decisions=chosen)


def plan_of(said: Mapping[str, Any], *, merge: Any, views: Any, study: Any, keep_images: bool | None = None) -> Plan:
    """A recipe's `predict` section with what was asked for over it."""
    asked = {"merge": merge, "views": views, "study": study}
    found = {key: said.get(key) if value is None else value for key, value in asked.items()}
    found = {key: None if value == NONE else value for key, value in found.items()}
    kept = bool(said.get("keep_images")) if keep_images is None else keep_images
    return Plan(found["merge"] or "mean", found["views"], found["study"], kept)


def judges_named(plan: Plan, members: Sequence[str]) -> list[str]:
    """The stages whose validation predictions the plan is chosen on: those of a fitted merge, and the view rule's."""
    named = list(members) if len(members) > 1 and is_fitted(plan.merge) else []
    if plan.views is None:
        return named
    judge = bound(VIEW_RULES, plan.views).settings.get("judged_by")
    return [*named, judge] if judge else [*named, *members]


def run_judges(run: Path, stages: Sequence[str], manifest: Manifest) -> Judges:
    """The validation predictions that a run's stages left, those that are there, and the manifest with their labels."""
    files = {name: run / "stages" / name / "predictions.parquet" for name in dict.fromkeys(stages)}
    found = {name: read_predictions(path) for name, path in files.items() if path.is_file()}
    return Judges(found, training_manifest(run, manifest) if found else manifest)


def training_manifest(run: Path, manifest: Manifest | None) -> Manifest:
    """The manifest that a run was trained on: the one given where it is that, else the file, else the one given."""
    told = read_run(run, MANIFEST) if (run / MANIFEST).is_file() else {}
    if manifest is not None and told.get("hash") == manifest.digest():
        return manifest
    path = Path(told["path"]) if told.get("path") else None
    if path is not None and path.is_file():
        return Manifest.load(path, check_files=False)
    if manifest is None:
        raise UserError(f"the manifest that '{run}' was trained on is not at '{path}' any more; name it.")
    return manifest


def run_recipe(run: Path) -> dict[str, Any]:
    """The resolved recipe of a run, as plain values."""
    path = run / RECIPE
    if not path.is_file():
        raise UserError(f"'{run}' is no run: it has no {RECIPE}; name the folder that 'longtail fit --out' wrote.")
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise UserError(f"'{path}' is not readable YAML; repeat 'longtail fit' to write it again.") from error
    if not isinstance(found, dict) or not isinstance(found.get("stages"), dict) or not found["stages"]:
        raise UserError(f"'{path}' has no stages; repeat 'longtail fit' to write it again.")
    return found


def stages_that_predict(recipe: Mapping[str, Any], asked: Sequence[str] | str | None) -> list[str]:
    """The stages that predict: those asked for, else the last one of the recipe that trains."""
    kinds = {name: (stage or {}).get("kind", "train") for name, stage in recipe["stages"].items()}
    trained = [name for name, kind in kinds.items() if kind in ("train", "soup")]
    if not asked:
        if not trained:
            raise UserError("no stage of the recipe trains a classifier, so there is nothing to predict with.")
        return trained[-1:]
    names = [asked] if isinstance(asked, str) else list(dict.fromkeys(asked))
    for name in names:
        if name not in trained:
            raise unknown_name("stage", name, trained, "the run's recipe")
    return names


def _window(recipe: Mapping[str, Any]) -> Any:
    from longtail.data.images.grey_levels import window_of

    return window_of(str((recipe.get("images") or {}).get("window", "file")))


def _decisions(run: Path) -> dict[str, Any]:
    return read_run(run, "decisions.json") if (run / "decisions.json").is_file() else {}
