"""Which stages `fit` would find finished in a store; nothing is prepared or trained to tell."""

from pathlib import Path

from longtail.data.manifest import Manifest
from longtail.stages.graph import order_of, parents_of
from longtail.stages.recipe import Recipe
from longtail.stages.runner import Runner
from longtail.stages.store import Store
from longtail.stages.workbench import Workbench


def finished_stages(
    recipe: Recipe, manifest: Manifest, *, store: str | Path, prepared: str | Path, seed: int = 0
) -> set[str]:
    """The names of the stages that `store` has finished, as they would be on this manifest with this seed.

    A stage whose images are not prepared yet cannot be finished: its identity counts their pixels.
    """
    recipe = recipe.model_copy(update={"task": manifest.task})
    bench, home = Workbench(recipe, manifest, Path(prepared)), Store(Path(store))
    runner = Runner(recipe, bench, home, home.folder, seed)
    known: set[str] = set()
    for name in order_of(recipe):
        if known.issuperset(parents_of(recipe, name)) and bench.is_ready(recipe.stages[name].image_size):
            known.add(name)
    return {name for name in known if home.finished(runner.identity(name))}
