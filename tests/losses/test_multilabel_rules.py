"""What every multi-label loss must obey; a loss that registers is checked here without another edit."""

import inspect
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from longtail.losses import LOSSES

COUNTS = [900, 120, 30, 4, 0]
CONTEXT = {"class_counts": COUNTS, "num_rows": 1000, "num_classes": 5}
NAMES = [
    name
    for name, entry in LOSSES.load().items()
    if entry.facts["task"] == "multilabel"
    and getattr(entry.function, "needs", None) != "studies"  # these read no labels
]
ROWS_AND_COLUMNS = {"two_way"}  # a single entry is no unit of these losses


def made(name: str, **options: Any) -> nn.Module:
    constructor = LOSSES.find(name).function
    names = inspect.signature(constructor).parameters
    return constructor(**{k: v for k, v in CONTEXT.items() if k in names}, **options)


def batch(rows: int = 6, *, unknown: bool = True) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(rows)
    logits = torch.randn(rows, 5, generator=generator, dtype=torch.float64) * 3
    target = (torch.rand(rows, 5, generator=generator) < 0.4).double()
    if unknown:
        target[torch.rand(rows, 5, generator=generator) < 0.3] = torch.nan
    return logits, target


def slope(loss: nn.Module, logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    leaf = logits.detach().clone().requires_grad_()
    value = loss(leaf, target)
    value.sum().backward()
    assert leaf.grad is not None
    return value.detach(), leaf.grad


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("rows", [1, 6])
def test_the_slope_is_the_derivative(name: str, rows: int) -> None:
    logits, target = batch(rows)
    target[0, 0] = 0.3  # a mixed image
    loss = made(name).double()
    assert torch.autograd.gradcheck(lambda z: loss(z, target), logits.requires_grad_())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_extreme_logits_stay_finite(name: str, dtype: torch.dtype) -> None:
    ends = torch.tensor([1e4, -1e4, 100, -100, 20, -20, 0.0])
    logits = ends.repeat_interleave(3)[:, None].expand(-1, 5).to(dtype)
    target = torch.tensor([0.0, 1.0, torch.nan]).repeat(7)[:, None].expand(-1, 5).to(dtype)
    for only in (slice(None), target[:, 0] == 1, target[:, 0] == 0):
        value, gradient = slope(made(name), logits[only], target[only])
        assert value.dtype == torch.float32
        assert gradient.dtype == dtype
        assert torch.isfinite(value)
        assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("name", NAMES)
def test_unknown_entries_take_no_part(name: str) -> None:
    logits, target = batch()
    unknown = target.isnan()
    value, gradient = slope(made(name), logits, target)
    again, _ = slope(made(name), torch.where(unknown, 50.0, logits), target)
    assert torch.equal(value, again)
    assert (gradient[unknown] == 0).all()
    assert gradient[~unknown].abs().sum() > 0


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_without_known_targets_is_zero_with_a_graph(name: str) -> None:
    value, gradient = slope(made(name), batch()[0], torch.full((6, 5), torch.nan))
    assert value == 0
    assert (gradient == 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_grad_mode_is_left_alone(name: str) -> None:
    logits, target = batch()
    loss = made(name)
    with torch.no_grad():
        assert not loss(logits.requires_grad_(), target).requires_grad
        assert not torch.is_grad_enabled()
    assert loss(logits, target).requires_grad
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("name", NAMES)
def test_inputs_are_not_written_to(name: str) -> None:
    logits, target = (tensor.float() for tensor in batch())
    before = logits.clone(), target.clone()
    made(name)(logits, target)
    assert torch.equal(logits, before[0])
    assert torch.equal(target.nan_to_num(7), before[1].nan_to_num(7))


@pytest.mark.parametrize("name", NAMES)
def test_autocast_changes_nothing(name: str) -> None:
    logits, target = (tensor.float() for tensor in batch())
    plain = made(name)(logits, target)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(made(name)(logits, target), plain)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ROWS_AND_COLUMNS])
def test_reductions_agree(name: str) -> None:
    logits, target = batch()
    each = made(name, reduction="none")(logits, target)
    mask = ~target.isnan()
    torch.testing.assert_close(made(name, reduction="sum")(logits, target), each.sum())
    count = mask.any(dim=1).sum() if each.ndim == 1 else mask.sum()
    torch.testing.assert_close(made(name, reduction="mean")(logits, target), each.sum() / count)
    leaf = logits.requires_grad_()
    torch.testing.assert_close(
        torch.autograd.grad(made(name, reduction="none")(leaf, target).sum(), leaf),
        torch.autograd.grad(made(name, reduction="sum")(leaf, target), leaf),
    )


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ROWS_AND_COLUMNS | {"soft_margin"}])
def test_a_mixed_target_mixes_the_losses(name: str) -> None:
    if name == "ldam_multilabel":
        pytest.skip("its margin mixes inside the logarithm")
    if name == "distribution_balanced":
        pytest.skip("its weights follow the target too")
    logits, _ = batch(unknown=False)
    at = {share: made(name, reduction="sum")(logits, torch.full((6, 5), share)) for share in (0.0, 0.3, 1.0)}
    torch.testing.assert_close(at[0.3], 0.7 * at[0.0] + 0.3 * at[1.0])


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_is_no_state_is_saved(name: str) -> None:
    assert not made(name).state_dict()
