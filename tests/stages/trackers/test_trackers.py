"""Trackers: which numbers go out, and that going on with a run goes on with its tracker run."""

import sys

import pytest

from longtail.errors import UserError
from longtail.stages.trackers import TRACKERS, numbers_of, open_trackers, track

EPOCH = {
    "event": "epoch", "epoch": 1, "step": 7, "loss": 0.5, "lr": 0.1, "image_size": 32, "images_per_s": 9.0,
    "valid": {"map": 0.25, "mauc": None, "ap": [0.1, 0.4]}, "seconds": 1.0,
}  # fmt: skip


class Heard:
    def __init__(self):
        self.lines = []

    def numbers(self, stage, step, values):
        self.lines.append((stage, step, dict(values)))

    def close(self):
        pass


def test_only_epochs_are_told_and_only_numbers():
    heard = Heard()
    track([heard], "rough", EPOCH)
    track([heard], "rough", {"event": "start", "steps": 3})
    numbers = {"loss": 0.5, "lr": 0.1, "image_size": 32.0, "images_per_s": 9.0, "val/map": 0.25}
    assert heard.lines == [("rough", 7, numbers)]
    assert numbers_of({**EPOCH, "valid": None}).keys() == {"loss", "lr", "image_size", "images_per_s"}


def test_tensorboard_writes_curves_that_can_be_read_back(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for step in (7, 14):  # a second opening is the run going on
        (tracker,) = open_trackers(["tensorboard"], tmp_path, "recipe")
        track([tracker], "rough", {**EPOCH, "step": step})
        tracker.close()
    read = EventAccumulator(str(tmp_path / "tracking" / "tensorboard" / "rough"))
    read.Reload()
    assert [(point.step, point.value) for point in read.Scalars("val/map")] == [(7, 0.25), (14, 0.25)]


def test_mlflow_goes_on_with_the_same_run(tmp_path):
    pytest.importorskip("mlflow")
    ids = []
    for step in (7, 14):
        (tracker,) = open_trackers(["mlflow"], tmp_path, "recipe")
        track([tracker], "rough", {**EPOCH, "step": step})
        tracker.close()
        ids.append(tracker.id)
    assert ids[0] == ids[1]
    assert [point.step for point in tracker.client.get_metric_history(ids[0], "rough/val/map")] == [7, 14]


@pytest.mark.parametrize(
    ("name", "module"), [("tensorboard", "torch.utils.tensorboard"), ("mlflow", "mlflow"), ("wandb", "wandb")]
)
def test_a_tracker_that_is_not_installed_says_how_to_get_it(tmp_path, monkeypatch, name, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UserError, match="pip install"):
        open_trackers([name], tmp_path, "recipe")


def test_an_unknown_tracker_is_told():
    with pytest.raises(UserError, match="Did you mean 'mlflow'"):
        TRACKERS.find("mlfow")
