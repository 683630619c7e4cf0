"""Curves from a log: repeated epochs, missing values, no validation."""

from longtail.report.run_folder import StageFacts
from longtail.report.training_log import stage_chart, training_curves


def _epoch(epoch: int, **said: object) -> dict[str, object]:
    return {"event": "epoch", "epoch": epoch, "loss": 1.0 / (epoch + 1), "lr": 0.1, "image_size": 224, **said}


def test_an_epoch_done_again_counts_once() -> None:
    log = [{"event": "start"}, _epoch(0), _epoch(1, loss=9.0), {"event": "resume"}, _epoch(1), {"event": "end"}]
    curves = training_curves(log)
    assert curves["loss"] == {"training": ([0, 1], [1.0, 0.5])}
    assert list(curves) == ["loss", "learning rate", "image size"]


def test_validation_where_it_was_done() -> None:
    log = [
        _epoch(0, valid=None),
        _epoch(1, valid={"map": 0.3, "loss": 0.7, "mauc": None}),
        _epoch(2, valid={"map": 0.4}),
    ]
    curves = training_curves(log)
    assert curves["loss"]["validation"] == ([1], [0.7])
    assert curves["validation map"] == {"map": ([1, 2], [0.3, 0.4])}


def test_values_that_are_no_numbers_are_left_out() -> None:
    assert "learning rate" not in training_curves([_epoch(0, lr="warm", loss=float("nan"))])
    assert stage_chart(StageFacts("s", {}, [{"event": "start"}], None)) is None
    chart = stage_chart(StageFacts("s", {"kept": {"epoch": "?"}}, [_epoch(0)], None))
    assert chart is not None
    assert chart.title == "Training of s"
