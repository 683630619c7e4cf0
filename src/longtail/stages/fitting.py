"""`fit`: a recipe on a manifest, from prepared images to predictions, metrics and a report, in one run folder."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from longtail.data.images.prepared import default_store
from longtail.data.manifest import Manifest
from longtail.files import make_folder
from longtail.running.log import Event
from longtail.running.processes import joined, meet, together
from longtail.stages.context import Watch
from longtail.stages.folding import TABLE as FOLDS_TABLE
from longtail.stages.folding import fit_folds, fold_manifest, folded, open_folds, write_folds_outcome
from longtail.stages.loading import load_recipe, told_by_place
from longtail.stages.locks import held
from longtail.stages.outcome import write_outcome
from longtail.stages.planning import check_manifest, check_weights, impersonal, load_for
from longtail.stages.recipe import Recipe
from longtail.stages.run_folder import open_run, require_same_recipe
from longtail.stages.runner import Runner
from longtail.stages.store import Store
from longtail.stages.trackers import TRACKERS, open_trackers
from longtail.stages.trackers import track as send
from longtail.stages.trying_models import check_models
from longtail.stages.workbench import Workbench


def fit(
    recipe: Recipe | str | Path,
    manifest: Manifest | str | Path,
    *,
    out: str | Path = "run",
    overrides: Sequence[str] = (),
    store: str | Path | None = None,
    prepared: str | Path | None = None,
    smoke: bool = False,
    seed: int = 0,
    folds: int | None = None,
    command: str = "longtail.fit",
    track: Sequence[str] = (),
    watch: Watch | None = None,
) -> Path:
    """Train every stage of `recipe` that is not finished yet, predict, evaluate, report; returns the run's folder.

    Called again on the same run it goes on where it was. `store` keeps finished stages for other runs (default: in the
    run); `prepared` is where prepared images lie (default: beside the manifest); `track` names trackers. Under
    `torchrun` every process calls it, and the first one writes. `folds` (default: the recipe's) trains every fold of
    the rows in train and val; see `folding.py` for what the run then holds.
    """
    run = Path(out)
    plan = recipe if isinstance(recipe, Recipe) else load_recipe(recipe, overrides, smoke=smoke)
    table = manifest if isinstance(manifest, Manifest) else load_for(plan, manifest)
    plan = _for_task(plan, table)
    require_same_recipe(run, plan)
    for name in track:
        TRACKERS.find(name)
    place, shared = prepared_place(table, run, prepared), Path(store) if store else run / "store"
    with told_by_place(recipe, overrides, smoke=smoke), together() as world:
        watch = (world.first and watch) or Watch()
        asked = _Asked(shared, place, track, watch, {"command": command, "seed": seed, "smoke": smoke})
        if count := folds or plan.folds:
            plan = plan.model_copy(update={"folds": count})
            _fit_folds(plan, table, run, count, asked)
        else:
            _fit_run(plan, table, run, _check(plan, table, asked))
    return run


@dataclass(frozen=True)
class _Asked:
    """What a fit was asked for beside recipe, manifest and run; what is `told` goes into the run: command, seed, ..."""

    store: Path
    prepared: Path
    track: Sequence[str]
    watch: Watch
    told: dict[str, Any]


def _check(recipe: Recipe, manifest: Manifest, asked: _Asked) -> _Asked:
    """Refuse now what would stop a later stage or the predictions, and tell what may not be meant, as `validate`.

    The warnings go into the run too.
    """
    check_weights(recipe)
    check_models(recipe, classes=len(manifest.labels))
    warnings = check_manifest(recipe, manifest)
    for warning in warnings:
        asked.watch.on_note(f"warning: {warning}")
    return replace(asked, told={**asked.told, "warnings": impersonal(warnings, manifest)})


def _fit_run(recipe: Recipe, manifest: Manifest, run: Path, asked: _Asked) -> None:
    """One run in its folder, held meanwhile."""
    if not joined().first:
        _carry_out(recipe, manifest, run, asked, Watch())
        return
    with held(make_folder(run), "the run"):
        open_run(run, recipe, manifest, **asked.told)
        with tracked(asked.watch, asked.track, run, recipe.recipe) as watch:
            _carry_out(recipe, manifest, run, asked, watch)


def _fit_folds(recipe: Recipe, manifest: Manifest, run: Path, folds: int, asked: _Asked) -> None:
    """Every fold as a run below `run`, with one store for all; then what they say together."""
    first, watch, seed = joined().first, asked.watch, asked.told["seed"]
    table = replace(folded(manifest, folds, seed), path=run / FOLDS_TABLE)
    asked = _check(recipe, fold_manifest(table, 0), asked)

    def fit_one(single: Recipe, part: Manifest, folder: Path) -> None:
        watch.on_note(f"fold {folder.name} of {folds}: {len(part.rows_of('val')):,} validation images")
        _fit_run(single, part, folder, asked)

    with held(make_folder(run), "the run") if first else nullcontext():
        if first:
            open_folds(run, table, folds, seed)
            open_run(run, recipe, table, **asked.told)
        fit_folds(recipe, table, run, folds, fit_one, first=first)
        if first:
            write_folds_outcome(recipe, table, run, folds, watch)


def _carry_out(recipe: Recipe, manifest: Manifest, run: Path, asked: _Asked, watch: Watch) -> None:
    bench = Workbench(recipe, manifest, asked.prepared, watch.on_prepare, watch.on_note)
    world, seed = joined(), asked.told["seed"]
    Runner(recipe, bench, Store(asked.store), run, seed, watch, world=world).stages()
    meet(world)
    if world.first:
        write_outcome(recipe, manifest, run, bench.prepared_store, watch)


@contextmanager
def tracked(watch: Watch, names: Sequence[str], run: Path, recipe: str) -> Iterator[Watch]:
    """`watch` with the trackers called `names` looking on too."""
    trackers = open_trackers(names, run, recipe)

    def on_event(stage: str, event: Event) -> None:
        watch.on_event(stage, event)
        send(trackers, stage, event)

    try:
        yield replace(watch, on_event=on_event)
    finally:
        for tracker in trackers:
            tracker.close()


def prepared_place(manifest: Manifest, run: Path, asked: str | Path | None) -> Path:
    """Where prepared images go: as asked, else beside the manifest (for all its runs), else in the run."""
    if asked is not None:
        return Path(asked)
    beside = default_store(manifest.path) if manifest.path else None
    if beside is not None and os.access(beside if beside.is_dir() else beside.parent, os.W_OK):
        return beside
    return run / "prepared"


def _for_task(recipe: Recipe, manifest: Manifest) -> Recipe:
    """The recipe with the manifest's task, where it leaves that open."""
    return recipe.model_copy(update={"task": recipe.task or manifest.task})
