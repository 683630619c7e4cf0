"""How even splits are, and how fast: `split` and `kfold` beside random groups and scikit-learn's GroupKFold.

    python benchmarks/splits.py [--rows 265000] [--patients 65000] [--labels 26] [--seeds 3] [--out FILE.json]

The set is made up in the size of CXR-LT: labels from 35 % to 0.03 % of the images, patients of 1 to some hundred
images, labels that cluster in patients. "Rare" are the ten rarest labels. Deviation of a label: the largest distance,
over the parts, of its share in a part from the part's share of all images, relative to the latter (0 is perfect, 1 is
absent).

Then small sets, where single patients weigh: 30 to 600 patients with 19 labels of 35 % to 0.5 %, each made and divided
ten times, without and with the polish that follows stratification. Misfit is what the polish lowers.
"""

import argparse
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import GroupKFold

from longtail.data.division.balance import largest_deviation, split_report
from longtail.data.division.polish import misfit, polished
from longtail.data.division.presence import present_everywhere
from longtail.data.division.splits import kfold, random_group_parts, split
from longtail.data.division.stratify import assign, group_codes, label_counts
from longtail.data.manifest import Manifest, from_states
from longtail.files import write_json

FOLDS = 5
RARE = 10
SMALL = (30, 60, 200, 600)
SMALL_SEEDS = 10


def made(rows: int, patients: int, labels: int, seed: int = 0, rarest: float = 0.0003) -> Manifest:
    """A manifest of random labels; some patients are prone to a label, and some come far more often than others."""
    rng = np.random.default_rng(seed)
    weight = rng.lognormal(0, 1, patients)
    of = np.sort(np.r_[np.arange(patients), rng.choice(patients, rows - patients, p=weight / weight.sum())])
    prone = rng.gamma(0.4, 2.5, (patients, labels)).astype(np.float32)
    likely = np.minimum(np.geomspace(0.35, rarest, labels) * prone[of], 0.95)
    table = pd.DataFrame({"image": [f"{i}.jpg" for i in range(rows)], "patient": of + 10_000_000})
    return from_states(table, [f"L{i:02d}" for i in range(labels)], rng.random((rows, labels)) < likely, Path())


def random_groups(manifest: Manifest, shares: list[float], names: list[str], seed: int) -> Manifest:
    parts = random_group_parts(manifest.column("patient"), shares, seed=seed)
    return manifest.with_column("part", np.array(names, dtype=object)[parts])


def group_k_fold(manifest: Manifest, seed: int) -> Manifest:
    groups = manifest.column("patient").astype(np.int64)
    values = np.empty(len(manifest), dtype=object)
    folds = GroupKFold(FOLDS, shuffle=True, random_state=seed) if seed else GroupKFold(FOLDS)
    for fold, (_, rows) in enumerate(folds.split(groups, groups=groups)):
        values[rows] = str(fold)
    return manifest.with_column("part", values)


def measured(way: Callable[[int], Manifest], column: str, seeds: int) -> dict[str, float]:
    """Seconds (the median) and deviations (mean over seeds; the largest for `rare max`) of one way to split."""
    seconds, found = [], []
    for seed in range(seeds):
        start = time.perf_counter()
        done = way(seed)
        seconds.append(time.perf_counter() - start)
        found.append(_quality(split_report(done, column)))
    table = np.array(found)
    names = ("rows", "all mean", "rare mean", "rare max", "absent")
    values = [*table[:, :3].mean(axis=0), table[:, 3].max(), table[:, 4].sum()]
    return {"seconds": float(np.median(seconds)), **dict(zip(names, map(float, values), strict=True))}


def _quality(report: pd.DataFrame) -> list[float]:
    """The largest part's share of all rows, deviations (all mean, rare mean, rare max), pairs that are absent."""
    parts = [name for name in report.columns if f"{name} share" in report.columns]
    labels = report.iloc[1:].sort_values("images")
    rare = labels["deviation"].head(RARE)
    counts: npt.NDArray[np.int64] = labels.loc[labels["images"] > 0, parts].to_numpy()
    rows = report.loc[0, parts].to_numpy(dtype=float)
    return [rows.max() / rows.sum(), labels["deviation"].mean(), rare.mean(), rare.max(), int((counts == 0).sum())]


def small_sets(shares: list[float]) -> dict[str, dict[str, dict[str, float]]]:
    """Patients -> "stratified" and "polished" -> means over seeds of what `_small_quality` names, and seconds."""
    results = {}
    for patients in SMALL:
        found = [_small(patients, shares, seed) for seed in range(SMALL_SEEDS)]
        means = {way: pd.DataFrame([one[way] for one in found]).mean() for way in ("stratified", "polished")}
        results[str(patients)] = {way: {str(k): float(v) for k, v in row.items()} for way, row in means.items()}
    return results


