"""Reading a label map and asking it what a source's label is called in its vocabulary."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from longtail.errors import UserError, listing, nearest, unknown_name

_FOLDER = Path(__file__).parent
_KEYS = ("vocabulary", "maps")


@dataclass(frozen=True)
class LabelMap:
    """A vocabulary, and for each source its names -> a name of the vocabulary, or None (left out).

    Names are compared without case, and `_` counts as a space. A source's name that is in the vocabulary means that
    unless its map says otherwise.
    """

    name: str
    vocabulary: tuple[str, ...]
    maps: dict[str, dict[str, str | None]]
    _same: dict[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_same", {_plain(word): word for word in self.vocabulary})

    def renaming(self, source: str, labels: Sequence[str]) -> dict[str, str | None]:
        """The new name of each of a source's labels: None where it is left out; one that the map lacks is absent.

        A source without a map is fine if the vocabulary has all its labels; else the error lists the maps.
        """
        own = {_plain(name): target for name, target in self.maps.get(source, {}).items()}
        known = {**self._same, **own}
        lacking = [label for label in labels if _plain(label) not in known]
        if lacking and source not in self.maps:
            guess = nearest(source, self.maps)
            hint = f" Did you mean '{guess}'?" if guess else ""
            raise UserError(
                f"the label map '{self.name}' has no map for the source '{source}', whose label {listing(lacking, 3)}"
                f" is not in its vocabulary.{hint} It has maps for {listing(sorted(self.maps), 30)}; name the source"
                f" with --source, or add 'maps: {{{source}: {{...}}}}' to a copy of the file."
            )
        return {label: known[_plain(label)] for label in labels if _plain(label) in known}


def shipped_label_maps() -> list[str]:
    """Names of the label maps that come with the package."""
    return sorted(path.stem for path in _FOLDER.glob("*.yaml"))


def load_label_map(name_or_path: str | Path) -> LabelMap:
    """A shipped label map by its name (`chest`), or one's own by its path (`my_map.yaml`)."""
    text = str(name_or_path)
    if text in shipped_label_maps():
        path = _FOLDER / f"{text}.yaml"
    elif text.endswith((".yaml", ".yml")) or Path(text).is_file():
        path = Path(text)
    else:
        raise UserError(f"{unknown_name('label map', text, shipped_label_maps())} Or give the path of a .yaml file.")
    if not path.is_file():
        raise UserError(f"there is no label map '{path}'; check the path, or use a shipped one: {_shipped()}.")
    return _checked(_read(path), text, path)


def _shipped() -> str:
    return listing(shipped_label_maps())


class _OnceLoader(yaml.SafeLoader):
    """YAML that refuses a key written twice, where YAML itself would silently keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value]
        if twice := sorted({key for key in keys if keys.count(key) > 1 and key != "<<"}):
            raise yaml.constructor.ConstructorError(None, None, f"'{twice[0]}' is written twice", node.start_mark)
        return super().construct_mapping(node, deep=deep)


def _read(path: Path) -> Any:
    try:
        return yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_OnceLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        at = f" at line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None)
        why = f": {problem}" if problem else ""
        raise UserError(f"'{path}' is not a readable label map{at}{why}; write 'vocabulary:' and 'maps:'.") from error


def _checked(said: Any, name: str, path: Path) -> LabelMap:
    if not isinstance(said, dict) or not all(key in said for key in _KEYS):
        raise UserError(f"the label map '{path}' needs 'vocabulary: [...]' and 'maps: {{source: {{name: word}}}}'.")
    if strangers := [str(key) for key in said if key not in _KEYS]:
        raise unknown_name("key", strangers[0], _KEYS, f"'{path}'")
    words = said["vocabulary"]
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        raise UserError(f"'vocabulary' in '{path}' must be a list of names (quote one that YAML takes for a number).")
    plain = [_plain(word) for word in words]
    if twice := sorted({word for word in words if plain.count(_plain(word)) > 1}):
        raise UserError(f"'vocabulary' in '{path}' holds {listing(twice)} more than once (case and '_' do not count).")
    if not isinstance(said["maps"], dict):
        raise UserError(
            f"'maps' in '{path}' must hold a map for each source, as 'nih: {{Effusion: Pleural Effusion}}'."
        )
    maps = {str(source): _checked_map(str(source), entries, words, path) for source, entries in said["maps"].items()}
    return LabelMap(name, tuple(words), maps)


def _checked_map(source: str, entries: Any, words: list[str], path: Path) -> dict[str, str | None]:
    if entries is None:
        return {}  # `nih: {}` and `nih:` both mean that the vocabulary's own names do
    if not isinstance(entries, dict):
        raise UserError(f"the map of '{source}' in '{path}' must be 'name: word' lines.")
    for name, target in entries.items():
        if not isinstance(name, str) or not (target is None or isinstance(target, str)):
            raise UserError(f"the map of '{source}' in '{path}' holds '{name}: {target}'; quote both as text.")
        if target is not None and target not in words:
            raise unknown_name("word", target, words, f"the map of '{source}' in '{path}'")
    plain = [_plain(name) for name in entries]
    if twice := [name for name in entries if plain.count(_plain(name)) > 1]:
        raise UserError(f"the map of '{source}' in '{path}' holds {listing(twice)}, which are one name here; keep one.")
    return dict(entries)


def _plain(name: str) -> str:
    """A name without its spelling: `Pleural_Thickening` is `pleural thickening`."""
    return " ".join(name.replace("_", " ").casefold().split())
