"""The line of an epoch."""

from longtail.cli.run_progress import epoch_line


def test_an_epoch_with_steps_and_one_without() -> None:
    event = {"event": "epoch", "epoch": 3, "loss": 0.25, "lr": 0.001, "valid": {"map": 0.5, "ap": [0.5]}}
    assert epoch_line("a", {**event, "images_per_s": 1234.0}).endswith(
        "a: epoch 3, loss 0.25, lr 0.001, val map 0.5, 1,234 images/s"
    )
    line = epoch_line("a", {**event, "candidate": "lr=0.1"})
    assert line.endswith("a (lr=0.1): epoch 3, loss 0.25, lr 0.001, val map 0.5")
    assert epoch_line("a", {"event": "epoch", "epoch": 0, "valid": {"map": 0.5}}).endswith("a: epoch 0, val map 0.5")


def test_a_number_is_not_said_twice() -> None:
    """LRAP over columns is the mean AP but for ties; a class's recall averaged is balanced accuracy."""
    several = {"map": 0.5, "lrap_columns": 0.5, "lrap": 0.5}
    assert epoch_line("a", {"epoch": 0, "valid": several}).endswith("val map 0.5, val lrap 0.5")
    assert "val lrap_columns 0.4" in epoch_line("a", {"epoch": 0, "valid": {**several, "lrap_columns": 0.4}})
    one = {"balanced_accuracy": 0.25, "mean_class_recall": 0.25}
    assert epoch_line("a", {"epoch": 0, "valid": one}).endswith("epoch 0, val mean_class_recall 0.25")
