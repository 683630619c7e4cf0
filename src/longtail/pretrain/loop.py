"""`pretrain`: the whole of self-supervised training, with a loop that can be read on one screen.

It may be killed at any time and goes on from its last checkpoint, ending with the bits of a run that was never
interrupted. Under `torchrun` each process takes its part of every step; the first one writes.
"""

import json
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError, unknown_name
from longtail.models.weights.saving import save_tensors
from longtail.pretrain.collapse import alarm
from longtail.pretrain.dinov2 import Dinov2, Levels
from longtail.pretrain.drawing import rows_of_step
from longtail.pretrain.meter import Meter
from longtail.pretrain.monitor import Labelled, measures
from longtail.pretrain.settings import Dinov2Settings, OnCollapse
from longtail.pretrain.sources import Pixels, Rows, Source, as_source
from longtail.running.checkpoint import check_same, read_checkpoint, write_checkpoint
from longtail.running.log import Log
from longtail.running.processes import pick_device, together

CHECKPOINT, WEIGHTS, LOG = "checkpoint.safetensors", "weights.safetensors", "log.jsonl"
WATCHED = 512  # images that the collapse alarm looks at


@dataclass(frozen=True)
class Pretrained:
    """A finished (or, with `stop_at`, interrupted) training: its folder, the teacher's weights, the last measures."""

    folder: Path
    weights: Path | None
    step: int
    measures: dict[str, float]


def pretrain(
    images: Source | Pixels | Sequence[Source | Pixels],
    settings: Dinov2Settings,
    out: str | Path,
    *,
    rows: npt.NDArray[Any] | Sequence[int] | None = None,
    labelled: Labelled | None = None,
    seed: int = 0,
    device: str = "auto",
    threads: int = 1,
    checkpoint_every: int | None = None,
    monitor_every: int = 1,
    on_collapse: OnCollapse | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    on_event: Callable[[dict[str, Any]], None] = lambda _: None,
    levels: Levels | None = None,
    stop_at: int | None = None,
) -> Pretrained:
    """Train on prepared pixels and write `out/weights.safetensors`, the teacher's backbone, for `build_backbone`.

    `images`: what `longtail.data.prepare` gives, an array `(N, H, W, C)`, or a list of these; `rows` are those to train
    on (all by default: leave out what is to be judged by). `labelled` rows are watched every `monitor_every` epochs.
    A checkpoint is written every `checkpoint_every` steps (an epoch by default); the same call again goes on from it.
    `on_collapse` is the settings' own unless said. `on_progress(step, steps)` is told each step, `on_event` every line
    of the log. `levels` are the mean and standard deviation of pixels, where not the backbone's own. `stop_at` ends
    early, as an interruption would.
    """
    on_collapse = on_collapse or settings.on_collapse
    if on_collapse not in get_args(OnCollapse):
        raise unknown_name("on_collapse", on_collapse, get_args(OnCollapse))
    source, out = as_source(images), Path(out)
    chosen = _chosen(source, rows)
    with together() as world:
        _check_batch(settings.batch_size * world.size, len(chosen))
        per_epoch = settings.steps_per_epoch or max(1, len(chosen) // (settings.batch_size * world.size))
        channels = int(source.rows([chosen[0]]).shape[3])
        there = pick_device(world, device)
        method = Dinov2(
            settings, channels=channels, steps_per_epoch=per_epoch, seed=seed, device=there, threads=threads,
            levels=levels,
        )  # fmt: skip
        log, meter = Log(out / LOG, on_event, world.first), Meter()
        facts = {"settings": settings.as_facts(), "seed": seed, "images": len(chosen), "processes": world.size}
        _resume(out / CHECKPOINT, facts, method, meter, log)
        watched = (source, spread(chosen, WATCHED))
        found: dict[str, float] = {}
        began, seen = time.perf_counter(), method.taken

        while method.taken < min(method.steps, stop_at or method.steps):
            picked = chosen[rows_of_step(len(chosen), settings.batch_size, method.taken, seed, world.rank, world.size)]
            meter.add(method.step(source.rows(picked), picked))
            epoch, at_end = divmod(method.taken, per_epoch)[0], method.taken % per_epoch == 0
            if world.first and at_end:
                seconds = time.perf_counter() - began
                speed = (method.taken - seen) * settings.batch_size * world.size / seconds
                found = _valid(method, labelled, watched, epoch, monitor_every, on_collapse, log)
                _log_epoch(log, method, meter, epoch, found, speed, seconds)
                began, seen = time.perf_counter(), method.taken
            if world.first and _is_due(method, checkpoint_every or per_epoch):
                _require_finite(meter, method, log)
                kept = Meter() if at_end else meter
                state = method.state_dict() | {f"meter.{name}": value for name, value in kept.state_dict().items()}
                write_checkpoint(out / CHECKPOINT, state, {"facts": facts, "log_size": log.size()})
            if at_end:
                meter = Meter()
            if on_progress is not None and world.first:
                on_progress(method.taken, method.steps)

        done = method.taken >= method.steps
        if done and world.first:
            _write_weights(out / WEIGHTS, method, channels)
            log.write("end", step=method.taken)
        return Pretrained(out, out / WEIGHTS if done else None, method.taken, found)


def _chosen(source: Source, rows: npt.NDArray[Any] | Sequence[int] | None) -> Rows:
    chosen = np.arange(len(source)) if rows is None else np.asarray(rows, dtype=np.int64)
    if not len(chosen):
        raise UserError("there are no images to pre-train on; give at least one row.")
    if chosen.min() < 0 or chosen.max() >= len(source):
        raise UserError(f"row {chosen.max()} is none of the {len(source)} images; rows go from 0 to {len(source) - 1}.")
    return chosen


def spread(rows: Rows, most: int) -> Rows:
    """At most so many of the rows, evenly from the first to the last: sources lie one after the other."""
    return rows[np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(np.int64))]


