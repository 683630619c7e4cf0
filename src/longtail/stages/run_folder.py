"""A run's folder: the resolved recipe, on which data and where it runs, and whether it may go on with these."""

import os
import platform
import sys
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml

from longtail.data.manifest import Manifest
from longtail.errors import UserError
from longtail.files import make_folder, read_object, write_json, write_text
from longtail.stages.loading import recipe_text
from longtail.stages.recipe import Recipe

RECIPE, MANIFEST, ENVIRONMENT = "recipe.yaml", "manifest.json", "environment.json"
TABLE = "manifest.csv"  # of a manifest that no file holds
FOLDS, FOLD_FACTS = "folds", "folds.json"  # of a k-fold run: the folder of its folds, and how many there are
_PACKAGES = ("longtail", "torch", "torchvision", "timm", "numpy", "pandas", "scikit-learn", "pillow", "simplejpeg")


def open_run(
    run: Path,
    recipe: Recipe,
    manifest: Manifest,
    *,
    command: str,
    seed: int,
    smoke: bool = False,
    warnings: Sequence[str] = (),
) -> None:
    """Write what a run is about; an existing one goes on only on the same manifest.

    `warnings` are what may be wrong with the data: the report tells them before any number.
    """
    make_folder(run)
    told = fingerprint(manifest)
    _check_same(run, told)
    write_text(run / RECIPE, f"# resolved by: {command}\n{recipe_text(recipe, full=True)}")
    told |= {"path": str(_table(run, manifest, told["hash"]).resolve()), "warnings": list(warnings)}
    write_json(run / MANIFEST, told)
    write_json(run / ENVIRONMENT, {"command": command, "seed": seed, "smoke": smoke, **environment()})


def fingerprint(manifest: Manifest) -> dict[str, Any]:
    """What tells one manifest from another, without any row of it."""
    splits = Counter(manifest.column("split")) if manifest.has("split") else Counter()
    return {
        "path": str(manifest.path.resolve()) if manifest.path else None,
        "rows": len(manifest),
        "task": manifest.task,
        "labels": list(manifest.labels),
        "splits": {name or "(none)": count for name, count in sorted(splits.items())},
        "counts": {
            name: dict(zip(manifest.labels, manifest.counts(manifest.rows_of(name)).tolist(), strict=True))
            for name in sorted(splits)
            if name
        },
        "groups": {role: len(set(manifest.column(role)) - {""}) for role in ("patient", "study") if manifest.has(role)},
        "hash": manifest.digest(),
    }


def environment() -> dict[str, Any]:
    """Versions and the machine, for the report; nothing about the user."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "packages": {name: found for name in _PACKAGES if (found := _version(name))},
        **_device(),
    }


def read_run(run: Path, name: str) -> dict[str, Any]:
    """One of a run's JSON files; the error says that this is no run, or what is wrong with it."""
    path = run / name
    if not path.is_file():
        raise UserError(f"'{run}' is no run: it has no {name}; name the folder that `longtail fit --out` wrote.")
    return read_object(path, "repeat `longtail fit` to write it again")


def fold_runs(run: Path) -> list[Path]:
    """The folds of a k-fold run, each a run of its own, in order; none where the run has no folds."""
    if not (run / FOLD_FACTS).is_file():
        return []
    return [run / FOLDS / str(number) for number in range(int(read_run(run, FOLD_FACTS)["folds"]))]


def require_same_recipe(run: Path, recipe: Recipe) -> None:
    """Refuse a run of a recipe of another name; changed settings of the same one go on in it."""
    try:
        before = yaml.safe_load((run / RECIPE).read_text(encoding="utf-8"))["recipe"]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError):
        return  # no run yet, or one whose recipe is written again
    if before != recipe.recipe:
        raise UserError(
            f"the run '{run}' holds the recipe '{before}', and this one is '{recipe.recipe}'; choose another --out"
            " (with the same --store nothing that is still valid is trained again)."
        )


def _table(run: Path, manifest: Manifest, digest: str) -> Path:
    """A file with the manifest: its own, or where that says something else (changed in Python), one in the run."""
    path = manifest.path
    if path is not None and path.is_file() and Manifest.load(path, check_files=False).digest() == digest:
        return path
    return manifest.save(run / TABLE)


def _check_same(run: Path, told: dict[str, Any]) -> None:
    if not (run / MANIFEST).is_file():
        return
    before = read_run(run, MANIFEST)
    if before.get("hash") != told["hash"]:
        raise UserError(
            f"the run '{run}' was started on a manifest of {before.get('rows', 0):,} rows, and this one"
            f" ({told['rows']:,} rows) has other rows or labels; restore the manifest, or choose another --out"
            " (with the same --store nothing that is still valid is trained again)."
        )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _device() -> dict[str, Any]:
    """The accelerator, if torch was loaded and has one."""
    torch = sys.modules.get("torch")
    if torch is None:
        return {}
    there = torch.cuda.is_available()
    return {"device": torch.cuda.get_device_name() if there else "cpu", "threads": torch.get_num_threads()}
