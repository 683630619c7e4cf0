"""The whole loop: kills, resumes, several processes, what is written, and what is refused."""

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from longtail.errors import UserError
from longtail.models import build_backbone
from longtail.pretrain.loop import CHECKPOINT, LOG, WEIGHTS, pretrain, spread
from longtail.pretrain.monitor import Labelled
from longtail.pretrain.settings import Dinov2Settings
from longtail.running.checkpoint import write_checkpoint
from longtail.running.log import read_log

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 1), dtype=np.uint8)
TARGETS = (PIXELS[:, :16].mean((1, 2)) > PIXELS[:, 16:].mean((1, 2))).astype(np.float32)
LABELLED = Labelled(PIXELS, TARGETS, np.arange(12), np.arange(12, 20), k=3)


def _same(one: Path, two: Path) -> bool:
    a, b = load_file(one), load_file(two)
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_interrupted_and_resumed_it_ends_with_the_same_bits(tiny: Dinov2Settings, tmp_path: Path) -> None:
    whole = pretrain(PIXELS, tiny, tmp_path / "whole", labelled=LABELLED)
    for stop in (1, 2, 5):  # the steps 1 and 5 are after the last checkpoint and done again
        assert pretrain(PIXELS, tiny, tmp_path / "parts", labelled=LABELLED, checkpoint_every=2, stop_at=stop).step
    done = pretrain(PIXELS, tiny, tmp_path / "parts", labelled=LABELLED, checkpoint_every=2)
    assert done.step == whole.step == 6
    assert whole.weights is not None
    assert _same(whole.weights, tmp_path / "parts" / WEIGHTS)
    assert _same(tmp_path / "whole" / CHECKPOINT, tmp_path / "parts" / CHECKPOINT)
    one, two = (
        [(e["epoch"], e["loss"], e["valid"]) for e in read_log(tmp_path / each / LOG) if e["event"] == "epoch"]
        for each in ("whole", "parts")
    )
    assert one == two
    told = [line["event"] for line in read_log(tmp_path / "parts" / LOG)]
    assert told[0] == "start"
    assert (told.count("epoch"), told.count("end")) == (tiny.epochs, 1)
    assert set(whole.measures) == {"rank", "entropy", "sharpness", "knn_map", "linear_map"}


def test_the_weights_load_as_a_backbone_of_any_size(tiny: Dinov2Settings, tmp_path: Path) -> None:
    done = pretrain(PIXELS, tiny, tmp_path, rows=[1, 2, 3, 5, 8])
    assert done.weights is not None
    for weights in (done.weights, tmp_path):
        backbone = build_backbone(tiny.backbone, weights=weights, channels=1, image_size=32)
        state = load_file(done.weights)
        torch.testing.assert_close(backbone.model.state_dict(), state)
    build_backbone(tiny.backbone, weights=tmp_path, channels=3, image_size=64)


def test_going_on_at_a_higher_resolution_and_from_several_sources(tiny: Dinov2Settings, tmp_path: Path) -> None:
    pretrain([PIXELS, PIXELS[:3]], tiny, tmp_path / "small", stop_at=None)
    larger = replace(tiny, global_size=48, local_size=32, weights=tmp_path / "small", epochs=1)
    assert pretrain(PIXELS, larger, tmp_path / "large").weights is not None


def test_watched_rows_are_of_all_sources() -> None:
    assert spread(np.arange(100, 200), 5).tolist() == [100, 125, 150, 174, 199]
    assert spread(np.arange(3), 5).tolist() == [0, 1, 2]


def test_refusals(tiny: Dinov2Settings, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="row 20 is none of the 20 images"):
        pretrain(PIXELS, tiny, tmp_path, rows=[0, 20])
    with pytest.raises(UserError, match="no images"):
        pretrain(PIXELS, tiny, tmp_path, rows=[])
    with pytest.raises(UserError, match="a batch of 4 is more than the 3 images"):
        pretrain(PIXELS, tiny, tmp_path, rows=[1, 4, 7])
    with pytest.raises(UserError, match="unknown on_collapse 'halt'"):
        pretrain(PIXELS, tiny, tmp_path, on_collapse="halt")  # type: ignore[arg-type]
    pretrain(PIXELS, tiny, tmp_path, stop_at=3)
    with pytest.raises(UserError, match="was written with seed 0 and now it is 1"):
        pretrain(PIXELS, tiny, tmp_path, seed=1)
    (tmp_path / CHECKPOINT).write_bytes(b"half")
    with pytest.raises(UserError, match="is no whole checkpoint"):
        pretrain(PIXELS, tiny, tmp_path)
    save_file({"taken": torch.tensor(3)}, tmp_path / CHECKPOINT, metadata={"longtail": "{}"})  # as it once was written
    with pytest.raises(UserError, match="is of another version of longtail; remove it"):
        pretrain(PIXELS, tiny, tmp_path)
    write_checkpoint(tmp_path / CHECKPOINT, {}, {"epoch": 1})
    with pytest.raises(UserError, match="was written with images None and now it is 20"):
        pretrain(PIXELS, tiny, tmp_path)


def test_a_collapse_is_told(tiny: Dinov2Settings, tmp_path: Path) -> None:
    grey = np.full((8, 32, 32, 1), 99, np.uint8)
    with pytest.warns(RuntimeWarning, match="the features have collapsed"):
        pretrain(grey, replace(tiny, epochs=1), tmp_path / "a")
    assert any(line["event"] == "collapse" for line in read_log(tmp_path / "a" / LOG))
    with pytest.raises(UserError, match="raise koleo_weight"):
        pretrain(grey, replace(tiny, epochs=1), tmp_path / "b", on_collapse="stop")
    with pytest.raises(UserError, match="raise koleo_weight"):
        pretrain(grey, replace(tiny, epochs=1, on_collapse="stop"), tmp_path / "c")


def test_a_loss_that_is_no_number_stops_before_it_is_saved(tiny: Dinov2Settings, tmp_path: Path) -> None:
    with warnings.catch_warnings(), pytest.raises(UserError, match="no number any more at step 2"):
        warnings.simplefilter("ignore")
        broken = PIXELS.astype(np.float32)
        broken[:] = np.nan
        pretrain(broken, tiny, tmp_path, checkpoint_every=2)
    assert not (tmp_path / CHECKPOINT).exists()
    assert read_log(tmp_path / LOG)[-1]["event"] == "nan"
