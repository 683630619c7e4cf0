"""What a stage minimises: a weighted sum of losses of one forward, each counting for a part of the training."""

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from longtail.errors import UserError, listing, unknown_name
from longtail.losses import LOSSES
from longtail.models.classifier import Classifier
from longtail.models.features import Features
from longtail.models.heads.two_branch import TwoBranchHead, cumulative_mix
from longtail.stages.active_classes import active_logits
from longtail.stages.batch import Batch
from longtail.stages.component import NamedPart
from longtail.stages.loss_term import Term, settings_of


@dataclass(frozen=True)
class LossContext:
    """What losses may ask for by the names of their parameters: the stage's own training rows."""

    class_counts: list[int]
    num_rows: int
    num_classes: int
    feature_dim: int


class Objective(nn.Module):
    """The loss of a batch; `places` `(A,)` are the classes that take part where some are dropped."""

    places: Tensor | None

    def __init__(self, terms: Sequence[Term], places: Tensor | None, epochs: int) -> None:
        super().__init__()
        self.terms = nn.ModuleList(terms)
        self.register_buffer("places", places, persistent=False)
        self.epochs, self.epoch, self.progress = max(epochs, 1), 0, 0.0
        self._of_progress = [m for m in self.modules() if m is not self and hasattr(m, "set_progress")]
        self._of_epoch = [m for m in self.modules() if m is not self and hasattr(m, "set_epoch")]

    def set_progress(self, fraction: float) -> None:
        """Tell every part how much of the training is done, 0 to 1."""
        self.progress = fraction
        for module in self._of_progress:
            cast(Any, module).set_progress(fraction)

    def set_epoch(self, epoch: int) -> None:
        """Tell every part the epoch, 0 for the first."""
        self.epoch = epoch
        for module in self._of_epoch:
            cast(Any, module).set_epoch(epoch)

    def now(self) -> list[Term]:
        """The terms that count at this point of the training."""
        return [term for term in self.all_terms() if term.when.holds(self.progress)]

    def masses(self, batch: Batch) -> Tensor:
        """What each present term's mean divides by, `(T,)`; of the second stream `(2, T)` altogether."""
        own = torch.stack([term.mass(batch.target, batch.other, batch.share) for term in self.now()])
        if batch.reversed_target is None:
            return own
        return torch.stack([own, torch.stack([term.mass(batch.reversed_target) for term in self.now()])])

    def forward(self, model: Classifier, batch: Batch, shares: Tensor | None = None) -> Tensor:
        """The loss; `shares`, of `masses`' shape, say how much of each mean this micro-batch is."""
        if batch.reversed_images is not None and batch.reversed_target is not None:
            return self._two_branch(model, batch, shares)
        terms = self.now()
        pooled = any(term.needs == "features" for term in terms)
        known = {"study": batch.study, "view": batch.view} if model.head.of_studies else {}
        features = model.features(batch.images, with_pooled=pooled, source=batch.source, **known)
        level_loss = getattr(model.head, "level_loss", None)
        logits = None if level_loss else model.head(features)
        values = [self._value(term, model, features, logits, batch) for term in terms]
        return _total(terms, values, shares)

    def _value(self, term: Term, model: Classifier, features: Features, logits: Tensor | None, batch: Batch) -> Tensor:
        if term.needs == "features":
            return self._of(term, features.pooled, batch)
        if term.needs == "studies":
            return self._of_studies(term, logits, batch)
        if logits is None:  # a head that wants a loss of every level
            head: Any = model.head
            value: Tensor = head.level_loss(
                features, batch.target, lambda found, _: self._of(term, active_logits(found, self.places), batch)
            )
            return value
        return self._of(term, active_logits(logits, self.places), batch)

    def _of(self, term: Term, inputs: Tensor, batch: Batch) -> Tensor:
        given = (inputs.float(), batch.target, batch.other, batch.share)
        if not torch.is_autocast_enabled(inputs.device.type):  # a context costs as much as a small layer
            return cast(Tensor, term(*given))
        with torch.autocast(inputs.device.type, enabled=False):
            return cast(Tensor, term(*given))

    def _of_studies(self, term: Term, logits: Tensor | None, batch: Batch) -> Tensor:
        if logits is None or batch.study is None:
            raise UserError(
                f"the loss '{term.name}' reads studies of plain batches; take mix or the head's losses out."
            )
        with torch.autocast(logits.device.type, enabled=False):
            return cast(Tensor, term.loss(active_logits(logits.float(), self.places), batch.study))

    def _two_branch(self, model: Classifier, batch: Batch, shares: Tensor | None) -> Tensor:
        """BBN: one set of logits of two images, a loss for each one's class."""
        head, terms = model.head, self.now()
        assert isinstance(head, TwoBranchHead)
        assert batch.reversed_images is not None
        assert batch.reversed_target is not None
        mix = cumulative_mix(self.epoch + 1, self.epochs)
        plain = model.features(batch.images, source=batch.source)
        rare = model.features(batch.reversed_images, source=batch.reversed_source)
        logits = active_logits(head.pair(plain, rare, mix), self.places)
        second = Batch(batch.reversed_images, batch.reversed_target)
        own = _total(terms, [self._of(term, logits, batch) for term in terms], None if shares is None else shares[0])
        other = _total(terms, [self._of(term, logits, second) for term in terms], None if shares is None else shares[1])
        return mix * own + (1 - mix) * other

    def all_terms(self) -> Iterator[Term]:
        """Every term, whether it counts now or not."""
        for term in self.terms:
            yield cast(Term, term)


