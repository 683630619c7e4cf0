"""Everything a training is made of, from a job: what trains, the objective, optimiser, batches, validation."""

from typing import Any

import torch
from torch import nn

from longtail.augment.building import build_mix
from longtail.errors import UserError
from longtail.losses import LOSSES
from longtail.models.classifier import Classifier
from longtail.models.heads.two_branch import TwoBranchHead
from longtail.running.log import Log
from longtail.running.processes import World
from longtail.stages import OPTIMIZERS, SCHEDULES
from longtail.stages.active_classes import active_targets, class_counts, places_of
from longtail.stages.batches import Batches, Stream, second_sampler
from longtail.stages.component import NamedPart, as_yaml
from longtail.stages.draws import Draws, Plan
from longtail.stages.ema import Average
from longtail.stages.inputs import Inputs, second_seed
from longtail.stages.job import TrainJob
from longtail.stages.keeping import build_keeper
from longtail.stages.learner import Learner, shared
from longtail.stages.micro_batches import MicroBatches
from longtail.stages.mistakes import at
from longtail.stages.objective import LossContext, Objective, build_objective, initial_bias
from longtail.stages.param_groups import param_groups
from longtail.stages.precision import Precision
from longtail.stages.recipe import Best, Stage
from longtail.stages.study_draws import Companions, StudyDraws, drawn_studies
from longtail.stages.tail import tail_of
from longtail.stages.training import Training
from longtail.stages.trying_parts import made_optimizer
from longtail.stages.unused import every_gradient
from longtail.stages.validation import Validator

_EPOCHS = 10  # where a recipe names neither epochs nor steps


def set_up(job: TrainJob, inputs: Inputs, precision: Precision, world: World) -> Training:
    """A training that stands at its beginning; the model is on its device, what is frozen is frozen."""
    settings, model = job.settings, inputs.model
    targets = active_targets(job.targets, job.active)
    mix: Any = None if settings.mix is None else _mix(settings.mix, targets[job.train_rows], int(job.active.sum()))
    batches, plan = _batches(job, inputs, targets, mix, precision, world)
    torch.manual_seed(job.seed)
    objective = _objective(job, model, targets, plan, mixed=mix is not None).to(precision.device)
    spared = _start_bias(job, model, initial_bias(objective))
    precision.placed(model)
    with at("stages", job.name, "optimizer"):
        optimizer = _optimizer(settings, model, objective, spared)
    lr = optimizer.defaults["lr"] if optimizer is not None else 0.0
    rate = SCHEDULES.find(settings.schedule.name).function(plan.total, plan.per_epoch, lr, **settings.schedule.settings)
    average = None if settings.ema is None else Average(model, decay=settings.ema.decay, warmup=settings.ema.warmup)
    learner, scaler = Learner(model, objective, precision), precision.scaler()
    look = world.size > 1 and not every_gradient(learner, batches.make(0, 0))
    if settings.compile:
        model.backbone.compile()
    micro = MicroBatches(
        shared(learner, world, look=look),
        objective,
        world,
        size=None if settings.micro_batch == "auto" or model.head.of_studies else settings.micro_batch,
        largest=batches.first.draws.largest(),
        find=settings.micro_batch == "auto" and not model.head.of_studies,
        scale=scaler.scale if scaler is not None else lambda loss: loss,
    )
    return Training(
        job=job,
        world=world,
        precision=precision,
        model=model,
        objective=objective,
        learner=learner,
        optimizer=optimizer,
        rate=rate,
        lr=lr,
        average=average,
        scaler=scaler,
        batches=batches,
        plan=plan,
        micro=micro,
        validator=_validator(job, inputs, targets, precision, world),
        keeper=build_keeper(job.name, settings, job.task, len(job.valid_rows) > 0),
        log=Log(job.folder / "log.jsonl", job.on_event, world.first),
    )


def _mix(part: NamedPart, targets: Any, classes: int) -> Any:
    return build_mix(as_yaml(part), class_counts(targets, classes).tolist())


