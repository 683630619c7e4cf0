"""What `longtail compare` is given in words: `P`, `NAME=P` or `NAME=P,P,P`, and at the end the manifest."""

from collections.abc import Sequence
from pathlib import Path

from longtail.errors import UserError


def entries_of(words: Sequence[str]) -> tuple[dict[str, list[Path]], Path]:
    """Files by name (seeds of one recipe together), and the manifest; unnamed files go by what tells them apart."""
    if len(words) < 3:
        raise UserError("give two or more predictions and then the manifest: longtail compare P1 P2 MANIFEST.")
    *given, manifest = words
    plain = [Path(word) for word in given if not _named(word)]
    short = _short_names(plain)
    entries: dict[str, list[Path]] = {}
    for word in given:
        name, files = _parsed(word) if _named(word) else (short[Path(word)], [Path(word)])
        if name in entries:
            raise UserError(f"two entries are called '{name}'; name them apart: A={','.join(map(str, files))} B=...")
        entries[name] = files
    return entries, Path(manifest)


def _named(word: str) -> bool:
    return "=" in word and not Path(word).exists()


def _parsed(word: str) -> tuple[str, list[Path]]:
    name, _, files = word.partition("=")
    paths = [Path(file) for file in files.split(",") if file]
    if not name or not paths:
        raise UserError(f"'{word}' is not NAME=FILE or NAME=FILE,FILE,...; write for example new=run/test.parquet.")
    return name, paths


def _short_names(paths: Sequence[Path]) -> dict[Path, str]:
    """File names without suffix; with as many folders as it takes to tell them apart."""
    for depth in range(1, 8):
        names = {path: "/".join([*path.parts[-depth:-1], path.stem]) for path in paths}
        if len(set(names.values())) == len(set(paths)):
            return names
    return {path: str(path) for path in paths}
