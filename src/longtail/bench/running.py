"""`bench`: every line of a table with every seed through `fit`, and the table that comes of it.

Seeds come first and lines second, so that a bench that is stopped has whole tables for its first seeds. Finished stages
are shared through one store; called again, the bench goes on where it was and writes its table anew.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from longtail.bench.assembling import assembled
from longtail.bench.counting import counting_for
from longtail.bench.plan import check_paper, chosen_rival, plan_lines
from longtail.bench.result import Result
from longtail.bench.writing import write_result
from longtail.data.manifest import Manifest
from longtail.errors import UserError
from longtail.files import make_folder
from longtail.stages.context import Watch
from longtail.stages.divergence import Diverged
from longtail.stages.fitting import fit, prepared_place


def bench(
    table: str | Path,
    manifest: Manifest | str | Path,
    *,
    out: str | Path,
    seeds: int = 3,
    store: str | Path | None = None,
    prepared: str | Path | None = None,
    rows: Sequence[str] | None = None,
    also: Sequence[str] = (),
    against: str | None = None,
    overrides: Sequence[str] = (),
    smoke: bool = False,
    split: str | None = None,
    major: int = 3,
    minor: int = 3,
    medium: bool = False,
    paper: str | None = None,
    resamples: int | None = None,
    watch: Watch | None = None,
    on_result: Callable[[Result], object] = lambda _: None,
) -> Result:
    """Train `rows` (default: all) of a table of recipes with `seeds` seeds each, and compare them; returns the result.

    `also` are recipes to stand beside the rows, `overrides` change every recipe alike. `split` is what is counted
    (default: test where there is one, else val); `major`, `minor` and `medium` are the classes of the columns; `paper`
    names the data set whose published numbers are printed along. `resamples` of the comparison are 1,000 by default,
    and more where p corrected over many rows needs more. `on_result` gets the table after every run.
    """
    if seeds < 1:
        raise UserError(f"there are {seeds} seeds; train with 1 or more.")
    found, lines = plan_lines(table, rows=rows, also=also, overrides=overrides, smoke=smoke)
    rival = chosen_rival(found, lines, against)
    check_paper(found, lines, paper)
    loaded, watch = _loaded(manifest), watch or Watch()
    counted = _counted_split(loaded, split)
    counting = counting_for(loaded, major=major, minor=minor, medium=medium)
    folder = make_folder(Path(out))
    shared = Path(store) if store else folder / "store"
    pixels = prepared_place(loaded, folder, prepared)
    runs: dict[str, dict[int, Path]] = {line.name: {} for line in lines}
    failed: dict[str, str] = {}

    def result(last: bool) -> Result:
        return assembled(
            found, lines, runs, failed, loaded, counting,
            split=counted, rival=rival, paper=paper, resamples=resamples if last else 0, smoke=smoke,
        )  # fmt: skip

    for seed in range(seeds):
        for line in lines:
            run = folder / "runs" / line.folder / f"seed{seed}"
            watch.on_note(f"{line.name}, seed {seed}: {run}")
            try:
                runs[line.name][seed] = fit(
                    line.recipe, loaded, out=run, store=shared, prepared=pixels, smoke=smoke, seed=seed, watch=watch,
                    command=f"longtail bench {table} (row '{line.name}', seed {seed})",
                )  # fmt: skip
            except Diverged as error:  # one row that comes to nothing is a result too
                failed[line.name] = str(error)
                watch.on_note(f"{line.name}, seed {seed}: {error}")
            on_result(write_result(result(last=False), folder))
    return write_result(result(last=True), folder)


def _loaded(manifest: Manifest | str | Path) -> Manifest:
    return manifest if isinstance(manifest, Manifest) else Manifest.load(manifest)


def _counted_split(manifest: Manifest, asked: str | None) -> str:
    """The split that is counted; it must have images, and others must train."""
    there = set(manifest.column("split")) if manifest.has("split") else set()
    split = asked or ("test" if "test" in there else "val")
    if split not in ("val", "test") or not {"train", split} <= there:
        raise UserError(
            "bench trains on the split 'train' and counts 'test' or 'val', and the manifest has"
            f" {', '.join(sorted(there)) or 'no split'}; make them with `longtail data split`."
        )
    return split
