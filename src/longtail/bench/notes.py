"""What stands below a table: what was counted, which classes its columns are, which are missing, and what p needs."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from longtail.bench.counting import Counting
from longtail.data.manifest import Manifest
from longtail.errors import listing

_SHOWN = 8  # names of a group in one sentence


def note(
    manifest: Manifest,
    counting: Counting,
    split: str,
    seeds: Sequence[int],
    lacking: Sequence[int],
    few: str = "",
    *,
    smoke: bool = False,
) -> str:
    """What the numbers are of, in a few sentences; `seeds` are the counts of the lines, `lacking` classes unscored."""
    what = "mean class recall" if counting.metric == "recall" else "mean average precision"
    counts = " to ".join(str(count) for count in sorted({*seeds[:1], *seeds[-1:]})) or "0"
    parts = [
        f"{what} in percent on {len(manifest.rows_of(split)):,} images of {split}, mean and standard deviation over"
        f" {counts} seed(s)",
        _groups(manifest, counting),
        _missing(manifest, counting, split, lacking),
        few,
        "a smoke run: the numbers mean nothing" if smoke else "",
    ]
    return ". ".join(part[0].upper() + part[1:] for part in parts if part) + "."


def over(counting: Counting, lacking: Sequence[int]) -> dict[str, int]:
    """How many classes each column is a mean over."""
    return {name: int((~np.isin(places, lacking)).sum()) for name, places in counting.columns.items()}


def unscored(scores: Mapping[str, Mapping[int, npt.NDArray[np.float64]]]) -> list[int]:
    """Classes without a score in some run: those that the counted images lack."""
    rows = [found for seeds in scores.values() for found in seeds.values()]
    return np.flatnonzero(np.isnan(rows).any(axis=0)).tolist() if rows else []


def too_few(resamples: int, needed: int, comparisons: int) -> str:
    """That p cannot fall low enough, where that is so."""
    if resamples >= needed:
        return ""
    return (
        f"{resamples:,} resamples are few for p corrected over {comparisons} rows; ask for {needed:,} or more"
        f" (--resamples {needed})"
    )


def _groups(manifest: Manifest, counting: Counting) -> str:
    """The classes of each group with their training images."""
    counts = manifest.counts(manifest.rows_of("train"))
    told = [
        f"{name}: {listing([f'{manifest.labels[i]} ({counts[i]:,.0f})' for i in places], _SHOWN)}"
        for name, places in counting.columns.items()
        if name != "All"
    ]
    return f"{'; '.join(told)} (training images)" if told else ""


def _missing(manifest: Manifest, counting: Counting, split: str, lacking: Sequence[int]) -> str:
    """The columns that are means over fewer classes than they name, and which those are."""
    found = over(counting, lacking)
    short = [
        f"{name} ({found[name]} of {len(places)} {'classes' if counting.metric == 'recall' else 'labels'})"
        for name, places in counting.columns.items()
        if found[name] < len(places)
    ]
    names = listing([manifest.labels[i] for i in lacking], _SHOWN)
    return f"means leave out {names}, which {split} cannot score: {', '.join(short)}" if short else ""
