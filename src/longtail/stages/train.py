"""The training loop: epochs of steps, validation, what to keep, checkpoints; each a file of its own.

Several heads of one frozen backbone may be trained side by side (a search's candidates): each batch is then read, and
sent through the backbone, once for all of them, and each ends with the bits that it has when trained alone.
"""

from collections.abc import Sequence
from functools import partial

from longtail.running.processes import agreed, joined
from longtail.stages.course import Course, begin
from longtail.stages.head_training import inputs_of, shared_inputs, stage_precision
from longtail.stages.inputs import Inputs
from longtail.stages.job import TrainJob, TrainResult
from longtail.stages.stopping import Stopped, StopSignals
from longtail.stages.training import judge_all


def train(job: TrainJob) -> TrainResult:
    """Train a stage, with each value of its search where it has one; goes on from where a killed one stopped."""
    if job.settings.search is not None:
        from longtail.stages.search import searched

        return searched(job, train_once, train_side_by_side)
    return train_once(job)


def train_once(job: TrainJob) -> TrainResult:
    """Train a stage and leave the kept weights in its folder."""
    world = joined()
    precision = stage_precision(job, world)
    course = begin(job, precision, world, lambda: inputs_of(job, precision, world))
    run([course])
    if course.diverged is not None:
        raise course.diverged
    return course.finish()


def train_side_by_side(jobs: Sequence[TrainJob]) -> list[TrainResult | None]:
    """Train heads of one frozen backbone on the same batches, each as if alone; None for one that diverged."""
    world = joined()
    precision = stage_precision(jobs[0], world)
    first = begin(jobs[0], precision, world, lambda: shared_inputs(jobs[0], precision, world))
    others = [begin(job, precision, world, partial(_same_inputs, first.inputs, job)) for job in jobs[1:]]
    courses = [first, *others]
    run(courses)
    return [None if course.diverged is not None else course.finish() for course in courses]


def _same_inputs(inputs: Inputs, job: TrainJob) -> Inputs:
    return inputs.with_head(job.model.head)


def run(courses: Sequence[Course]) -> None:
    """Train all to their end, or until a signal stops them after a checkpoint."""
    with StopSignals() as stop:
        try:
            while left := [course for course in courses if course.runs]:
                epoch = min(course.work.epoch for course in left)
                run_epoch([course for course in left if course.work.epoch == epoch], epoch, stop)
        except Stopped:
            for course in courses:
                if course.diverged is None:
                    course.check_losses()
                    course.save()
            stop.honour()


def run_epoch(courses: Sequence[Course], epoch: int, stop: StopSignals) -> None:
    """One epoch of all; of some that went on from checkpoints, the later ones wait for the others."""
    work = courses[0].work
    for course in courses:
        course.begin_epoch()
    first = min(course.work.step for course in courses)
    for step, batch in enumerate(work.batches.epoch(epoch, first, work.plan.steps_of(epoch)), first):
        for course in courses:
            if course.diverged is None and course.work.step == step:
                course.attempt(partial(course.learn, batch))
        due = work.world.size == 1 or (step + 1) % 10 == 0
        if due and agreed(stop.asked is not None, work.world):
            raise Stopped
    end_epoch(courses, stop)


def end_epoch(courses: Sequence[Course], stop: StopSignals) -> None:
    """Validate all, reading the validation rows once; keep and log."""
    speeds = [course.pace.images_per_second(course.work.done) for course in courses]
    for course in courses:
        course.attempt(course.check_losses)
    judged = [course for course in courses if course.diverged is None and course.validates]
    found = dict(zip(map(id, judged), judge_all([course.work for course in judged], stop.check), strict=True))
    for course, speed in zip(courses, speeds, strict=True):
        if course.diverged is None:
            course.end_epoch(found.get(id(course)), speed)
