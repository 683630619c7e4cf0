"""A stage trained with each of some values of its settings; validation chooses, each stage for itself.

Where the stage only trains a head, the candidates share the backbone's features; where they differ only in how they
learn (rates, optimiser, schedule) they are trained side by side, on one pass over them, as in the public code of
CheXFound. A killed search goes on: finished candidates have left their result, those under way their checkpoint.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from longtail.errors import UserError
from longtail.files import make_folder, write_json, written_whole
from longtail.models.class_changes import replace_head
from longtail.models.classifier import Classifier
from longtail.running.processes import joined, meet
from longtail.stages.component import component
from longtail.stages.divergence import Diverged
from longtail.stages.hand_over import HELD_OUT, WEIGHTS
from longtail.stages.head_training import FEATURES, why_not_shared
from longtail.stages.job import TrainJob, TrainResult
from longtail.stages.recipe import Best, Search, Stage
from longtail.stages.searching import with_settings
from longtail.stages.validation import lower_is_better

CANDIDATES = "checkpoint-search"  # the folder of candidates; a finished stage drops it
RESULT = "result.json"
Train = Callable[[TrainJob], TrainResult]
Together = Callable[[Sequence[TrainJob]], list[TrainResult | None]]  # None: diverged
# Settings of how a head learns, which leave the images and features that it reads as they are.
OF_LEARNING = frozenset({"optimizer", "schedule", "rates", "clip", "ema", "early_stop"})


def searched(job: TrainJob, train: Train, together: Together | None = None) -> TrainResult:
    """Train every candidate, keep the best one's weights and log as the stage's own.

    Heads that read the same features are trained `together`, on one pass over them.
    """
    search, keep = job.settings.search, job.settings.keep
    assert search is not None
    if not isinstance(keep, Best) or not len(job.valid_rows):
        raise UserError(f"stage '{job.name}' searches: it needs keep: {{best: METRIC}} and validation rows.")
    tried = list(candidates(search))
    if together is not None and side_by_side(job, search):
        results = _together(job, tried, together)
    else:
        results = [_candidate(job, place, chosen, train) for place, chosen in enumerate(tried)]
    found = list(zip(tried, results, strict=True))
    lower = keep.direction == "min" or (keep.direction == "auto" and lower_is_better(keep.best))
    values = [None if result is None else result.value for _, result in found]
    scored = [(value if lower else -value, place) for place, value in enumerate(values) if value is not None]
    if not scored:
        raise UserError(f"stage '{job.name}': no candidate of its search has a defined {keep.best}; see its logs.")
    _, place = min(scored)
    chosen, result = found[place]
    assert result is not None
    if search.refit:
        result = _refitted(job, chosen, result, train, job.folder / CANDIDATES / str(place))
    else:
        _take(job, job.folder / CANDIDATES / str(place))
    _change_head(job.model, job.settings, changed(job.settings, chosen))
    told = [{"settings": settings, keep.best: value} for (settings, _), value in zip(found, values, strict=True)]
    return replace(result, facts={**result.facts, "search": told, "chosen": chosen})


def candidates(search: Search) -> Iterator[dict[str, Any]]:
    """Every combination of the values, `{dotted setting: value}`."""
    for values in product(*search.values.values()):
        yield dict(zip(search.values, values, strict=True))


def changed(settings: Stage, changes: Mapping[str, Any]) -> Stage:
    """The stage with some settings changed by dotted path, and no search."""
    return with_settings(settings, {**changes, "search": None})


def side_by_side(job: TrainJob, search: Search) -> bool:
    """Whether all candidates can learn from one pass over the same features."""
    of_learning = all(path.partition(".")[0] in OF_LEARNING for path in search.values)
    return of_learning and why_not_shared(job) is None


def _together(job: TrainJob, tried: Sequence[dict[str, Any]], together: Together) -> list[TrainResult | None]:
    """The results of all candidates, trained at the same time; finished ones of an earlier process stand."""
    folders = [_folder(job, place) for place in range(len(tried))]
    left = [place for place, folder in enumerate(folders) if not (folder / RESULT).is_file()]
    jobs = [_variant(job, _told(tried[place]), folders[place], changed(job.settings, tried[place])) for place in left]
    fresh = dict(zip(left, together(jobs) if jobs else [], strict=True))
    for place, result in fresh.items():
        _write_result(folders[place], result)
    return [fresh[place] if place in fresh else _read_result(folders[place] / RESULT) for place in range(len(tried))]


def _candidate(job: TrainJob, place: int, chosen: dict[str, Any], train: Train) -> TrainResult | None:
    """The result of one candidate, of an earlier process where there is one; None where it diverged."""
    folder = _folder(job, place)
    if (folder / RESULT).is_file():
        return _read_result(folder / RESULT)
    result: TrainResult | None = None
    with suppress(Diverged):
        result = train(_variant(job, _told(chosen), folder, changed(job.settings, chosen)))
    _write_result(folder, result)
    return result


def _folder(job: TrainJob, place: int) -> Path:
    return job.folder / CANDIDATES / str(place)


def _told(chosen: Mapping[str, Any]) -> str:
    """What a candidate changes."""
    return ", ".join(f"{name.rpartition('.')[2]}={value}" for name, value in chosen.items())


def _write_result(folder: Path, result: TrainResult | None) -> None:
    if joined().first:
        write_json(make_folder(folder) / RESULT, None if result is None else asdict(result))
    meet(joined())


def _variant(job: TrainJob, name: str, folder: Path, settings: Stage) -> TrainJob:
    """The job with another folder and settings, and weights of its own; a frozen backbone is everybody's.

    Lines of its log are told with its name, as `candidate`.
    """
    store = job.feature_store or job.folder / FEATURES
    shared = job.settings.train == "head" and why_not_shared(job) is None
    model = Classifier(job.model.backbone, deepcopy(job.model.head)) if shared else deepcopy(job.model)
    _change_head(model, job.settings, settings)
    return replace(
        job, name=f"{job.name} ({name})", folder=folder, settings=settings, model=model, feature_store=store,
        on_event=lambda event: job.on_event({**event, "candidate": name}),
    )  # fmt: skip


def _change_head(model: Classifier, before: Stage, after: Stage) -> None:
    """Build the head anew where its settings differ, with the weights that it has."""
    if after.model.get("head") != before.model.get("head"):
        head = component(after.model["head"])
        replace_head(model, head.name, keep=True, **head.settings)


def _refitted(job: TrainJob, chosen: dict[str, Any], best: TrainResult, train: Train, held_out: Path) -> TrainResult:
    """Train on train + val with the chosen values, on the same schedule, and stop at the epoch that was best.

    The weights that validation chose are kept beside: what they predict for validation rows is still held out.
    """
    settings = changed(job.settings, {**chosen, "keep": "last", "early_stop": None})
    rows = np.concatenate([job.train_rows, job.valid_rows])
    one = _variant(job, "refit", job.folder / CANDIDATES / "refit", settings)
    refit = train(replace(one, train_rows=rows, valid_rows=rows[:0], stop_after=best.epoch))
    _take(job, one.folder)
    _keep_held_out(job, held_out)
    facts = {**refit.facts, "refit": True, "stopped_after": best.epoch}
    return replace(refit, metric=best.metric, value=best.value, facts=facts)


def _keep_held_out(job: TrainJob, candidate: Path) -> None:
    """The weights of before the refit, whose validation predictions are of rows that they never saw."""
    if joined().first:
        with written_whole(job.folder / HELD_OUT) as beside:
            shutil.copyfile(candidate / WEIGHTS, beside)
    meet(joined())


def _take(job: TrainJob, source: Path) -> None:
    """Make a candidate's files the stage's."""
    if joined().first:
        for path in sorted(source.iterdir()):
            if path.is_file() and not path.name.startswith("checkpoint") and path.name != RESULT:
                with written_whole(job.folder / path.name) as beside:
                    shutil.copyfile(path, beside)
    meet(joined())


def _read_result(path: Path) -> TrainResult | None:
    found = json.loads(path.read_text(encoding="utf-8"))
    return None if found is None else TrainResult(**found)
