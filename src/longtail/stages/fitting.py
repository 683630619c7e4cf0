"""`fit`: a recipe on a manifest, from prepared images to predictions, metrics and a report, in one run folder."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from longtail.data.images.prepared import default_store
from longtail.data.manifest import Manifest
from longtail.files import make_folder
from longtail.stages.context import Event, Watch
from longtail.stages.folding import TABLE as FOLDS_TABLE
from longtail.stages.folding import fit_folds, fold_manifest, folded, open_folds, write_folds_outcome
from longtail.stages.loading import load_recipe
from longtail.stages.locks import held
from longtail.stages.outcome import write_outcome
from longtail.stages.planning import check_manifest
from longtail.stages.processes import joined, left, meet
from longtail.stages.recipe import Recipe
from longtail.stages.run_folder import open_run
from longtail.stages.runner import Runner
from longtail.stages.store import Store
from longtail.stages.trackers import open_trackers
from longtail.stages.trackers import track as send
from longtail.stages.workbench import Workbench


def fit(
    recipe: Recipe | str | Path,
    manifest: Manifest | str | Path,
    *,
    out: str | Path,
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
    table = manifest if isinstance(manifest, Manifest) else Manifest.load(manifest)
    plan = _for_task(recipe if isinstance(recipe, Recipe) else load_recipe(recipe, overrides, smoke=smoke), table)
    told: dict[str, Any] = {"command": command, "seed": seed, "smoke": smoke}
    try:
        watch = (joined().first and watch) or Watch()
        if count := folds or plan.folds:
            plan = plan.model_copy(update={"folds": count})
            _fit_folds(plan, table, run, count, store, prepared_place(table, run, prepared), track, watch, told)
        else:
            _check(plan, table, watch)
            _fit_run(plan, table, run, store, prepared, track, watch, told)
    finally:
        left()
    return run


def _check(recipe: Recipe, manifest: Manifest, watch: Watch) -> None:
    """Refuse now what would stop a later stage or the predictions, and tell what may not be meant, as `validate`."""
    for warning in check_manifest(recipe, manifest):
        watch.on_note(f"warning: {warning}")


def _fit_run(
    recipe: Recipe,
    manifest: Manifest,
    run: Path,
    store: str | Path | None,
    prepared: str | Path | None,
    track: Sequence[str],
    watch: Watch,
    told: dict[str, Any],
) -> None:
    """One run in its folder, held meanwhile; `told` goes into it: command, seed, smoke."""
    if not joined().first:
        _carry_out(recipe, manifest, run, store, prepared, told["seed"], Watch())
        return
    with held(make_folder(run), "the run"):
        open_run(run, recipe, manifest, **told)
        with tracked(watch, track, run, recipe.recipe) as watch:
            _carry_out(recipe, manifest, run, store, prepared, told["seed"], watch)


def _fit_folds(
    recipe: Recipe,
    manifest: Manifest,
    run: Path,
    folds: int,
    store: str | Path | None,
    prepared: Path,
    track: Sequence[str],
    watch: Watch,
    told: dict[str, Any],
) -> None:
    """Every fold as a run below `run`, then what they say together."""
    table = replace(folded(manifest, folds, told["seed"]), path=run / FOLDS_TABLE)
    first, shared = joined().first, Path(store) if store else run / "store"
    _check(recipe, fold_manifest(table, 0), watch)

    def fit_one(single: Recipe, part: Manifest, folder: Path) -> None:
        watch.on_note(f"fold {folder.name} of {folds}: {len(part.rows_of('val')):,} validation images")
        _fit_run(single, part, folder, shared, prepared, track, watch, told)

    with held(make_folder(run), "the run") if first else nullcontext():
        if first:
            open_folds(run, table, folds, told["seed"])
            open_run(run, recipe, table, **told)
        fit_folds(recipe, table, run, folds, fit_one, first=first)
        if first:
            write_folds_outcome(recipe, table, run, folds, watch)


def _carry_out(
    recipe: Recipe,
    manifest: Manifest,
    run: Path,
    store: str | Path | None,
    prepared: str | Path | None,
    seed: int,
    watch: Watch,
) -> None:
    bench = Workbench(recipe, manifest, prepared_place(manifest, run, prepared), watch.on_prepare, watch.on_note)
    world = joined()
    Runner(recipe, bench, Store(Path(store) if store else run / "store"), run, seed, watch, world=world).stages()
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
