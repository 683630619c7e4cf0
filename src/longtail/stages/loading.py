"""From a file, or the name of a shipped recipe, to a checked `Recipe`: read, rows of a table, overrides, defaults,
schema, graph, components.

A recipe that loads can be carried out: every name in it is known and every setting has the right type.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

from longtail.errors import UserError
from longtail.stages.checking import SeveralError, checked
from longtail.stages.defaults import merge_defaults
from longtail.stages.epochs import epochs_to_fractions, lengths
from longtail.stages.mistakes import RecipeError, in_words
from longtail.stages.overrides import Override, apply_overrides, overrides_from, parse_overrides
from longtail.stages.recipe import Recipe
from longtail.stages.shipped import find_recipe
from longtail.stages.smoke import smoke_overrides
from longtail.stages.table import is_table, row_tree
from longtail.stages.yaml_text import yaml_text
from longtail.stages.yaml_tree import Node, Place, parse_tree, plain, read_tree

_TOLD_MODEL, _TOLD_STAGE = ("backbone", "head", "weights"), ("image_size", "batch_size", "optimizer", "schedule")
KEYWORDS = ("pretrained", "packaged", "none")  # `weights` that are no file


def load_recipe(source: str | Path, overrides: Sequence[str] = (), *, smoke: bool = False, bind: bool = True) -> Recipe:
    """The recipe of a file, of a shipped name, or of a table's row (`TABLE:ROW`), with `key=value` overrides.

    `smoke`: tiny images and a few batches a stage, to see in seconds whether all of it runs. `bind=False` leaves out
    the check of components against their real signatures, which imports torch.
    """
    tree, path = _read(source)
    return recipe_of_tree(tree, f"'{path}'", overrides, smoke=smoke, bind=bind, folder=path.parent)


@contextmanager
def told_by_place(recipe: Recipe | str | Path, overrides: Sequence[str] = (), *, smoke: bool = False) -> Iterator[None]:
    """Mistakes that only a manifest brings to light name file, line and column too, where a file was loaded."""
    try:
        yield
    except RecipeError as error:
        if isinstance(recipe, Recipe):
            raise
        tree, path = _read(recipe)
        raise in_words([error], _whole(tree, f"'{path}'", overrides, smoke)[0], f"'{path}'") from error


def _read(source: str | Path) -> tuple[Node, Path]:
    """The tree of a file, of a shipped recipe, or of a table's row."""
    path, row = find_recipe(str(source))
    tree = read_tree(path)
    if is_table(tree):
        tree = row_tree(tree, row, f"'{path}'")
    elif row is not None:
        raise UserError(f"'{path}' is one recipe, not a table of variants; leave out ':{row}'.")
    return tree, path


def recipe_of_text(
    text: str, overrides: Sequence[str] = (), *, smoke: bool = False, bind: bool = True, source: str = "the recipe"
) -> Recipe:
    """The recipe that YAML text holds, such as the resolved one of a run."""
    return recipe_of_tree(parse_tree(text, source), source, overrides, smoke=smoke, bind=bind)


def recipe_of_tree(
    tree: Node,
    source: str,
    overrides: Sequence[str] = (),
    *,
    smoke: bool = False,
    bind: bool = True,
    folder: Path | None = None,
) -> Recipe:
    """Overrides of defaults, defaults into stages, other overrides, then everything that can be checked."""
    tree, epochs = _whole(tree, source, overrides, smoke)
    if folder is not None:
        _weights_beside(tree, folder)
    return _checked(tree, source, bind, epochs)


def recipe_text(recipe: Recipe, *, full: bool = False) -> str:
    """The recipe as YAML; loading it gives an equal recipe.

    Every stage with what is not as by default, and what one always wants to know; `full`: with everything.
    """
    data = recipe.model_dump(mode="python", by_alias=True, exclude_defaults=not full)
    if not full:
        whole = recipe.model_dump(mode="python", by_alias=True)
        data = _with_told(data, whole)
    return yaml_text({key: value for key, value in data.items() if key != "defaults"})


def _with_told(data: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """The settings that are shown whatever they are, in the order of the schema."""
    model = _told(whole["model"], data.get("model", {}), _TOLD_MODEL)
    stages = {name: _told(stage, data["stages"][name], _TOLD_STAGE) for name, stage in whole["stages"].items()}
    return {key: data.get(key) for key in whole if key in data or key == "model"} | {"model": model, "stages": stages}


def _told(whole: dict[str, Any], said: dict[str, Any], always: Sequence[str]) -> dict[str, Any]:
    return {key: said.get(key, value) for key, value in whole.items() if key in said or key in always}


def _whole(tree: Node, source: str, overrides: Sequence[str], smoke: bool) -> tuple[Node, dict[str, Any]]:
    """The tree with overrides and defaults in it, and each stage's epochs as they are without `smoke`."""
    said = parse_overrides(overrides)
    tree = deepcopy(tree)
    apply_overrides(tree, _of_defaults(said, True))
    merge_defaults(tree)
    whole = deepcopy(tree)
    apply_overrides(whole, _of_defaults(said, False))
    if smoke:
        apply_overrides(tree, [*_smoke(tree, source), *_of_defaults(said, False)])
    return tree if smoke else whole, lengths(whole)


def _checked(tree: Node, source: str, bind: bool, epochs: Mapping[str, Any]) -> Recipe:
    from longtail.stages.graph import check_graph

    try:
        epochs_to_fractions(tree, epochs)
        recipe = checked(Recipe, plain(tree))
        check_graph(recipe)
        if bind:
            from longtail.stages.binding_parts import bind_parts

            bind_parts(recipe)
    except SeveralError as error:
        raise in_words(error.each, tree, source) from error
    except RecipeError as error:
        raise in_words([error], tree, source) from error
    return recipe


def _of_defaults(overrides: Iterable[Override], wanted: bool) -> list[Override]:
    """Those below `defaults`, which must be there before the defaults are merged; or the others."""
    return [pair for pair in overrides if (pair[0].split(".")[0] == "defaults") == wanted]


def _smoke(tree: Node, source: str) -> list[Override]:
    """The usual ones, then the recipe's own."""
    own = tree.value.get("smoke") if isinstance(tree.value, dict) else None
    said = plain(own) if own is not None and isinstance(own.value, dict) else {}
    usual = smoke_overrides(plain(tree))
    return [*overrides_from(usual, Place("--smoke")), *overrides_from(said, own.place if own else Place(source))]


def _weights_beside(tree: Node, folder: Path) -> None:
    """Weights files, of the recipe's model and of stages' own, are named relative to the recipe."""
    stages = _within(tree, "stages")
    for place in (tree, *(stages.value.values() if stages is not None and isinstance(stages.value, dict) else ())):
        weights = _within(_within(place, "model"), "weights")
        if weights is not None:
            _make_whole(weights, folder)


def _within(node: Node | None, key: str) -> Node | None:
    return node.value.get(key) if node is not None and isinstance(node.value, dict) else None


def _make_whole(weights: Node, folder: Path) -> None:
    if isinstance(weights.value, str) and weights.value not in KEYWORDS and weights.value:
        try:
            weights.value = str((folder / Path(weights.value).expanduser()).resolve())
        except (RuntimeError, ValueError, OSError) as error:
            raise UserError(f"{weights.place}: model.weights '{weights.value}' is no path ({error}).") from error
