"""The recipes that come with the package: YAML files in `longtail/recipes`, in folders by paper, known by file name."""

from pathlib import Path

import longtail
from longtail.errors import UserError, listing, nearest

FOLDER = Path(longtail.__file__).parent / "recipes"
_SUFFIXES = (".yaml", ".yml")


def shipped_recipes() -> dict[str, Path]:
    """Each shipped recipe's or table's file by its name."""
    return {path.stem: path for path in sorted(FOLDER.rglob("*.yaml"), key=lambda path: (path.parent, path.stem))}


def group_of(path: Path) -> str:
    """The folder below `recipes` that a shipped file lies in, '' for none."""
    return "" if path.parent == FOLDER else path.parent.relative_to(FOLDER).as_posix()


def find_recipe(text: str) -> tuple[Path, str | None]:
    """The file that `text` names, and the row of a table behind a colon: `FILE`, `NAME`, `FILE:ROW` or `NAME:ROW`."""
    for end in (len(text), *(place for place, letter in enumerate(text) if letter == ":")):
        if (path := _file(text[:end])) is not None:
            return path, text[end + 1 :].strip() or None
    raise _unknown(text)


def _file(text: str) -> Path | None:
    found = shipped_recipes().get(text)
    if found is not None:
        return found
    try:
        return Path(text) if Path(text).is_file() else None
    except (OSError, ValueError):  # too long for a name, or a zero byte in it
        return None


def _unknown(text: str) -> UserError:
    if text.endswith(_SUFFIXES) or "/" in text:
        return UserError(f"there is no recipe file '{text}'; check the path, or see `longtail list recipes`.")
    names = list(shipped_recipes())
    guess = nearest(text.partition(":")[0], names)
    hint = f" Did you mean '{guess}'?" if guess else ""
    return UserError(f"unknown recipe '{text}'.{hint} Valid: a YAML file, or one of {listing(names, 40)}.")
