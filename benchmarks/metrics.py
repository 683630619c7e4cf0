"""AP, AUROC and the bootstrap of mAP beside scikit-learn, at the size of a chest X-ray training set.

    python benchmarks/metrics.py [--rounds 5] [--out FILE.json] [--quick]

Scores and targets of 377,000 images and 40 labels, one in seven down to one in two thousand positive, float32, one
thread. scikit-learn and ours run in turn within each round, in reverse order every second round; times are processor
time, which other processes disturb less; a ratio is the median of the rounds' ratios, with its lowest and highest.

The bootstrap: scikit-learn draws rows, copies them and scores every label; each round times one such resample, and ours
as a share of 96, without the set-up, which is timed by itself. The seconds of 1,000 resamples are these times 1,000
(ours: plus the set-up): extrapolated, not run. Both score the very same first resample; the largest gap is told.
"""

import argparse
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import sklearn
from sklearn.metrics import average_precision_score, roc_auc_score

from longtail.evaluate import auroc, average_precision, bootstrap
from longtail.evaluate.resampling import resample_counts
from longtail.files import write_json

Score = Callable[[np.ndarray, np.ndarray], float]
BATCH = 96  # resamples of ours timed at once


def made(rows: int, labels: int) -> tuple[np.ndarray, np.ndarray]:
    """Targets and probabilities `(rows, labels)`; positives score higher, and almost no two scores are equal."""
    rng = np.random.default_rng(0)
    target = (rng.random((rows, labels)) < np.geomspace(1 / 7, 1 / 2000, labels)).astype(np.float32)
    logits = rng.standard_normal((rows, labels)) * 1.5 + target * 1.5 - 2
    return target, (1 / (1 + np.exp(-logits))).astype(np.float32)


def loop(score_of: Score, target: np.ndarray, score: np.ndarray) -> np.ndarray:
    return np.array([score_of(target[:, c], score[:, c]) for c in range(target.shape[1])])


def resampled(target: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Our first resample, made of copied rows and scored by scikit-learn."""
    rows = np.repeat(np.arange(len(target)), next(resample_counts(len(target), 1, 0)))
    return loop(average_precision_score, target[rows], score[rows])


def timed(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Seconds of processor time of each call in each round, all in turn."""
    found: dict[str, list[float]] = {name: [] for name in calls}
    for i in range(-1, rounds):  # one round to warm up
        for name in list(calls)[:: 1 if i % 2 else -1]:
            start = time.process_time()
            calls[name]()
            if i >= 0:
                found[name].append(time.process_time() - start)
    return found


def middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def beside(slow: list[float], fast: list[float], difference: float) -> dict[str, float]:
    ratios = [a / b for a, b in zip(slow, fast, strict=True)]
    return {
        "scikit-learn": round(middle(slow), 4),
        "longtail": round(middle(fast), 4),
        "times": round(middle(ratios), 1),
        "lowest": round(min(ratios), 1),
        "highest": round(max(ratios), 1),
        "largest difference": difference,
    }


def results(target: np.ndarray, score: np.ndarray, rounds: int) -> dict[str, dict[str, float]]:
    found = timed(
        {
            "sklearn ap": lambda: loop(average_precision_score, target, score),
            "our ap": lambda: average_precision(target, score),
            "sklearn auroc": lambda: loop(roc_auc_score, target, score),
            "our auroc": lambda: auroc(target, score),
            "sklearn resample": lambda: resampled(target, score),
            "set-up": lambda: bootstrap(target, score, resamples=1),
            "our resamples": lambda: bootstrap(target, score, resamples=1 + BATCH),
        },
        rounds,
    )
    both = zip(found["our resamples"], found["set-up"], strict=True)
    each = [(many - one) / BATCH for many, one in both]
    first = bootstrap(target, score, resamples=1).draws[0]
    gaps = (
        float(np.abs(average_precision(target, score) - loop(average_precision_score, target, score)).max()),
        float(np.abs(auroc(target, score) - loop(roc_auc_score, target, score)).max()),
        float(np.abs(first - resampled(target, score)).max()),
    )
    whole = [s + 1000 * e for s, e in zip(found["set-up"], each, strict=True)]
    return {
        "AP": beside(found["sklearn ap"], found["our ap"], gaps[0]),
        "AUROC": beside(found["sklearn auroc"], found["our auroc"], gaps[1]),
        "bootstrap of mAP, 1,000": beside([1000 * s for s in found["sklearn resample"]], whole, gaps[2])
        | {"set-up": round(middle(found["set-up"]), 2)},
    }


def show(table: dict[str, dict[str, float]]) -> None:
    print(f"{'seconds':26} {'scikit-learn':>12} {'longtail':>9} {'times':>6} {'':>16} largest difference")
    for name, facts in table.items():
        spread = f"[{facts['lowest']}..{facts['highest']}]"
        times = f"{facts['scikit-learn']:12.3f} {facts['longtail']:9.3f} {facts['times']:6.1f} {spread:>16}"
        print(f"{name:26} {times} {facts['largest difference']:.1e}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "metrics.json")
    parser.add_argument("--quick", action="store_true", help="a twentieth of the rows, two rounds; writes nothing")
    asked = parser.parse_args()
    rows, labels = (19_000 if asked.quick else 377_000), 40
    table = results(*made(rows, labels), rounds=2 if asked.quick else asked.rounds)
    show(table)
    if not asked.quick:
        where = {"machine": platform.machine(), "cores": os.cpu_count(), "numpy": np.__version__}
        where |= {"scikit-learn": sklearn.__version__, "others' load": round(os.getloadavg()[0] - 1, 1)}
        size = {"rows": rows, "labels": labels, "rounds": asked.rounds}
        write_json(asked.out, {"benchmark": "metrics", "size": size, "results": table, "where": where})
        print(f"written to {asked.out}")


if __name__ == "__main__":
    main()
