"""k-fold runs: every row of train and val is predicted by the one model that has not seen it.

    <run>/folds.csv         the manifest with a column `fold`; folds.json says how many, and by what groups
          folds/<i>/        fold i as a run of its own: its rows are `val`, the other folds' are `train`
          predictions/      out_of_fold.parquet: each fold's own validation rows; test.parquet: the mean over folds
          decisions.json, metrics.json, report.html    of the out-of-fold predictions

All folds share the store and the prepared images. Thresholds and calibration are chosen once, on all out-of-fold rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from longtail.data.division.splits import kfold
from longtail.data.grouping import grouping_column
from longtail.data.manifest import Manifest
from longtail.errors import UserError
from longtail.files import make_folder, write_json
from longtail.predict.ensembles.ensembling import ensemble
from longtail.predict.files import read_predictions, write_predictions
from longtail.predict.predictions import Predictions
from longtail.report.run_report import report
from longtail.stages.context import Watch
from longtail.stages.outcome import DECISIONS, METRICS, decide_on, decisions_of, is_done, metrics_of, resamples_of
from longtail.stages.recipe import Recipe
from longtail.stages.rows import TEST, VALIDATION
from longtail.stages.run_folder import FOLD_FACTS, FOLDS, MANIFEST, fold_runs, read_run
from longtail.stages.store import read_facts

TABLE = "folds.csv"
OUT_OF_FOLD = "out_of_fold"
_FOLDED = ("train", VALIDATION)  # rows of other splits are in no fold
FitOne = Callable[[Recipe, Manifest, Path], None]


def folded(manifest: Manifest, folds: int, seed: int = 0) -> Manifest:
    """The manifest with a column `fold` (its own, if it has one) and the folds' rows in the split `train`.

    Whole patients (lesions, studies) go into a fold, and every fold has its share of each label. With splits, the rows
    of train and val are folded; without, all are.
    """
    splits = manifest.column("split") if manifest.has("split") else np.full(len(manifest), "train", dtype=object)
    free = np.isin(splits, _FOLDED)
    if not free.any():
        raise UserError(
            f"{manifest.path or 'the manifest'} has no rows in the split 'train' or 'val', so none to make folds of."
        )
    made = manifest if manifest.has("fold") else kfold(manifest, folds, seed=seed, keep=sorted(set(splits[~free])))
    column = np.where(free, made.column("fold"), "")
    _check_folds(column[free], folds, manifest)
    return made.with_column("fold", column).with_column("split", np.where(column != "", "train", splits))


def fold_manifest(manifest: Manifest, number: int) -> Manifest:
    """A folded manifest whose fold `number` is the split `val`."""
    mine = manifest.column("fold") == str(number)
    return manifest.with_column("split", np.where(mine, VALIDATION, manifest.column("split")))


def open_folds(run: Path, manifest: Manifest, folds: int, seed: int) -> None:
    """Write `folds.csv` and `folds.json`; a run goes on only with as many folds as it began with."""
    told = {"folds": folds, "seed": seed, "by": grouping_column(manifest)}
    if (run / FOLD_FACTS).is_file():
        before = read_run(run, FOLD_FACTS)
        if before.get("folds") != folds:
            raise UserError(
                f"the run '{run}' has {before.get('folds')} folds and {folds} were asked for; ask for"
                f" {before.get('folds')}, or choose another --out."
            )
        if before != told:
            raise UserError(f"the run '{run}' was folded with seed {before.get('seed')}; go on with that --seed.")
    elif (run / MANIFEST).is_file():
        raise UserError(f"the run '{run}' was started without folds; choose another --out for one with folds.")
    manifest.save(make_folder(run) / TABLE)
    write_json(run / FOLD_FACTS, told)


def fit_folds(recipe: Recipe, manifest: Manifest, run: Path, folds: int, fit_one: FitOne, *, first: bool) -> None:
    """Fit every fold of the `folded` manifest, in its own run folder; only the `first` process writes.

    Folds leave probabilities uncalibrated: that is chosen on all of them together.
    """
    single = recipe.model_copy(
        update={"folds": None, "predict": recipe.predict.model_copy(update={"calibration": None})}
    )
    for number in range(folds):
        folder = run / FOLDS / str(number)
        made = replace(fold_manifest(manifest, number), path=folder / "manifest.csv")
        if first:
            made.save(make_folder(folder) / "manifest.csv")
        fit_one(single, made, folder)


def write_folds_outcome(recipe: Recipe, manifest: Manifest, run: Path, folds: int, watch: Watch) -> None:
    """Join, decide, evaluate and report; not again while the folds' stages and how they predict stay."""
    places = fold_runs(run)
    stages = {f"{place.name}/{name}": _identity(place, name) for place in places for name in recipe.stages}
    made_of = {"stages": stages, "predict": recipe.predict.model_dump(mode="json")}
    splits = [OUT_OF_FOLD, *([TEST] if TEST in set(manifest.column("split")) else [])]
    if is_done(run, made_of, splits) or not _predicted(places[0], VALIDATION).is_file():
        return
    watch.on_note(f"joining the predictions of {folds} folds")
    whole = _merged(places, VALIDATION, "join")
    (run / DECISIONS).unlink(missing_ok=True)  # of earlier stages
    decide_on(recipe.predict, whole, manifest, run, "train")
    _write(run, OUT_OF_FOLD, whole)
    found = {OUT_OF_FOLD: metrics_of(run, OUT_OF_FOLD, manifest, "train")}
    if TEST in splits:
        _write(run, TEST, _merged(places, TEST, "mean"))
        found[TEST] = metrics_of(run, TEST, manifest, TEST)
    report(run, split=OUT_OF_FOLD, resamples=resamples_of(run))
    write_json(run / METRICS, {"folds": folds, **made_of, **found})


def _identity(fold: Path, stage: str) -> str:
    return str(read_facts(fold / "stages" / stage)["identity"])


def _predicted(fold: Path, split: str) -> Path:
    return fold / "predictions" / f"{split}.parquet"


def _merged(places: Sequence[Path], split: str, merge: str) -> Predictions:
    """The folds' predictions of a split, joined or their mean."""
    members = [read_predictions(_predicted(place, split)) for place in places]
    done = ensemble(members, merge, names=[f"{FOLDS}/{place.name}" for place in places])
    made_by: dict[str, Any] = {**members[0].facts.get("made_by", {}), "run": places[0].parents[1].resolve().name}
    return done.with_values(done.values, made_by={**made_by, "folds": len(places)})


def _write(run: Path, name: str, predictions: Predictions) -> None:
    write_predictions(decisions_of(run).calibrated(predictions), run / "predictions" / f"{name}.parquet")


def _check_folds(column: Any, folds: int, manifest: Manifest) -> None:
    """Whether the rows to fold have the folds 0 to `folds` - 1, all of them."""
    there = set(column) - {""}
    if there != {str(number) for number in range(folds)}:
        raise UserError(
            f"{manifest.path or 'the manifest'} has its own column 'fold', with {len(there)} folds"
            f" ({', '.join(sorted(there)[:6])}), and {folds} were asked for, 0 to {folds - 1}; ask for as many as there"
            " are, or take the column out."
        )
