"""Every shipped recipe, and rows of every shipped table, through `longtail.fit` with `smoke`: does it run at all?

Run: python .ci/smoke_recipes.py FOLDER [ROWS]. ROWS of each table, from its first to its last (default: all). On made
radiographs, of many labels or of one class per image as the recipe asks; rows share finished stages as a user's runs
would. Prints seconds by recipe; any error ends it.
"""

import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import torch

from longtail import Manifest, fit, load_recipe
from longtail.data import phantoms, single, split
from longtail.stages.shipped import shipped_recipes
from longtail.stages.table import is_table, read_table, row_names
from longtail.stages.yaml_tree import read_tree


def main(folder: Path, rows: int | None = None) -> None:
    """Draw, then fit each, two at once on a thread each: so small, they gain little by a second thread."""
    made = phantoms(folder / "data", patients=80, size=64, seed=0)
    split(made, "60/20/20", seed=0).save(folder / "multilabel.csv")
    split(single(made), "60/20/20", seed=0).save(folder / "singlelabel.csv")
    with ProcessPoolExecutor(2, get_context("spawn"), torch.set_num_threads, (1,)) as pool:
        for told in pool.map(partial(smoke, folder), recipe_names(rows)):
            print(told, flush=True)


def recipe_names(most: int | None) -> list[str]:
    """Recipes, and tables' rows as `TABLE:ROW`."""
    found = []
    for name, path in shipped_recipes().items():
        tree = read_tree(path)
        rows = row_names(read_table(tree, str(path))) if is_table(tree) else None
        found += [name] if rows is None else [f"{name}:{row}" for row in spread(rows, most)]
    return found


def spread(rows: list[str], most: int | None) -> list[str]:
    """So many of the rows, from the first to the last."""
    if most is None or most >= len(rows):
        return rows
    return [rows[round(i * (len(rows) - 1) / max(most - 1, 1))] for i in range(most)]


def smoke(folder: Path, name: str) -> str:
    """One recipe, from nothing to its report."""
    start = time.perf_counter()
    task = load_recipe(name, bind=False).task
    manifest = Manifest.load(folder / f"{task or 'multilabel'}.csv")
    run = folder / "runs" / name.replace("/", "-")
    fit(name, manifest, out=run, smoke=True, store=folder / "store", prepared=folder / "prepared")
    for file in ("recipe.yaml", "metrics.json", "report.html", "predictions/test.parquet"):
        if not (run / file).stat().st_size:
            raise RuntimeError(f"{name}: {file} is empty")
    return f"{time.perf_counter() - start:6.1f} s  {name}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
