"""How long an audit takes: load, validate and inspect 400,000 rows x 40 labels; the page; the search for duplicates.

    python benchmarks/inspection.py [--rows N] [--labels C]

Prints a table and writes `benchmarks/results/inspection.json`. The table is made up in a temporary folder.
(The file is not called inspect.py: beside other scripts, that would hide Python's own module of this name.)
"""

import argparse
import json
import os
import platform
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from longtail.data.audit.duplicates import duplicate_images
from longtail.data.audit.inspection import inspect
from longtail.data.audit.inspection_page import draw_page
from longtail.data.manifest import Manifest, from_states
from longtail.data.validation import validate

FILES, FILE_BYTES = 2_000, 500_000


def made(rows: int, labels: int, root: Path) -> Manifest:
    """Labels from 30 % down to 0.07 %, a twentieth unknown; 65,000 patients per 400,000 rows, split by patient."""
    rng = np.random.default_rng(0)
    states = (rng.random((rows, labels)) < 0.3 * np.exp(-6 * np.arange(labels) / labels)).astype(np.float32)
    states[rng.random((rows, labels)) < 0.05] = np.nan
    patients = rng.integers(0, max(rows * 65 // 400, 1), rows)
    studies = patients * 10 + rng.integers(0, 4, rows)
    table = pd.DataFrame(
        {
            "image": [
                f"p{a // 1000:02d}/p{a:08d}/s{b}/{i:08d}.jpg"
                for i, (a, b) in enumerate(zip(patients, studies, strict=True))
            ],
            "patient": [f"{a:08d}" for a in patients],
            "study": [f"s{b}" for b in studies],
            "view": rng.choice(["PA", "AP", "LATERAL", "LL", ""], rows),
            "split": np.array(["train", "val", "test"])[np.searchsorted([7, 8], patients % 10, side="right")],
        }
    )
    return from_states(table, [f"Finding {i:02d}" for i in range(labels)], states, root)


def timed(work: Callable[[], Any], times: int = 3) -> tuple[float, Any]:
    """The best of a few runs in seconds, and the last result."""
    best, result = float("inf"), None
    for _ in range(times):
        start = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - start)
    return best, result


def measured(rows: int, labels: int, folder: Path) -> dict[str, float]:
    """Seconds for each part of the audit."""
    manifest = made(rows, labels, folder)
    for suffix in (".csv", ".parquet"):
        manifest.save(folder / f"manifest{suffix}")
    seconds: dict[str, float] = {}
    for suffix in (".csv", ".parquet"):
        load = lambda name=f"manifest{suffix}": Manifest.load(folder / name, check=False)  # noqa: E731
        seconds[f"load {suffix}"], loaded = timed(load)
    seconds["validate"], _ = timed(lambda: validate(loaded, check_files=False))
    audit = lambda: inspect(loaded, check_files=False, duplicates=False)  # noqa: E731
    seconds["inspect (with validate)"], found = timed(audit)
    seconds["to_json"], _ = timed(lambda: json.dumps(found.to_json(), allow_nan=False))
    seconds["page"], _ = timed(lambda: draw_page(found, loaded, folder / "page.png", images=False), 1)
    return seconds


def duplicate_seconds(folder: Path) -> float:
    """Seconds to find 100 copies among files that all have one size."""
    rng = np.random.default_rng(0)
    for number in range(FILES - 100):
        (folder / f"{number}.bin").write_bytes(rng.bytes(FILE_BYTES))
    for number in range(100):
        (folder / f"copy{number}.bin").write_bytes((folder / f"{number}.bin").read_bytes())
    paths = sorted(folder.glob("*.bin"))
    seconds, groups = timed(lambda: duplicate_images(paths), 1)
    assert len(groups) == 100
    return seconds


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--labels", type=int, default=40)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seconds = measured(options.rows, options.labels, Path(folder))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    with tempfile.TemporaryDirectory() as folder:
        seconds[f"duplicates in {FILES:,} files of {FILE_BYTES:,} bytes"] = duplicate_seconds(Path(folder))
    for part, value in seconds.items():
        print(f"{part:45} {value:8.2f} s")
    print(f"{'peak memory':45} {peak:8.2f} GiB")
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "pandas": pd.__version__}
    out = Path(__file__).parent / "results" / "inspection.json"
    out.parent.mkdir(exist_ok=True)
    record = {"rows": options.rows, "labels": options.labels, "machine": machine, "seconds": seconds, "peak_gib": peak}
    out.write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
