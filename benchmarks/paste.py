"""How many images a second diseased-area augmentation pastes, and what its ways of drawing companions keep.

Run: python benchmarks/paste.py [--quick]. Made radiographs (`longtail data phantoms`) prepared at 224 px; one core.
Prints a table and writes results/paste.json. Seconds are the process's own (what other programs take is not counted).

- `plan`: which patches go where, per image, with the label correlations kept, drawn by correlation, or not looked at.
- `pixels`: from prepared pixels to a pasted uint8 image; hard edges, and soft edges with intensity matching.
- `in the batch`: `PasteInBatch`, batches of 64 of which half the images that can be backgrounds get patches.
- `synthesize`: plan, pixels, PNG files, manifest, report and figures, all together.
- `mean change of correlations`: over the pairs of labels, of the rows with pasted ones against the rows without.
"""

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from longtail.augment.paste import PasteInBatch, PasteSettings, Pool, paste_pool, plan_pastes, synthesize
from longtail.augment.paste.effects import label_effects
from longtail.augment.paste.planning import Paste
from longtail.augment.paste.rendering import pasted_image
from longtail.data import phantoms, prepare

RESULTS = Path(__file__).parent / "results" / "paste.json"
SIZE, BATCH = 224, 64
MATCHED: dict[str, Any] = {"soft_edge": 0.15, "intensity": "moments"}


def seconds_of(work: Callable[[], Any]) -> tuple[float, Any]:
    """The process's own seconds, and what came of it."""
    start = time.process_time()
    found = work()
    return time.process_time() - start, found


def plans(pool: Pool, settings: PasteSettings) -> tuple[dict[str, Any], list[Paste]]:
    """Speed and effect of each way to draw companions; the plan that keeps correlations."""
    found: dict[str, Any] = {}
    kept: list[Paste] = []
    for companions in ("keep", "correlated", "none"):
        changed = replace(settings, companions=companions)
        seconds, plan = seconds_of(partial(lambda wanted: list(plan_pastes(pool, wanted)), changed))
        found[f"plan, {companions}"] = {
            "images_per_second": round(len(plan) / seconds),
            "mean_change_of_correlations": round(label_effects(pool, plan).plain()["correlation_change"]["mean"], 4),
        }
        kept = plan if companions == "keep" else kept
    return found, kept


def pixels(pool: Pool, settings: PasteSettings, plan: list[Paste]) -> dict[str, Any]:
    """Speed of the pixels alone."""
    found = {}
    for name, options in (("pixels, hard edges", {}), ("pixels, soft and matched", MATCHED)):
        changed = replace(settings, **options)
        seconds, _ = seconds_of(partial(lambda wanted: [pasted_image(pool, wanted, one) for one in plan], changed))
        found[name] = {"images_per_second": round(len(plan) / seconds)}
    return found


def in_batches(pool: Pool, settings: PasteSettings, epochs: int) -> dict[str, Any]:
    """Pasted images a second in batches, and images a second with those that stay as they are."""
    paste, rows = PasteInBatch(pool, settings), np.resize(pool.rows, len(pool.rows) // BATCH * BATCH).reshape(-1, BATCH)

    def work() -> int:
        made = 0
        for epoch in range(epochs):
            for some in rows:
                done = paste(pool.prepared.rows(some), pool.manifest.targets[some], some, epoch)
                made += sum(map(bool, done.placed))
        return made

    seconds, made = seconds_of(work)
    rate = {"images_per_second": round(made / seconds), "with_others_per_second": round(rows.size * epochs / seconds)}
    return {"in the batch": rate}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few images; writes nothing")
    quick = parser.parse_args().quick
    cv2.setNumThreads(1)
    images = 200 if quick else 6000
    settings = PasteSettings(on_normal=images // 2, on_tail=images // 2, tail_below=60)
    with tempfile.TemporaryDirectory() as folder:
        manifest = phantoms(Path(folder) / "xray", patients=60 if quick else 500, size=SIZE, workers=1)
        prepared = prepare(manifest, SIZE, store=Path(folder) / "prepared", workers=1)
        pool = paste_pool(manifest, prepared, settings)
        result, plan = plans(pool, settings)
        result |= pixels(pool, settings, plan) | in_batches(pool, settings, 1 if quick else 4)
        seconds, _ = seconds_of(lambda: synthesize(manifest, prepared, Path(folder) / "out", settings, workers=1))
        result["synthesize"] = {"images_per_second": round(images / seconds)}
        facts = {"rows": len(manifest), "patches": len(pool.bank), "tail": len(pool.tail), "pasted": images}
    for name, numbers in result.items():
        print(f"{name:28}", "  ".join(f"{key} {value:,}" for key, value in numbers.items()))
    if not quick:
        where = {"machine": platform.machine(), "cores": os.cpu_count(), "python": platform.python_version()}
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps({**result, "data": facts, "where": where}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
