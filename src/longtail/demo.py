"""The demo: from nothing to a report in about a minute, with the same functions that the commands call."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from longtail.data import Manifest, inspect, phantoms, split, split_report
from longtail.data.audit.inspection_saving import write_inspection
from longtail.report.data_report import Step, data_report
from longtail.rooms import as_verb
from longtail.stages.context import Watch
from longtail.stages.fitting import fit

as_verb(__name__)


def demo(
    out: str | Path = "longtail-demo",
    *,
    patients: int = 600,
    size: int = 128,
    seed: int = 0,
    on_step: Callable[[str], None] = lambda _: None,
    on_patient: Callable[[int], None] | None = None,
    smoke: bool = False,
    watch: Watch | None = None,
) -> Path:
    """Draw phantoms, split them by patient, audit, train the recipe `demo`; returns the path of the report in `out`."""
    out = Path(out)
    data = out / "data"
    steps: list[Step] = []

    def did(command: str, result: str) -> None:
        steps.append(Step(command, result))
        on_step(f"$ {command}\n  {result}")

    start = time.perf_counter()
    made = phantoms(data, patients=patients, size=size, seed=seed, on_progress=on_patient)
    did(
        f"longtail data phantoms --out {data} --patients {patients} --size {size} --seed {seed}",
        f"{_rate(len(made), start)}; {len(made.labels)} labels",
    )
    divided = data / "split.csv"
    split(made, "70/10/20", seed=seed).save(divided)
    manifest = Manifest.load(divided)
    did(
        f"longtail data split {data / 'manifest.csv'} --ratios 70/10/20 --seed {seed} --out {divided}",
        _evenness(split_report(manifest)),
    )
    inspection = inspect(manifest)
    page = write_inspection(inspection, manifest, out)[-1]
    did(f"longtail data inspect {divided} --out {out}", f"see {page}")
    data_report(manifest, inspection, out / "data.html", page=page, steps=steps)
    run = fit("demo", manifest, out=out / "run", prepared=out / "prepared", smoke=smoke, seed=seed, watch=watch)
    did(f"longtail fit demo {divided} --out {run} --prepared {out / 'prepared'}", _headline(run))
    shutil.copyfile(run / "report.html", out / "report.html")
    return out / "report.html"


def _headline(run: Path) -> str:
    """What the run reached on the test split: mAP of all labels, and of the rare ones."""
    found = json.loads((run / "metrics.json").read_text(encoding="utf-8"))["test"]
    told = {"all": found["means"]["ap"], **{name: numbers["ap"] for name, numbers in found["groups"].items()}}
    means = [f"{name} {each['value']:.3f} ({each['over']})" for name, each in told.items() if each["value"] is not None]
    return f"test mAP (over so many labels): {', '.join(means)}"


def _rate(images: int, start: float) -> str:
    return f"{images:,} images, {images / max(time.perf_counter() - start, 1e-9):,.0f} a second"


def _evenness(report: pd.DataFrame) -> str:
    """The parts' sizes, and how far the labels' shares are from even."""
    sizes = ", ".join(f"{name} {report[name].iloc[0]:,}" for name in ("train", "val", "test"))
    off = report["deviation"][1:].median()
    return f"{sizes} images; no patient in two parts; a label's share is off by {off:.0%} (median)"
