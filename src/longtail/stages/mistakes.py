"""A mistake in a recipe: where in the recipe, and one sentence; the loader adds file, line and column."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from longtail.errors import UserError
from longtail.stages.yaml_tree import Node, Place, Steps, find


class RecipeError(UserError):
    """A mistake at a place of a recipe; without a file, its dotted path says where."""

    def __init__(self, path: Steps, sentence: str) -> None:
        super().__init__(f"{dotted(path)}: {sentence}" if path else sentence)
        self.path, self.sentence = path, sentence


def dotted(path: Steps) -> str:
    """`("stages", "a", "augment", 2)` as `stages.a.augment.2`."""
    return ".".join(map(str, path))


@contextmanager
def at(*path: str | int) -> Iterator[None]:
    """Whatever is refused inside stands at `path` of the recipe (before a path that the mistake has itself)."""
    try:
        yield
    except RecipeError as error:
        raise RecipeError((*path, *error.path), error.sentence) from error
    except UserError as error:
        raise RecipeError(path, str(error)) from error


def in_words(mistakes: Sequence[RecipeError], tree: Node, source: str) -> UserError:
    """One line for each mistake, in the order of the file."""
    placed = sorted(((_place(tree, mistake, source), mistake) for mistake in mistakes), key=_order)
    once = {
        (str(place), mistake.sentence): mistake for place, mistake in reversed(placed)
    }  # a default is in each stage
    return UserError("\n".join(f"{place}: {mistake}" for (place, _), mistake in reversed(once.items())))


def _place(tree: Node, mistake: RecipeError, source: str) -> Place:
    """Of the key where that is known (the value of a list's element), else of what holds it."""
    node, _ = find(tree, mistake.path)
    return node.key_place or node.place if node is not tree else Place(source)


def _order(pair: tuple[Place, RecipeError]) -> tuple[str, int, int]:
    return pair[0].source, pair[0].line or 0, pair[0].column or 0
