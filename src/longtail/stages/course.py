"""One training from its beginning to its kept weights, step by step: what `train.py` runs, alone or side by side."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from longtail.running.processes import World, meet
from longtail.stages.batch import Batch
from longtail.stages.class_means import fill_head
from longtail.stages.divergence import Diverged, divergence_error, found_divergence, usual_loss
from longtail.stages.inputs import Inputs
from longtail.stages.job import TrainJob, TrainResult
from longtail.stages.pacing import Pacing
from longtail.stages.precision import Precision
from longtail.stages.setting_up import set_up
from longtail.stages.trainable import set_trainable
from longtail.stages.training import CHECKPOINT, Training, judge_all
from longtail.stages.validation import Metrics


@dataclass(eq=False)
class Course:
    """A training under way, its clock, and the error that ended it, if one did."""

    work: Training
    inputs: Inputs
    pace: Pacing
    diverged: Diverged | None = None

    @property
    def runs(self) -> bool:
        """Whether epochs are left to train."""
        work = self.work
        stop = work.job.stop_after
        last = work.plan.epochs if stop is None else min(stop, work.plan.epochs)
        return self.diverged is None and work.epoch < last and not work.keeper.stops

    def attempt(self, part: Callable[[], None]) -> None:
        """Do a part of the training; a loss that diverges ends it, and nobody else's."""
        try:
            part()
        except Diverged as error:
            self.diverged = error

    def begin_epoch(self) -> None:
        """What is told at the start of an epoch, or where a resumed one goes on."""
        self.work.objective.set_epoch(self.work.epoch)
        self.work.model.train()
        self.pace.epoch_begins(self.work.done)

    def learn(self, batch: Batch) -> None:
        """One step, with a look at the losses and a checkpoint now and then."""
        self.work.learn(batch)
        if self.pace.look(self.work.done):
            self.check_losses()
        if self.pace.checkpoint_due(within_epoch=True):
            self.pace.timed(self.save)

    @property
    def validates(self) -> bool:
        """Whether this epoch ends with a validation."""
        number = self.work.epoch + 1
        return number == self.work.plan.epochs or number % self.work.job.settings.validate_every == 0

    def end_epoch(self, found: Metrics | None, speed: float) -> None:
        """Keep and log, with this epoch's metrics; then the next epoch is at its beginning."""
        work, number = self.work, self.work.epoch + 1
        if work.keeper.offer(number, found) and work.keeper.metric is not None:
            work.keep()
            work.log.write("keep", epoch=number, metric=work.keeper.metric, value=work.keeper.value)
        work.log.write(
            "epoch",
            epoch=number,
            step=work.done,
            loss=float(work.losses[: work.step].double().mean()),
            lr=work.rate(max(work.done - 1, 0)),
            image_size=work.job.prepared.key.size,
            images_per_s=round(speed, 2),
            valid=found,
            seconds=round(work.seconds + time.monotonic() - work.began, 3),
        )
        work.epoch, work.step = number, 0
        if self.pace.checkpoint_due(within_epoch=False):
            self.pace.timed(self.save)

    def save(self) -> None:
        """Write a checkpoint."""
        self.work.save(self.work.job.folder / CHECKPOINT)

    def check_losses(self) -> None:
        """Stop at a loss that is no number or exploded; the last checkpoint is from before."""
        work = self.work
        losses = work.losses[: work.step]
        if work.usual is None and work.step:
            work.usual = usual_loss(losses)
        found = found_divergence(losses, work.usual)
        if found is None:
            return
        done = work.epoch * work.plan.per_epoch + found.step
        work.log.write("nan", epoch=work.epoch + 1, step=done + 1, lr=work.rate(done))
        raise divergence_error(
            work.job.name,
            found,
            work.epoch + 1,
            lr=work.rate(done),
            precision=work.precision.name,
            clip=work.job.settings.clip,
            kept=f"What was good before is kept in '{work.job.folder}'.",
        )

    def finish(self) -> TrainResult:
        """Write the kept weights; a stage without a single defined metric keeps its last epoch."""
        work = self.work
        if work.plan.total == 0:
            judge_untrained(work)
        work.finish(work.job.model, work.job.folder)
        seconds = work.seconds + time.monotonic() - work.began
        epoch, metric, value = work.keeper.epoch or work.epoch, work.keeper.metric, work.keeper.value
        work.log.write("end", epoch=epoch, metric=metric, value=value, seconds=round(seconds, 3))
        meet(work.world)
        told = {"precision": work.precision.name, "micro_batch": work.micro.size, "steps": work.done}
        return TrainResult(epoch, metric, value, seconds, {**told, **self.inputs.facts})


def begin(job: TrainJob, precision: Precision, world: World, inputs: Callable[[], Inputs]) -> Course:
    """A course at its beginning, or where a killed one stopped; `inputs` are asked for once it is seeded and frozen."""
    torch.manual_seed(job.seed)
    set_trainable(job.model, job.settings.train, job.settings.frozen_bn)
    found = inputs()
    work = set_up(job, found, precision, world)
    resumed = work.resume(job.folder / CHECKPOINT)
    pace = Pacing(job.on_step, work.plan.total, job.settings.batch_size)
    if not resumed and job.parent_momentum is not None:
        work.take_momentum(job.parent_momentum)
    tell_start(work, resumed)
    return Course(work, found, pace)


def judge_untrained(work: Training) -> None:
    """A stage without steps: weights as handed over, or a head that is filled."""
    fill_head(work)
    found = judge_all([work], lambda _: None)[0]
    work.keeper.offer(0, found)
    work.log.write("epoch", epoch=0, step=0, image_size=work.job.prepared.key.size, valid=found)


def tell_start(work: Training, resumed: bool) -> None:
    """The first line of the log, or the one of going on."""
    if resumed:
        work.log.write("resume", epoch=work.epoch + 1, step=work.done)
        return
    work.log.write(
        "start",
        epochs=work.plan.epochs,
        steps=work.plan.total,
        rows=len(work.job.train_rows),
        precision=work.precision.name,
        device=str(work.precision.device),
        processes=work.world.size,
    )
