"""From finished runs to the result: scores by seed, cells, published numbers, and the comparison with one line."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from longtail.bench.counting import Counting, column_scores, label_scores
from longtail.bench.notes import note, over, too_few, unscored
from longtail.bench.plan import Line
from longtail.bench.result import Against, Result, ResultLine, cells_of, placed
from longtail.data.manifest import Manifest
from longtail.evaluate.comparison import compare
from longtail.evaluate.multiple import holm, needed_resamples, usual_resamples
from longtail.stages.recipe import Recipe
from longtail.stages.store import read_facts
from longtail.stages.table import RecipeTable

Runs = Mapping[str, Mapping[int, Path]]  # finished runs by line and seed
_CONFIDENCE = 0.95


def assembled(
    table: RecipeTable,
    lines: Sequence[Line],
    runs: Runs,
    failed: Mapping[str, str],
    manifest: Manifest,
    counting: Counting,
    *,
    split: str,
    rival: str | None = None,
    paper: str | None = None,
    resamples: int | None = None,
    smoke: bool = False,
) -> Result:
    """The table of the runs that there are, compared with `rival`.

    `resamples` 0 leaves the comparison out; None takes the usual number, or more where p corrected over lines needs it.
    """
    files = {
        name: {seed: run / "predictions" / f"{split}.parquet" for seed, run in runs[name].items()} for name in runs
    }
    shown = [line for line in lines if files[line.name] or line.name in failed]
    labels = {
        line.name: {seed: label_scores(counting, path, manifest) for seed, path in files[line.name].items()}
        for line in shown
    }
    seeds = {
        name: {seed: column_scores(counting, scores) for seed, scores in found.items()}
        for name, found in labels.items()
    }
    columns = list(counting.columns)
    cells = placed([cells_of(seeds[line.name], columns) for line in shown])
    compared = [name for name, paths in files.items() if paths and name != rival]
    needed = needed_resamples(len(compared), _CONFIDENCE)
    drawn = usual_resamples(len(compared), _CONFIDENCE) if resamples is None else resamples
    apart = _differences(files, rival, manifest, counting, split, drawn)
    few = too_few(drawn, needed, len(compared)) if apart else ""
    counts, lacking = sorted(len(paths) for paths in files.values() if paths), unscored(labels)
    return Result(
        title=table.table,
        note=note(manifest, counting, split, counts, lacking, few, smoke=smoke),
        columns=columns,
        labels=list(manifest.labels),
        lines=[
            ResultLine(
                name=line.name,
                group=line.group,
                cells=own,
                seeds=seeds[line.name],
                labels={seed: scores.tolist() for seed, scores in labels[line.name].items()},
                paper=_published(line, paper),
                against=apart.get(line.name),
                failed=failed.get(line.name),
            )
            for line, own in zip(shown, cells, strict=True)
        ],
        rival=rival if apart else None,
        over=over(counting, lacking) if any(labels.values()) else {},
        facts={
            "about": table.about,
            "metric": counting.metric,
            "split": split,
            "paper": paper,
            "classes": {name: [manifest.labels[i] for i in places] for name, places in counting.columns.items()},
            "train_counts": manifest.counts(manifest.rows_of("train")).tolist(),
            "manifest": manifest.digest(),
            "resamples": drawn if apart else None,
            "smoke": smoke,
            "stages": {line.name: _stages(line.recipe, runs[line.name]) for line in shown},
        },
    )


def _differences(
    files: Mapping[str, Mapping[int, Path]],
    rival: str | None,
    manifest: Manifest,
    counting: Counting,
    split: str,
    resamples: int,
) -> dict[str, Against]:
    """Each line less `rival`, on the same resamples; lines with fewer seeds than it are means over those they have."""
    entries = {name: list(paths.values()) for name, paths in files.items() if paths}
    if rival is None or rival not in entries or len(entries) < 2 or not resamples:
        return {}
    ordered = {rival: entries[rival], **entries}
    done = compare(ordered, manifest, metric=counting.metric, split=split, resamples=resamples)
    pairs = [pair for pair in done.pairs if pair.first == rival]
    corrected = holm([pair.mean.p for pair in pairs])
    return {
        pair.second: Against(pair.mean.number.value, pair.mean.number.low, pair.mean.number.high, pair.mean.p, float(p))
        for pair, p in zip(pairs, corrected, strict=True)
    }


def _published(line: Line, asked: str | None) -> float | None:
    """The published number of the first column as a fraction: of a data set, or of a column of its own table."""
    found = line.paper.get(asked) if asked else None
    value = found[0] if isinstance(found, list) and found else found
    if not isinstance(value, (int, float)):
        return None
    return float(value) / 100 if value > 1 else float(value)


def _stages(recipe: Recipe, runs: Mapping[int, Path]) -> dict[str, dict[str, Any]]:
    """Identity and seconds of each stage, by seed: equal identities were trained once."""
    return {
        str(seed): {
            name: {key: facts[key] for key in ("identity", "seconds")}
            for name, facts in ((name, read_facts(run / "stages" / name)) for name in recipe.stages)
        }
        for seed, run in runs.items()
    }
