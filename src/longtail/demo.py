"""The demo: from nothing to a report in about a minute, with the same functions that the commands call."""

import time
from collections.abc import Callable
from pathlib import Path

from longtail.data import Manifest, inspect, phantoms, prepare, split, split_report
from longtail.data.audit.inspection_page import draw_page
from longtail.files import write_json
from longtail.report.data_report import Step, data_report


def demo(
    out: Path,
    *,
    patients: int = 600,
    size: int = 128,
    seed: int = 0,
    on_step: Callable[[str], None] = lambda _: None,
) -> Path:
    """Draw phantoms, split them by patient, audit, prepare; returns the path of the report in `out`."""
    data = out / "data"
    steps: list[Step] = []

    def did(command: str, result: str) -> None:
        steps.append(Step(command, result))
        on_step(f"$ {command}\n  {result}")

    start = time.perf_counter()
    made = phantoms(data, patients=patients, size=size, seed=seed)
    did(
        f"longtail data phantoms --out {data} --patients {patients} --size {size} --seed {seed}",
        f"{len(made):,} images with {len(made.labels)} labels, {_rate(len(made), start)}",
    )
    divided = data / "split.csv"
    split(made, "70/10/20", seed=seed).save(divided)
    manifest = Manifest.load(divided)
    worst = split_report(manifest)
    did(f"longtail data split {data / 'manifest.csv'} --ratios 70/10/20 --out {divided}", _split_words(manifest, worst))
    inspection = inspect(manifest)
    page = draw_page(inspection, manifest, out / "inspection.png")
    write_json(out / "inspection.json", inspection.to_json())
    did(f"longtail data inspect {divided} --out {out}", f"see {page}")
    start = time.perf_counter()
    prepared = prepare(manifest, size // 2, store=out / "prepared")
    did(f"longtail data prepare {divided} --size {size // 2} --store {out / 'prepared'}", _rate(len(prepared), start))
    return data_report(manifest, inspection, out / "report.html", page=page, steps=steps)
