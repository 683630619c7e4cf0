"""One training step: the teacher, what is frozen when, and a state that goes on with the same bits."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from longtail.errors import UserError
from longtail.pretrain.dinov2 import Dinov2
from longtail.pretrain.koleo import koleo_loss
from longtail.pretrain.settings import Dinov2Settings

PIXELS = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 1), dtype=np.uint8)
ROWS = np.arange(4)


def _made(settings: Dinov2Settings, seed: int = 0, channels: int = 1) -> Dinov2:
    return Dinov2(settings, channels=channels, steps_per_epoch=3, seed=seed)


def test_a_step_gives_finite_parts_and_moves_student_and_teacher(tiny: Dinov2Settings) -> None:
    method = _made(replace(tiny, warmup_epochs=0))
    before = {name: tensor.clone() for name, tensor in method.state_dict().items()}
    parts = method.step(PIXELS, ROWS)
    assert set(parts) == {"loss", "dino", "ibot", "koleo"}
    assert all(part.isfinite() for part in parts.values())
    expected = parts["dino"] + parts["ibot"] + tiny.koleo_weight * parts["koleo"]
    torch.testing.assert_close(parts["loss"], expected)
    after = method.state_dict()
    name = "trunk.backbone.model.blocks.0.attn.qkv.weight"
    moved = before[f"teacher.{name}"] + 0.02 * (after[f"student.{name}"] - before[f"teacher.{name}"])
    assert not torch.equal(before[f"student.{name}"], after[f"student.{name}"])
    torch.testing.assert_close(after[f"teacher.{name}"], moved)
    assert torch.equal(before["student.dino_head.prototypes.weight"], after["student.dino_head.prototypes.weight"])


def test_the_same_seed_gives_the_same_bits_and_leaves_others_random_numbers_alone(tiny: Dinov2Settings) -> None:
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    one = _made(tiny)
    one.step(PIXELS, ROWS)
    assert torch.equal(torch.rand(1), expected)
    two = _made(tiny)
    two.step(PIXELS, ROWS)
    assert all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), two.state_dict().values(), strict=True))
    assert _made(tiny, seed=1).step(PIXELS, ROWS)["loss"] != _made(tiny).step(PIXELS, ROWS)["loss"]


def test_a_saved_state_goes_on_with_the_same_bits(tiny: Dinov2Settings) -> None:
    whole, first, second = (_made(tiny) for _ in range(3))
    for _ in range(4):
        whole.step(PIXELS, ROWS)
    for _ in range(2):
        first.step(PIXELS, ROWS)
    second.load_state_dict(first.state_dict())
    for _ in range(2):
        second.step(PIXELS, ROWS)
    states = whole.state_dict(), second.state_dict()
    assert states[0].keys() == states[1].keys()
    assert [name for name in states[0] if not torch.equal(states[0][name], states[1][name])] == []


def test_a_state_of_other_settings_is_refused(tiny: Dinov2Settings) -> None:
    with pytest.raises(UserError, match="other settings of dinov2"):
        _made(tiny).load_state_dict(_made(replace(tiny, prototypes=8)).state_dict())


def test_a_cnn_and_colour(tiny: Dinov2Settings) -> None:
    method = _made(replace(tiny, backbone="test_resnet", ibot_weight=0.0, look="colour", drop_path=0.0), channels=3)
    parts = method.step(np.repeat(PIXELS, 3, 3), ROWS)
    assert set(parts) == {"loss", "dino", "koleo"}
    assert parts["loss"].isfinite()


def test_half_precision(tiny: Dinov2Settings) -> None:
    parts = _made(replace(tiny, precision="bf16")).step(PIXELS, ROWS)
    whole = _made(tiny).step(PIXELS, ROWS)
    torch.testing.assert_close(parts["loss"], whole["loss"], rtol=0.05, atol=0.05)
    assert parts["loss"] != whole["loss"]


def test_learning_lowers_the_loss(tiny: Dinov2Settings) -> None:
    settings = replace(tiny, warmup_epochs=0, epochs=10, learning_rate=0.05, drop_path=0.0, koleo_weight=0.0)
    method = _made(settings)
    losses = [float(method.step(PIXELS, ROWS)["loss"]) for _ in range(30)]
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) - 0.3


def test_in_parts_the_gradient_is_that_of_the_whole_batch(tiny: Dinov2Settings) -> None:
    settings = replace(tiny, drop_path=0.0, koleo_weight=0.0, mask_probability=0.6)
    whole, parted = _made(settings), _made(replace(settings, micro_batch=3))  # 3 images and then 1
    told = whole.step(PIXELS, ROWS), parted.step(PIXELS, ROWS)
    assert float(told[0]["ibot"]) > 0
    for name in ("loss", "dino", "ibot"):
        torch.testing.assert_close(told[1][name], told[0][name])
    for (name, one), two in zip(whole.student.named_parameters(), parted.student.parameters(), strict=True):
        if one.grad is not None:
            torch.testing.assert_close(two.grad, one.grad, rtol=1e-4, atol=1e-6, msg=name)


def test_in_parts_neighbours_are_looked_for_within_a_part(tiny: Dinov2Settings) -> None:
    settings = replace(tiny, drop_path=0.0, ibot_weight=0.0)
    expected = _made(settings)
    with torch.no_grad():
        features = expected.student(expected.crops(PIXELS, ROWS, 0).large, None, None, True).features.view(2, 4, -1)
    halves = [koleo_loss(view[part]) for view in features for part in (slice(2), slice(2, 4))]
    found = _made(replace(settings, micro_batch=2)).step(PIXELS, ROWS)
    torch.testing.assert_close(found["koleo"], torch.stack(halves).sum() / 2)