def _small(patients: int, shares: list[float], seed: int) -> dict[str, dict[str, float]]:
    manifest = made(round(3.7 * patients), patients, 19, seed, rarest=0.005)
    codes, sizes = group_codes(manifest.column("patient"))
    counts = label_counts(manifest.one_hot, codes, patients)
    rng = np.random.default_rng(seed)
    start = time.perf_counter()
    order, luck = rng.permutation(patients), rng.random((patients, len(shares)))
    plain = present_everywhere(counts > 0, sizes, assign(counts, sizes, shares, order, luck), len(shares), rng)
    middle = time.perf_counter()
    after = polished(counts, sizes, plain, shares, rng)
    seconds = {"stratified": middle - start, "polished": time.perf_counter() - start}
    return {
        way: {"seconds": seconds[way], **_small_quality(counts, sizes, parts, shares)}
        for way, parts in (("stratified", plain), ("polished", after))
    }


def _small_quality(
    counts: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64], parts: npt.NDArray[np.int64], shares: list[float]
) -> dict[str, float]:
    """`rows`: the largest relative distance of a part's size from the wanted one; `all mean`, `common mean`: that of
    labels' shares (from the wanted share, not from the part's real size, which is itself off here); misfit."""
    table = np.column_stack([sizes, counts[:, counts.any(axis=0)]])
    held = np.stack([table[parts == part].sum(axis=0) for part in range(len(shares))], axis=1)
    off = np.abs(held / (held.sum(axis=1, keepdims=True) * np.array(shares)) - 1).max(axis=1)
    deviation = off[1:]
    common = held[1:].sum(axis=1) >= np.median(held[1:].sum(axis=1))
    return {
        "rows": float(off[0]),
        "all mean": float(deviation.mean()),
        "common mean": float(deviation[common].mean()),
        "all mean, by real part sizes": float(largest_deviation(held)[1:].mean()),
        "absent": float((held == 0).sum()),
        "misfit": misfit(counts, sizes, parts, shares),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    for name, default in (("rows", 265_000), ("patients", 65_000), ("labels", 26), ("seeds", 3)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "splits.json")
    asked = parser.parse_args()
    manifest = made(asked.rows, asked.patients, asked.labels)
    manifest.one_hot  # noqa: B018  (cached: not part of what is timed)
    three, five = ["train", "val", "test"], [str(i) for i in range(FOLDS)]
    ways: dict[str, tuple[Callable[[int], Manifest], str]] = {
        "70/10/20: longtail": (lambda seed: split(manifest, "70/10/20", seed=seed), "split"),
        "70/10/20: random groups": (lambda seed: random_groups(manifest, [0.7, 0.1, 0.2], three, seed), "part"),
        "5 folds: longtail": (lambda seed: kfold(manifest, FOLDS, seed=seed), "fold"),
        "5 folds: random groups": (lambda seed: random_groups(manifest, [0.2] * FOLDS, five, seed), "part"),
        "5 folds: GroupKFold": (lambda seed: group_k_fold(manifest, seed), "part"),
    }
    results = {name: measured(way, column, asked.seeds) for name, (way, column) in ways.items()}
    show(manifest, results)
    small = {"70/10/20": small_sets([0.7, 0.1, 0.2]), "5 folds": small_sets([1 / FOLDS] * FOLDS)}
    show_small(small)
    about: dict[str, Any] = {k: v for k, v in vars(asked).items() if k != "out"}
    about |= {
        "rarest label": int(manifest.counts().min()),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }
    write_json(asked.out, {"benchmark": "splits", "set": about, "results": results, "small sets": small})
    print(f"written to {asked.out}")


def show(manifest: Manifest, results: dict[str, dict[str, float]]) -> None:
    counts = manifest.counts()
    print(f"{len(manifest):,} rows, {len(counts)} labels of {counts.max():,} to {counts.min():,} images; one core")
    columns = ["seconds", "largest part", "deviation: all", "rare, mean", "rare, max", "absent (label, part)"]
    print(f"{'':26}" + "".join(f"{name:>22}" for name in columns))
    for name, row in results.items():
        cells = [f"{row['seconds']:.2f}", f"{row['rows']:.4f}"]
        cells += [f"{row[key]:.2%}" for key in ("all mean", "rare mean", "rare max")]
        print(f"{name:26}" + "".join(f"{cell:>22}" for cell in [*cells, f"{row['absent']:.0f}"]))


def show_small(small: dict[str, dict[str, dict[str, dict[str, float]]]]) -> None:
    print(f"\nsmall sets, means over {SMALL_SEEDS} seeds: stratified -> polished")
    columns = ["part sizes off by", "labels off by: all", "common", "absent (label, part)", "misfit", "seconds"]
    print(f"{'':26}" + "".join(f"{name:>22}" for name in columns))
    for ratios, sets in small.items():
        for patients, ways in sets.items():
            one, two = ways["stratified"], ways["polished"]
            cells = [f"{one[key]:.1%} -> {two[key]:.1%}" for key in ("rows", "all mean", "common mean")]
            cells += [f"{one[key]:.2f} -> {two[key]:.2f}" for key in ("absent", "misfit", "seconds")]
            print(f"{f'{ratios}, {patients} patients':26}" + "".join(f"{cell:>22}" for cell in cells))


if __name__ == "__main__":
    main()
