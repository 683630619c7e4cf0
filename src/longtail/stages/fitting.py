"""`fit`: a recipe on a manifest, from prepared images to predictions, metrics and a report, in one run folder."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from longtail.data.images.prepared import default_store
from longtail.data.manifest import Manifest
from longtail.errors import UserError
from longtail.files import make_folder
from longtail.stages.context import Event, Watch
from longtail.stages.loading import load_recipe
from longtail.stages.locks import held
from longtail.stages.outcome import write_outcome
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
    command: str = "longtail.fit",
    track: Sequence[str] = (),
    watch: Watch | None = None,
) -> Path:
    """Train every stage of `recipe` that is not finished yet, predict, evaluate, report; returns the run's folder.

    Called again on the same run it goes on where it was. `store` keeps finished stages for other runs (default: in the
    run); `prepared` is where prepared images lie (default: beside the manifest); `track` names trackers. Under
    `torchrun` every process calls it, and the first one writes.
    """
    run, watch, world = Path(out), watch or Watch(), joined()
    table = manifest if isinstance(manifest, Manifest) else Manifest.load(manifest)
    plan = _for_task(recipe if isinstance(recipe, Recipe) else load_recipe(recipe, overrides, smoke=smoke), table)
    try:
        if world.first:
            with held(make_folder(run), "the run"):
                open_run(run, plan, table, command=command, seed=seed, smoke=smoke)
                with tracked(watch, track, run, plan.recipe) as watch:
                    _carry_out(plan, table, run, store, prepared, seed, watch)
        else:
            _carry_out(plan, table, run, store, prepared, seed, Watch())
    finally:
        left()
    return run


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
    if recipe.task not in (None, manifest.task):
        raise UserError(
            f"recipe '{recipe.recipe}' is for a {recipe.task} task and the manifest is {manifest.task}; choose another"
            " recipe (`longtail list recipes`), or say in the manifest's YAML which columns are labels."
        )
    return recipe.model_copy(update={"task": manifest.task})
