"""Which epoch's weights a stage keeps, and when it stops early."""

from dataclasses import dataclass
from typing import Any

from longtail.data.manifest import Task
from longtail.errors import UserError
from longtail.stages.recipe import Best, EarlyStop, Stage
from longtail.stages.validation import Metrics, check_metric, lower_is_better


@dataclass
class Keeper:
    """The best epoch so far by a metric, or the last one; `since` counts validations without a gain."""

    metric: str | None
    lower: bool = False
    early: EarlyStop | None = None
    epoch: int = 0  # from 1; 0: none yet
    value: float | None = None
    mark: float | None = None  # the value that early stopping compares with
    since: int = 0

    def offer(self, epoch: int, metrics: Metrics | None) -> bool:
        """Whether the weights after this epoch are the ones to keep now; undefined values never are."""
        if self.metric is None:
            self.epoch = epoch
            return True
        if metrics is None:
            return False
        value = metrics[self.metric]
        self._count(value)
        if value is None or (self.value is not None and not self._gain(value, self.value) > 0):
            return False
        self.epoch, self.value = epoch, value
        return True

    @property
    def stops(self) -> bool:
        """Whether the training has gone without a gain for too long."""
        return self.early is not None and self.since >= self.early.patience

    def state(self) -> dict[str, Any]:
        """What a checkpoint holds."""
        return {"epoch": self.epoch, "value": self.value, "mark": self.mark, "since": self.since}

    def take(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint's state."""
        self.epoch, self.value, self.mark, self.since = (state[k] for k in ("epoch", "value", "mark", "since"))

    def _count(self, value: float | None) -> None:
        enough = self.early.at_least if self.early else 0.0
        if value is not None and (self.mark is None or self._gain(value, self.mark) > enough):
            self.mark, self.since = value, 0
        else:
            self.since += 1

    def _gain(self, new: float, old: float) -> float:
        return old - new if self.lower else new - old


def build_keeper(name: str, settings: Stage, task: Task, validated: bool) -> Keeper:
    """The keeper that a stage's `keep` and `early_stop` ask for."""
    if not isinstance(settings.keep, Best):
        if settings.early_stop is not None:
            raise UserError(f"stage '{name}' has an early_stop but keeps the last epoch; write keep: {{best: METRIC}}.")
        return Keeper(None)
    check_metric(settings.keep.best, task)
    if not validated:
        raise UserError(
            f"stage '{name}' keeps the best {settings.keep.best} but has no validation rows; write keep: last, or"
            " train on other rows than the validation split."
        )
    return Keeper(settings.keep.best, lower_wins(settings.keep), settings.early_stop)


def lower_wins(keep: Best) -> bool:
    """Whether a smaller value of the metric is better."""
    return keep.direction == "min" or (keep.direction == "auto" and lower_is_better(keep.best))
