"""The stage kind `soup`: several stages' weights as one network, judged on validation like a trained one.

`method: {uniform: {of: [a, b, c]}}` is the mean of all; `greedy` lets members join while the metric of `keep` (mAP
unless said) does not fall. The mean of BatchNorm statistics is not the statistics of the mean, so they are estimated
anew, from at most `STATISTICS` training rows as validation sees them.
"""

import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.optim.swa_utils import update_bn

from longtail.models.weights.reading import read_state
from longtail.models.weights.saving import load_weights, save_tensors, save_weights
from longtail.predict.files import write_predictions
from longtail.predict.soups import SOUPS
from longtail.predict.soups.averaging import State
from longtail.running.log import Log
from longtail.running.processes import joined, meet
from longtail.sampling.drawing import stream
from longtail.stages.active_classes import active_targets
from longtail.stages.context import StageContext
from longtail.stages.embeddings import write_embeddings
from longtail.stages.hand_over import WEIGHTS
from longtail.stages.job import TrainJob, TrainResult
from longtail.stages.keeping import lower_wins
from longtail.stages.kinds import STAGE_KINDS
from longtail.stages.kinds.train import PREDICTIONS, stage_facts, training_job, validation_predictions
from longtail.stages.predicting_rows import plain_reader, predict_side_by_side
from longtail.stages.recipe import Best, Stage
from longtail.stages.rows import select_rows
from longtail.stages.tail import tail_of
from longtail.stages.validation import Metrics, metrics

STATISTICS = 4096  # images that BatchNorm's statistics are estimated from


@STAGE_KINDS.register("soup")
def soup_stage(context: StageContext) -> dict[str, Any]:
    """The mean of several stages' weights."""
    began, world, facts = time.monotonic(), joined(), {}
    if world.first:
        chosen = select_rows(context.manifest, context.stage, seed=context.seed)
        job = training_job(context, chosen)
        judge, metric = Judge(job), _keep(context.stage).best
        members = cook(context, judge)
        context.watch.on_note(f"{context.name}: of {', '.join(members)}")
        found = judge.metrics()
        log = Log(job.folder / "log.jsonl", job.on_event, True)
        log.cut(0)  # of a killed try
        log.write("epoch", epoch=0, step=0, members=members, valid=found)
        write_predictions(validation_predictions(context, job), context.folder / PREDICTIONS)
        write_embeddings(context, job)
        result = TrainResult(0, metric, found[metric], time.monotonic() - began, {"members": members})
        facts = stage_facts(context, job, chosen, result)
    meet(world)
    return facts


def cook(context: StageContext, judge: "Judge") -> list[str]:
    """Leave the soup in the judge's model and in the stage's folder; gives the names of those that are in it."""
    method = context.stage.method
    assert method is not None  # stage_checks
    names = list(method.settings["of"])
    states = [read_state(context.parents[name] / WEIGHTS) for name in names]
    settings = {key: value for key, value in method.settings.items() if key != "of"}
    score = partial(judge.score, states, _keep(context.stage))
    state, members = SOUPS.find(method.name).function(states, score, **settings)
    judge.take(state, estimate=len(members) > 1)
    save_weights(judge.job.model, context.folder / WEIGHTS)
    return [names[member] for member in members]


class Judge:
    """States in the job's model, and what validation says of them."""

    def __init__(self, job: TrainJob) -> None:
        self.job = job
        self.read, self.precision = plain_reader(job)
        rows = stream(job.seed, 0).permutation(np.unique(job.train_rows))[:STATISTICS]
        self.batches = [rows[i : i + job.settings.batch_size] for i in range(0, len(rows), job.settings.batch_size)]

    def score(self, members: Sequence[State], keep: Best, state: State) -> float:
        """The metric of a state, higher for better; a member has statistics of its own."""
        self.take(state, estimate=not any(state is member for member in members))
        value = self.metrics()[keep.best]
        if value is None:
            return -np.inf
        return -float(value) if lower_wins(keep) else float(value)

    def take(self, state: State, *, estimate: bool) -> None:
        """Fill the model, and estimate BatchNorm's statistics if asked to."""
        save_tensors(state, self.job.folder / WEIGHTS)
        load_weights(self.job.model, self.job.folder / WEIGHTS)
        if estimate:
            torch.manual_seed(self.job.seed)  # for drop path
            with self.precision.autocast():
                update_bn((self.read(rows, 0) for rows in self.batches if len(rows) > 1), self.job.model)

    def metrics(self) -> Metrics:
        """Of the validation rows, by the model as it is."""
        job = self.job
        logits = predict_side_by_side(
            [job.model], self.read, job.valid_rows, precision=self.precision, sources=job.sources, studies=job.studies,
            views=job.views, batch_size=job.settings.batch_size,
        )[0]  # fmt: skip
        targets = active_targets(job.targets, job.active)[job.valid_rows]
        tail = tail_of(job.settings, job.task, job.targets, job.train_rows, job.active)
        return metrics(targets, logits[:, job.active], job.task, kept=_keep(job.settings).best, tail=tail)


def _keep(stage: Stage) -> Best:
    """What is judged by."""
    return stage.keep if isinstance(stage.keep, Best) else Best(best="map")
