"""How often 95 % bootstrap intervals hold the truth, on made data whose truth is known.

    python benchmarks/coverage.py [--trials 1000] [--only labels few means] [--out FILE.json] [--quick]

Scores are normal, positives 1 deviation higher: AUROC is Phi(1 / sqrt 2); AP's truth is its value on 4,000,000 rows.
Clustered: patients of 4 images that share their label and half of the score's variance. Each trial is a column, and all
columns of a setting meet the same resamples. Aim: 93 to 97 %.

`few`: labels of exactly so many positives among 400 rows; `means`: the mean AP over labels, some rare. The truth is
what a test set of that size gives on average (over 1,000 further ones; 200 for means), since AP depends on how many
positives there are. Beside the interval of a mean stands the plain percentile one.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from statistics import NormalDist

import numpy as np

from longtail.evaluate import auroc, average_precision, bootstrap
from longtail.files import write_json

SHIFT = 1.0


def made(rng: np.random.Generator, patients: int, images: int, share: float, trials: int) -> tuple[np.ndarray, ...]:
    """States and scores `(patients * images, trials)` and each row's patient."""
    owner = np.repeat(np.arange(patients), images)
    states = (rng.random((patients, trials)) < share)[owner]
    common = rng.standard_normal((patients, trials))[owner]
    own = rng.standard_normal((patients * images, trials))
    noise = np.sqrt(0.5) * (common + own) if images > 1 else own
    return states.astype(np.float32), (noise + SHIFT * states).astype(np.float32), owner


def truth(metric: str, share: float) -> float:
    if metric == "auroc":
        return NormalDist().cdf(SHIFT / 2**0.5)
    states, scores, _ = made(np.random.default_rng(1), 4_000_000, 1, share, 1)
    return float(average_precision(states, scores)[0])


def coverage(metric: str, method: str, patients: int, images: int, share: float, trials: int, resamples: int) -> dict:
    states, scores, owner = made(np.random.default_rng(0), patients, images, share, trials)
    found = bootstrap(states, scores, metric, owner, resamples, method=method)  # type: ignore[arg-type]
    value = truth(metric, share)
    kept = ~np.isnan(found.low)
    inside = (found.low <= value) & (value <= found.high)
    return {
        "metric": metric, "method": method, "patients": patients, "images": patients * images, "positives": share,
        "trials": int(kept.sum()), "inside": round(float(inside[kept].mean()), 4),
        "truth above": round(float((value > found.high)[kept].mean()), 4),
        "truth below": round(float((value < found.low)[kept].mean()), 4),
    }  # fmt: skip


def drawn(rng: np.random.Generator, rows: int, positives: list[int], exact: bool) -> tuple[np.ndarray, np.ndarray]:
    """States and scores `(rows, C)`; labels have so many positives, or as many on average and one at least."""
    states = np.zeros((rows, len(positives)), dtype=np.float32)
    for label, count in enumerate(positives):
        states[rng.choice(rows, count if exact else max(1, rng.poisson(count)), replace=False), label] = 1
    return states, (rng.standard_normal(states.shape) + SHIFT * states).astype(np.float32)


def coverage_of_few(metric: str, positives: int, trials: int, resamples: int) -> dict:
    rng, score = np.random.default_rng(0), {"ap": average_precision, "auroc": auroc}[metric]
    value = float(np.mean(score(*drawn(rng, 400, [positives] * 1000, True))))
    found = bootstrap(*drawn(rng, 400, [positives] * trials, True), metric, None, resamples)  # type: ignore[arg-type]
    inside = (found.low <= value) & (value <= found.high)
    return {"metric": metric, "positives": positives, "trials": trials, "inside": round(float(inside.mean()), 4)}


def coverage_of_mean(rows: int, positives: list[int], method: str, trials: int, resamples: int) -> dict:
    rng = np.random.default_rng(0)
    value = float(np.mean([np.mean(average_precision(*drawn(rng, rows, positives, False))) for _ in range(200)]))
    inside, plain = 0, 0
    for trial in range(trials):
        found = bootstrap(*drawn(rng, rows, positives, False), "ap", None, resamples, trial, method=method)  # type: ignore[arg-type]
        inside += found.mean_low <= value <= found.mean_high
        low, high = np.quantile(found.mean_draws, [0.025, 0.975])
        plain += bool(low <= value <= high)
    return {
        "method": method, "rows": rows, "positives": positives, "trials": trials,
        "inside": round(inside / trials, 4), "plain percentiles": round(plain / trials, 4),
    }  # fmt: skip


def labels(trials: int, resamples: int) -> Iterator[dict]:
    for patients, images, share in ((400, 1, 0.3), (400, 4, 0.3), (1000, 1, 0.05), (400, 4, 0.05)):
        for metric in ("auroc", "ap"):
            for method in ("percentile", "bca"):
                yield coverage(metric, method, patients, images, share, trials, resamples)


def few(trials: int, resamples: int) -> Iterator[dict]:
    for metric in ("auroc", "ap"):
        for positives in (2, 3, 4, 5, 8, 12, 20):
            yield coverage_of_few(metric, positives, trials, resamples)


def means(trials: int, resamples: int) -> Iterator[dict]:
    for rows, positives in (
        (1000, [200] * 7 + [60] * 7 + [4] * 6),
        (600, [120] * 4 + [40] * 4 + [8] * 4),
        (600, [60] * 10),
    ):
        for method in ("percentile", "bca"):
            yield coverage_of_mean(rows, positives, method, trials // 2, max(200, resamples // 4))


PARTS = {"labels": labels, "few": few, "means": means}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "coverage.json")
    parser.add_argument("--quick", action="store_true", help="200 trials of 200 resamples; writes nothing")
    asked = parser.parse_args()
    trials, resamples = (200, 200) if asked.quick else (asked.trials, asked.resamples)
    done = json.loads(asked.out.read_text()) if asked.out.exists() else {}
    for name in asked.only:
        done[name] = []
        for found in PARTS[name](trials, resamples):
            done[name].append(found)
            print(name, found, flush=True)
    if not asked.quick:
        write_json(asked.out, {**done, "benchmark": "coverage", "confidence": 0.95, "resamples": resamples})
        print(f"written to {asked.out}")


if __name__ == "__main__":
    main()
