"""Weights & Biases: offline in the run's folder unless WANDB_MODE says otherwise."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from longtail.errors import UserError
from longtail.files import write_text
from longtail.stages.trackers import TRACKERS


@TRACKERS.register("wandb")
class WandB:
    """One W&B run for the run folder, metrics named `stage/metric` over that stage's steps."""

    def __init__(self, run: Path, recipe: str) -> None:
        wandb, folder = _library(), run / "tracking"
        folder.mkdir(parents=True, exist_ok=True)
        kept = folder / "wandb-run"
        if not kept.is_file():
            write_text(kept, uuid4().hex[:8])
        self.run = wandb.init(
            project=recipe,
            name=run.resolve().name,
            id=kept.read_text(encoding="utf-8").strip(),
            resume="allow",
            dir=str(folder),
            mode=os.environ.get("WANDB_MODE", "offline"),
        )

    def numbers(self, stage: str, step: int, values: Mapping[str, float]) -> None:
        """A point of each metric; W&B's own step only ever grows, so the stage's step is a metric too."""
        self.run.log({f"{stage}/step": step, **{f"{stage}/{name}": value for name, value in values.items()}})

    def close(self) -> None:
        """End the run; going on with it opens it again."""
        self.run.finish()


def _library() -> Any:
    try:
        import wandb
    except ImportError as error:
        raise UserError("tracking with wandb needs it: pip install 'longtail[track]'.") from error
    return wandb