def _check_batch(batch: int, images: int) -> None:
    """An image beside itself would be its own nearest neighbour, and the loss that draws neighbours apart is lost."""
    if batch > images:
        raise UserError(f"a batch of {batch} is more than the {images} images to pre-train on; choose a smaller one.")


def _resume(path: Path, facts: dict[str, Any], method: Dinov2, meter: Meter, log: Log) -> None:
    """Go on from the checkpoint if there is one; else write the first line of the log."""
    found = read_checkpoint(path)
    if found is None:
        log.cut(0)
        log.write("start", step=0, **facts)
        return
    state, saved = found
    check_same(saved.get("facts", {}), facts, path)
    method.load_state_dict(state)
    meter.load_state_dict({name[6:]: value for name, value in state.items() if name.startswith("meter.")})
    meter.sums = {name: total.to(method.device) for name, total in meter.sums.items()}
    log.cut(saved["log_size"])
    if method.taken < method.steps:
        log.write("resume", step=method.taken)


def _valid(
    method: Dinov2,
    labelled: Labelled | None,
    watched: tuple[Source, Rows],
    epoch: int,
    every: int,
    on_collapse: OnCollapse,
    log: Log,
) -> dict[str, float]:
    """The measures of this epoch, and what to do when they show a collapse."""
    now = labelled if epoch % every == 0 or epoch == method.settings.epochs else None
    found = measures(method.teacher, now, watched, method.settings.global_size)
    if (told := alarm(found)) is not None:
        log.write("collapse", step=method.taken, epoch=epoch, why=told)
        advice = f"epoch {epoch}: {told}; lower the learning rate or raise koleo_weight or the batch size."
        if on_collapse == "stop":
            raise UserError(advice)
        warnings.warn(advice, RuntimeWarning, stacklevel=3)
    return found


def _log_epoch(
    log: Log, method: Dinov2, meter: Meter, epoch: int, found: dict[str, float], speed: float, seconds: float
) -> None:
    means = meter.means()
    log.write(
        "epoch",
        epoch=epoch,
        step=method.taken,
        loss=means.pop("loss"),
        parts=means,
        lr=method.rates.learning_rate,
        image_size=method.settings.global_size,
        images_per_s=round(speed, 2),
        valid=found or None,
        seconds=round(seconds, 2),
    )


def _is_due(method: Dinov2, every: int) -> bool:
    return method.taken % every == 0 or method.taken == method.steps


def _require_finite(meter: Meter, method: Dinov2, log: Log) -> None:
    """Never write a checkpoint of numbers that are none."""
    if not meter.is_finite():
        log.write("nan", step=method.taken)
        raise UserError(
            f"the loss is no number any more at step {method.taken}; lower learning_rate or clip, and run again: it"
            " goes on from the last checkpoint."
        )


def _write_weights(path: Path, method: Dinov2, channels: int) -> None:
    settings = method.settings
    facts = {"backbone": settings.backbone, "image_size": settings.global_size, "channels": channels}
    facts |= {"steps": method.taken, "method": "dinov2"}
    save_tensors(method.backbone_state(), path, metadata={"longtail": json.dumps(facts, sort_keys=True)})
