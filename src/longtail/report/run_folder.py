"""A run folder as plain values. What a run has not (yet) is empty: a report on half a run is a report all the same."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import yaml

from longtail.errors import UserError
from longtail.files import read_object

_SIGNS = ("recipe.yaml", "manifest.json", "stages", "predictions")
_FIRST = ("test", "val", "train")  # the split that says most about a model first


@dataclass(frozen=True)
class StageFacts:
    """A stage: what `stage.json` says, the lines of its log, its embeddings in two dimensions."""

    name: str
    facts: dict[str, Any]
    log: list[dict[str, Any]]
    embeddings: pd.DataFrame | None  # image, x, y, label


@dataclass(frozen=True)
class RunFolder:
    """A run: its folder, what its JSON and YAML files say, its stages in the recipe's order."""

    path: Path
    name: str
    recipe: dict[str, Any]
    manifest: dict[str, Any]
    environment: dict[str, Any]
    decisions: dict[str, Any]
    stages: tuple[StageFacts, ...]

    def predictions(self, split: str | None = None) -> Path | None:
        """The file of a split's predictions; by default test, else val, else whatever there is, else the last stage's.

        A stated split without a file is an error that names those there are.
        """
        found = {path.stem: path for path in sorted((self.path / "predictions").glob("*.parquet"))}
        found |= {path.stem: path for path in sorted((self.path / "predictions").glob("*.csv"))}
        if split is not None and split not in found:
            raise UserError(
                f"the run '{self.path}' has no predictions of the split '{split}'; it has"
                f" {', '.join(found) or 'none'}: predict them first, or name another --split."
            )
        if split is not None:
            return found[split]
        own = [self.path / "stages" / stage.name / "predictions.parquet" for stage in reversed(self.stages)]
        named = [found[name] for name in (*_FIRST, *found) if name in found]
        return next((path for path in [*named, *own] if path.exists()), None)


def read_run(path: str | Path) -> RunFolder:
    """Read a run folder; an error when nothing in it is of a run."""
    folder = Path(path)
    if not any((folder / sign).exists() for sign in _SIGNS):
        wrong = "is not a folder" if not folder.is_dir() else f"holds none of {', '.join(_SIGNS)}"
        raise UserError(f"'{folder}' is no run: it {wrong}; name the --out folder of 'longtail fit'.")
    recipe = _yaml(folder / "recipe.yaml")
    named = list(recipe["stages"]) if isinstance(recipe.get("stages"), dict) else []
    there = sorted(one.name for one in (folder / "stages").iterdir()) if (folder / "stages").is_dir() else []
    names = [str(name) for name in named] + [name for name in there if name not in named]
    return RunFolder(
        path=folder,
        name=folder.resolve().name,
        recipe=recipe,
        manifest=read_json(folder / "manifest.json"),
        environment=read_json(folder / "environment.json"),
        decisions=read_json(folder / "decisions.json"),
        stages=tuple(_stage(folder / "stages" / name) for name in names if (folder / "stages" / name).is_dir()),
    )


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object; empty where there is no file."""
    if not path.exists():
        return {}
    return read_object(path, "repeat 'longtail fit' to write it again")


def _yaml(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"'{path}' is not readable YAML; repeat 'longtail fit' to write it again.") from error
    return found if isinstance(found, dict) else {}


def _stage(folder: Path) -> StageFacts:
    return StageFacts(folder.name, read_json(folder / "stage.json"), _log(folder / "log.jsonl"), _embeddings(folder))


def _log(path: Path) -> list[dict[str, Any]]:
    """The log's lines; one that was cut short, as a killed process leaves it, is passed over."""
    lines = []
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []:
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict):
            lines.append(line)
    return lines


def _embeddings(folder: Path) -> pd.DataFrame | None:
    path = folder / "embeddings.parquet"
    if not path.exists():
        return None
    try:
        table = pd.read_parquet(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise UserError(f"'{path}' is no Parquet file, or is damaged; write it again or remove it.") from error
    if missing := [name for name in ("x", "y", "label") if name not in table]:
        raise UserError(f"'{path}' has no column '{missing[0]}'; embeddings have the columns image, x, y and label.")
    return table
