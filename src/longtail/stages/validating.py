"""`validate`: everything that can be known of a recipe before training, alone or on a manifest."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from longtail.data.manifest import Manifest
from longtail.stages.estimates import Estimate, Known, estimate, prepared_bytes
from longtail.stages.loading import load_recipe, told_by_place
from longtail.stages.planning import StagePlan, check_manifest, check_weights, load_for, plan, recipe_warnings
from longtail.stages.recipe import Recipe
from longtail.stages.trying_models import check_models

_USUAL_CLASSES = 10  # where no manifest says how many; it hardly matters for memory


@dataclass(frozen=True)
class Validation:
    """A recipe that can be carried out: its plan and what it takes; `warnings` run, but may not be what was meant."""

    recipe: Recipe
    plans: list[StagePlan]
    estimates: dict[str, Estimate]
    prepared: dict[int, int]  # bytes of prepared images by size
    warnings: list[str]
    labels: tuple[str, ...] = ()  # as the manifest was read

    @property
    def disk(self) -> int:
        """Bytes of prepared images, finished stages and checkpoints together."""
        return sum(self.prepared.values()) + sum(each.disk for each in self.estimates.values())


def validate(
    recipe: Recipe | str | Path,
    manifest: Manifest | str | Path | None = None,
    *,
    overrides: Sequence[str] = (),
    smoke: bool = False,
    seed: int = 0,
) -> Validation:
    """Raise the first thing that would stop `fit`; else what it is going to do."""
    made = recipe if isinstance(recipe, Recipe) else load_recipe(recipe, overrides, smoke=smoke)
    check_weights(made)
    table = load_for(made, manifest) if isinstance(manifest, (str, Path)) else manifest
    with told_by_place(recipe, overrides, smoke=smoke):
        check_models(made, classes=_USUAL_CLASSES if table is None else len(table.labels))
        warnings = recipe_warnings(made) if table is None else check_manifest(made, table)
        plans = plan(made, table, seed=seed)
    channels = _channels(made, table)
    known: Known = {}
    found = {
        each.name: estimate(made, each.name, classes=each.classes or _USUAL_CLASSES, channels=channels, known=known)
        for each in plans
    }
    estimates = {name: each for name, each in found.items() if each is not None}
    prepared = {} if table is None else prepared_bytes(made, table, channels)
    return Validation(made, plans, estimates, prepared, warnings, () if table is None else table.labels)


def _channels(recipe: Recipe, manifest: Manifest | None) -> int:
    """As the recipe says, else as the images are."""
    if recipe.model.channels != "auto":
        return recipe.model.channels
    if manifest is None:
        return 3
    from longtail.data.images.colour import usual_channels

    return usual_channels(manifest.image_paths)
