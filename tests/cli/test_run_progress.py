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
