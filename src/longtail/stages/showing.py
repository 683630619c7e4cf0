"""`show`: a recipe as it would run, with all settings resolved, and what each of its stages would do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from longtail.data.manifest import Manifest
from longtail.errors import UserError
from longtail.files import write_text
from longtail.stages.drawing import graph_lines, recipe_svg
from longtail.stages.fitting import prepared_place
from longtail.stages.loading import load_recipe, recipe_text
from longtail.stages.planning import StagePlan, plan
from longtail.stages.recipe import Recipe
from longtail.stages.reusing import finished_stages


@dataclass(frozen=True)
class Shown:
    """A checked recipe, its YAML with everything resolved, its graph as lines, and each stage's plan."""

    recipe: Recipe
    text: str
    graph: list[str]
    plans: list[StagePlan]


def show(
    recipe: str | Path,
    overrides: Sequence[str] = (),
    *,
    manifest: Manifest | str | Path | None = None,
    svg: str | Path | None = None,
    full: bool = False,
    smoke: bool = False,
    seed: int = 0,
    store: str | Path | None = None,
    prepared: str | Path | None = None,
) -> Shown:
    """What `fit` would do with a recipe; nothing is trained.

    With a `manifest` the plans count images and steps; with a `store` as well they know which stages are finished.
    `full` writes every setting, `svg` names a file for the graph; the rest is as for `fit`.
    """
    made = load_recipe(recipe, overrides, smoke=smoke)
    table = Manifest.load(manifest, check_files=False) if isinstance(manifest, (str, Path)) else manifest
    plans = plan(made, table, seed=seed, reused=_finished(made, table, store, prepared, seed))
    if svg is not None:
        write_text(Path(svg), recipe_svg(made))
    return Shown(made, recipe_text(made, full=full), list(graph_lines(made, plans)), list(plans))


def _finished(
    recipe: Recipe, manifest: Manifest | None, store: str | Path | None, prepared: str | Path | None, seed: int
) -> Callable[[str], bool] | None:
    """Whether a stage is finished in `store`; None where no store is asked for."""
    if store is None:
        return None
    if manifest is None:
        raise UserError("--store needs --manifest: which stages are finished depends on the images, too.")
    folder = Path(store) / "store" if (Path(store) / "store").is_dir() else Path(store)
    place = prepared_place(manifest, folder.parent, prepared)
    return finished_stages(recipe, manifest, store=folder, prepared=place, seed=seed).__contains__
