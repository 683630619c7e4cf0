"""What a run is for: predictions of its validation and test rows, decisions, metrics, and the report."""

import shutil
from pathlib import Path
from typing import Any

from longtail.data.manifest import Manifest
from longtail.evaluate import evaluate
from longtail.files import write_json
from longtail.predict.decisions import Decisions, decide, read_decisions, write_decisions
from longtail.predict.files import write_predictions
from longtail.predict.predicting import predict
from longtail.predict.predictions import Predictions
from longtail.report.heat_source import write_heatmaps
from longtail.report.run_report import report
from longtail.stages.component import NamedPart
from longtail.stages.context import Watch
from longtail.stages.graph import predicting
from longtail.stages.loaded_stage import load_held_out, load_stage_model
from longtail.stages.looking import Looks
from longtail.stages.recipe import Predict, Recipe
from longtail.stages.rows import TEST, VALIDATION
from longtail.stages.run_folder import ENVIRONMENT, read_run
from longtail.stages.store import read_facts

DECISIONS, METRICS, HEAT_MAPS = "decisions.json", "metrics.json", "heatmaps"


def write_outcome(recipe: Recipe, manifest: Manifest, run: Path, prepared: Path, watch: Watch) -> None:
    """Predict, decide on validation, evaluate and report; not again while the stages and how they predict stay."""
    stages = {name: read_facts(run / "stages" / name)["identity"] for name in recipe.stages}
    made_of = {"stages": stages, "predict": recipe.predict.model_dump(mode="json")}
    splits = [split for split in (VALIDATION, TEST) if split in set(manifest.column("split"))]
    if not splits or not any(stage.predicts for stage in recipe.stages.values()) or is_done(run, made_of, splits):
        return
    (run / DECISIONS).unlink(missing_ok=True)  # of earlier stages
    for split in splits:
        watch.on_note(f"predicting {split}")
        load = load_held_out if split == VALIDATION else None
        predictions = predict(run, manifest, split=split, store=prepared, on_bad=recipe.images.on_bad, load=load)
        if split == VALIDATION:
            decide_on(recipe.predict, predictions, manifest, run, VALIDATION)
        write_predictions(decisions_of(run).calibrated(predictions), run / "predictions" / f"{split}.parquet")
    metrics = {split: metrics_of(run, split, manifest, split) for split in splits}
    write_report(recipe, manifest, run)
    write_json(run / METRICS, {**made_of, **metrics})


def write_report(recipe: Recipe, manifest: Manifest, run: Path, split: str | None = None) -> None:
    """The run's report, with where the (first) network that predicts looked in the images of mistakes."""
    looks = Looks(load_stage_model(run, predicting(recipe)[0]), manifest)
    report(run, split=split, resamples=resamples_of(run), heatmaps=looks)
    shutil.rmtree(run / HEAT_MAPS, ignore_errors=True)  # of earlier weights
    if looks.maps:
        write_heatmaps(looks.maps, run / HEAT_MAPS)


def resamples_of(run: Path) -> int:
    """Bootstrap resamples for the run's intervals; a smoke run's mean nothing, and are few."""
    return 50 if read_run(run, ENVIRONMENT)["smoke"] else 1000


def is_done(run: Path, made_of: dict[str, Any], splits: list[str]) -> bool:
    """Whether metrics are there, of these very stages and this way of predicting; they are written last."""
    if not (run / METRICS).is_file():
        return False
    told = read_run(run, METRICS)
    return all(told.get(key) == value for key, value in made_of.items()) and all(split in told for split in splits)


def decide_on(plan: Predict, predictions: Predictions, manifest: Manifest, run: Path, split: str) -> None:
    """Thresholds and calibration from the rows of `split`, with what else was chosen there, in one file."""
    rule, calibration = plan.thresholds or NamedPart("f1"), plan.calibration
    partial = not set(predictions.keys) >= set(manifest.table["image"][manifest.rows_of(split)])
    made = decide(
        predictions,
        manifest,
        rule=rule.name,
        calibration=calibration.name if calibration else None,
        split=split,
        partial=partial,
        **rule.settings,
    )
    write_decisions(made, run / DECISIONS)
    write_json(run / DECISIONS, {**read_run(run, DECISIONS), **predictions.facts.get("decisions", {})})


def decisions_of(run: Path) -> Decisions:
    """The run's decisions; none where there are no validation rows."""
    path = run / DECISIONS
    return read_decisions(path) if path.is_file() else Decisions({}, None, {}, {})


def metrics_of(run: Path, name: str, manifest: Manifest, split: str) -> dict[str, Any]:
    """The metrics of the run's predictions file `name`, which is of the rows of `split`."""
    thresholds = decisions_of(run).thresholds or None
    path = run / "predictions" / f"{name}.parquet"
    found = evaluate(path, manifest, split=split, thresholds=thresholds, resamples=resamples_of(run), partial=True)
    return found.to_json()