def build_objective(
    losses: Sequence[NamedPart],
    context: LossContext,
    *,
    places: Tensor | None,
    epochs: int,
    class_weights: str | list[float] | None = None,
    defer: float = 0.0,
    mixed_classes: bool = False,
) -> Objective:
    """The losses of a recipe; those that take `class_weight` get `class_weights`, from the fraction `defer` on."""
    extra = {} if class_weights is None else {"class_weight": class_weights, "weight_from": defer}
    terms = [_term(part, context, extra, mixed_classes) for part in losses]
    if extra and not any(hasattr(term.loss, "class_weight") for term in terms):
        takers = [name for name, entry in LOSSES.load().items() if "class_weight" in _parameters(entry.function)]
        raise UserError(
            f"class_weights are given, but none of the losses {listing([part.name for part in losses])} takes them;"
            f" use one of {listing(takers)}, or leave class_weights out."
        )
    return Objective(terms, places, epochs)


def initial_bias(objective: Objective) -> float | None:
    """What a loss wants the last layer's bias to start at, or None."""
    found = (getattr(term.loss, "initial_bias", None) for term in objective.all_terms())
    return next((float(bias) for bias in found if bias is not None), None)


def _term(part: NamedPart, context: LossContext, extra: dict[str, Any], mixed_classes: bool) -> Term:
    maker = LOSSES.find(part.name).function
    own, weight, when = settings_of(part.settings, part.name)
    known = _parameters(maker)
    for key in own:
        if key not in known:
            raise unknown_name("setting", key, known, f"loss '{part.name}'")
    given = {key: value for key, value in {**vars(context), **extra}.items() if key in known}
    return Term(part.name, maker(**{**given, **own}), weight, when, by_row=mixed_classes)


def _parameters(maker: Any) -> list[str]:
    return list(inspect.signature(maker).parameters)


def _total(terms: Sequence[Term], values: Sequence[Tensor], shares: Tensor | None) -> Tensor:
    """The weighted sum, each value times its share."""
    total: Tensor | None = None
    for place, (term, value) in enumerate(zip(terms, values, strict=True)):
        part = value * term.weight if term.weight != 1 else value
        part = part if shares is None else part * shares[place]
        total = part if total is None else total + part
    if total is None:
        raise UserError(
            "no loss counts at this point of the training; let the 'from' and 'until' of losses leave no gap."
        )
    return total