def _batches(
    job: TrainJob, inputs: Inputs, targets: Any, mix: Any, precision: Precision, world: World
) -> tuple[Batches, Plan]:
    settings = job.settings
    if settings.epochs is not None and settings.steps is not None:
        raise UserError(f"stage '{job.name}' has both epochs and steps; give one of them.")

    def draws(sampler: NamedPart, seed: int) -> Draws | StudyDraws:
        epochs = settings.epochs if settings.epochs is not None else _EPOCHS
        rows, batch, images = job.train_rows, settings.batch_size, images_of_study(job)
        if images:
            batch = drawn_studies(batch, images, world)
        inner = Draws(sampler, targets, rows, batch=batch, seed=seed, epochs=epochs, world=world, studies=studies)
        if not images or job.studies is None:
            return inner
        return StudyDraws(inner, Companions(job.studies, rows, images, seed))

    studies = _studies(job, mixed=mix is not None)
    relabel = None if job.paste is None else job.paste.targets
    first = Stream(draws(settings.sampler, job.seed), inputs.train, relabel)
    second = None
    if isinstance(inputs.model.head, TwoBranchHead) or (mix is not None and second_sampler(mix) == "class_aware"):
        if mix is not None and isinstance(inputs.model.head, TwoBranchHead):
            raise UserError(f"stage '{job.name}' has the head two_branch and mixes images; leave 'mix' out.")
        second = Stream(draws(NamedPart(second_sampler(mix)), second_seed(job.seed)), inputs.second, relabel)
    per_epoch = first.draws.per_epoch
    total = settings.steps if settings.steps is not None else per_epoch * first.draws.epochs
    if not any(parameter.requires_grad for parameter in inputs.model.parameters()):
        total = 0  # such as a head of class means
    made = Batches(
        first,
        second,
        targets,
        mix=mix,
        num_classes=int(job.active.sum()),
        sources=job.sources,
        studies=studies,
        views=job.views,
        device=precision.device,
        seed=job.seed,
        world=world,
        ahead=inputs.ahead,
    )
    return made, Plan(per_epoch, total)


def _studies(job: TrainJob, *, mixed: bool) -> Any:
    """The studies of all rows where a loss reads them; None where none does."""
    readers = [part.name for part in job.settings.loss or [] if reads_studies(part.name)]
    if not readers:
        return None
    if job.studies is None:
        raise UserError(f"the loss '{readers[0]}' needs the column 'study'; name it with the role 'study'.")
    if mixed or isinstance(job.model.head, TwoBranchHead):
        raise UserError(f"the loss '{readers[0]}' reads studies, which mixed images have not; take 'mix' out.")
    return job.studies


def images_of_study(job: TrainJob) -> int:
    """How many images of a study the head reads at most; 0 for a head of single images."""
    head: Any = job.model.head
    if not head.of_studies:
        return 0
    if job.studies is None:
        raise UserError(f"stage '{job.name}' has a head that reads studies; name the column with the role 'study'.")
    if job.settings.mix is not None or any(reads_studies(part.name) for part in job.settings.loss or []):
        raise UserError(f"stage '{job.name}' has a head that reads whole studies; take mix and losses of studies out.")
    return int(head.images)


def reads_studies(loss: str) -> bool:
    """Whether a loss compares the images of a study."""
    return getattr(LOSSES.find(loss).function, "needs", "logits") == "studies"


def _objective(job: TrainJob, model: Classifier, targets: Any, plan: Plan, *, mixed: bool) -> Objective:
    classes = int(job.active.sum())
    default = NamedPart("bce" if job.task == "multilabel" else "cross_entropy")
    context = LossContext(
        class_counts=class_counts(targets[job.train_rows], classes).tolist(),
        num_rows=len(job.train_rows),
        num_classes=classes,
        feature_dim=model.backbone.width,
    )
    return build_objective(
        job.settings.loss or [default],
        context,
        places=places_of(job.active),
        epochs=plan.epochs,
        class_weights=job.settings.class_weights,
        defer=job.settings.defer,
        mixed_classes=mixed and job.task == "singlelabel",
    )


def _start_bias(job: TrainJob, model: Classifier, value: float | None) -> frozenset[str]:
    """Set the last bias as a loss asks, in a head that starts anew; that bias is then spared from weight decay."""
    names = [name for name in model.head.class_rows if name.rpartition(".")[2] == "bias"]
    if value is None or not names:
        return frozenset()
    found = dict(model.head.named_parameters())
    if job.settings.parent is None or job.settings.hand_over.head == "reset":
        for name in names:
            if name in found:
                nn.init.constant_(found[name], value)
    return frozenset(f"head.{name}" for name in names)


def _optimizer(
    settings: Stage, model: Classifier, objective: Objective, spared: frozenset[str]
) -> torch.optim.Optimizer | None:
    groups = param_groups(model, objective, settings.rates, spared)
    if not groups:
        return None
    return made_optimizer(OPTIMIZERS.find(settings.optimizer.name), groups, settings.optimizer.settings)


def _validator(job: TrainJob, inputs: Inputs, targets: Any, precision: Precision, world: World) -> Validator | None:
    if not len(job.valid_rows):
        return None
    return Validator(
        read=inputs.valid,
        rows=job.valid_rows,
        targets=targets[job.valid_rows],
        active=job.active,
        task=job.task,
        sources=job.sources,
        batch_size=job.settings.batch_size,
        precision=precision,
        world=world,
        studies=job.studies,
        views=job.views,
        kept=job.settings.keep.best if isinstance(job.settings.keep, Best) else None,
        tail=tail_of(job.settings, job.task, job.targets, job.train_rows, job.active),
    )
