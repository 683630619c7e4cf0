"""The training loop: epochs of steps, validation, what to keep, checkpoints; each a file of its own."""

import time

import torch

from longtail.stages.class_means import fill_head
from longtail.stages.divergence import divergence_error, found_divergence, usual_loss
from longtail.stages.head_training import inputs_of, stage_precision
from longtail.stages.job import TrainJob, TrainResult
from longtail.stages.pacing import Pacing
from longtail.stages.processes import any_process, joined, meet
from longtail.stages.setting_up import set_up
from longtail.stages.stopping import Stopped, StopSignals
from longtail.stages.trainable import set_trainable
from longtail.stages.training import CHECKPOINT, Training


def train(job: TrainJob) -> TrainResult:
    """Train a stage, with each value of its search where it has one; goes on from where a killed one stopped."""
    if job.settings.search is not None:
        from longtail.stages.search import searched

        return searched(job, train_once)
    return train_once(job)


def train_once(job: TrainJob) -> TrainResult:
    """Train a stage and leave the kept weights in its folder."""
    world, checkpoint = joined(), job.folder / CHECKPOINT
    precision = stage_precision(job, world)
    torch.manual_seed(job.seed)
    set_trainable(job.model, job.settings.train, job.settings.frozen_bn)
    inputs = inputs_of(job, precision, world)
    work = set_up(job, inputs, precision, world)
    resumed, pace = work.resume(checkpoint), Pacing(job.on_step, work.plan.total, job.settings.batch_size)
    if not resumed and job.parent_momentum is not None:
        work.take_momentum(job.parent_momentum)
    _tell_start(work, resumed)
    work.model.train()
    with StopSignals() as stop:
        try:
            while work.epoch < _last_epoch(work) and not work.keeper.stops:
                work.objective.set_epoch(work.epoch)
                pace.epoch_begins(work.done)
                for batch in work.batches.epoch(work.epoch, work.step, work.plan.steps_of(work.epoch)):
                    work.learn(batch)
                    if pace.look(work.done):
                        _check_losses(work)
                    if pace.checkpoint_due(within_epoch=True):
                        pace.timed(lambda: work.save(checkpoint))
                    if (world.size == 1 or work.step % 10 == 0) and any_process(
                        stop.asked is not None, world, precision.device
                    ):
                        raise Stopped
                _end_epoch(work, pace, stop)
                if pace.checkpoint_due(within_epoch=False):
                    pace.timed(lambda: work.save(checkpoint))
        except Stopped:
            _check_losses(work)
            work.save(checkpoint)
            stop.honour()
    if work.plan.total == 0:
        _judge_untrained(work)
    return _finish(work, job, inputs.facts)


def _last_epoch(work: Training) -> int:
    """How many epochs are trained: the plan's, or fewer of them."""
    stop = work.job.stop_after
    return work.plan.epochs if stop is None else min(stop, work.plan.epochs)


def _end_epoch(work: Training, pace: Pacing, stop: StopSignals) -> None:
    """Validate, keep, log; then the next epoch is at its beginning."""
    speed = pace.images_per_second(work.done)
    _check_losses(work)
    number, last = work.epoch + 1, work.epoch + 1 == work.plan.epochs
    due = last or number % work.job.settings.validate_every == 0
    found = work.validate(stop.check) if due else None
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


def _judge_untrained(work: Training) -> None:
    """A stage without steps: weights as handed over, or a head that is filled."""
    fill_head(work)
    found = work.validate(lambda _: None)
    work.keeper.offer(0, found)
    work.log.write("epoch", epoch=0, step=0, image_size=work.job.prepared.key.size, valid=found)


def _check_losses(work: Training) -> None:
    """Stop at a loss that is no number or exploded; the last checkpoint is from before."""
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


def _tell_start(work: Training, resumed: bool) -> None:
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


def _finish(work: Training, job: TrainJob, facts: dict[str, object]) -> TrainResult:
    """Write the kept weights; a stage without a single defined metric keeps its last epoch."""
    work.finish(job.model, job.folder)
    seconds = work.seconds + time.monotonic() - work.began
    epoch = work.keeper.epoch or work.epoch
    work.log.write("end", epoch=epoch, metric=work.keeper.metric, value=work.keeper.value, seconds=round(seconds, 3))
    meet(work.world)
    told = {"precision": work.precision.name, "micro_batch": work.micro.size, "steps": work.done, **facts}
    return TrainResult(epoch, work.keeper.metric, work.keeper.value, seconds, told)
