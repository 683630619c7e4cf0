"""MLflow: an SQLite file in the run's folder, or the server that MLFLOW_TRACKING_URI names."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from longtail.errors import UserError
from longtail.files import write_text
from longtail.stages.trackers import TRACKERS


@TRACKERS.register("mlflow")
class MLflow:
    """One MLflow run for the run folder, metrics named `stage/metric`; its id lies beside it to go on with it."""

    def __init__(self, run: Path, recipe: str) -> None:
        folder = run / "tracking"
        folder.mkdir(parents=True, exist_ok=True)
        self.client = _client(folder)
        self.id = self._run(folder / "mlflow-run", recipe, run.resolve().name)

    def _run(self, kept: Path, recipe: str, name: str) -> str:
        """The id of the run that was begun before, or of a new one."""
        if kept.is_file():
            return kept.read_text(encoding="utf-8").strip()
        found = self.client.get_experiment_by_name(recipe)
        experiment = found.experiment_id if found else self.client.create_experiment(recipe)
        made = str(self.client.create_run(experiment, run_name=name).info.run_id)
        write_text(kept, made)
        return made

    def numbers(self, stage: str, step: int, values: Mapping[str, float]) -> None:
        """A point of each metric."""
        for name, value in values.items():
            self.client.log_metric(self.id, f"{stage}/{name}", value, step=step)

    def close(self) -> None:
        """Say that the run stands still; going on with it opens it again."""
        self.client.set_terminated(self.id)


def _client(folder: Path) -> Any:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # it would tell its makers of every run
    try:
        from mlflow import MlflowClient
    except ImportError as error:
        raise UserError("tracking with mlflow needs it: pip install 'longtail[mlflow]'.") from error
    return MlflowClient(os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{(folder / 'mlflow.db').resolve()}")
