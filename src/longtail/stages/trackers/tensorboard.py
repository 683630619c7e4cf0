"""TensorBoard: `tensorboard --logdir RUN/tracking/tensorboard` shows a curve for each stage."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from longtail.errors import UserError
from longtail.stages.trackers import TRACKERS


@TRACKERS.register("tensorboard")
class TensorBoard:
    """Event files in the run's folder, a line for each stage."""

    def __init__(self, run: Path, recipe: str) -> None:  # noqa: ARG002 - every tracker is told the recipe
        self.folder = run / "tracking" / "tensorboard"
        self.writers: dict[str, Any] = {}
        self._writer_of = _writer()

    def numbers(self, stage: str, step: int, values: Mapping[str, float]) -> None:
        """A point of each curve."""
        if stage not in self.writers:
            self.writers[stage] = self._writer_of(str(self.folder / stage))
        for name, value in values.items():
            self.writers[stage].add_scalar(name, value, step)
        self.writers[stage].flush()

    def close(self) -> None:
        """Close the event files."""
        for writer in self.writers.values():
            writer.close()


def _writer() -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise UserError("tracking with tensorboard needs it: pip install 'longtail[track]'.") from error
    return SummaryWriter
