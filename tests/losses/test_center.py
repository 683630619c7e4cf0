import pytest
import torch

from longtail.errors import UserError
from longtail.losses.center import Center, center_loss, center_steps


def _batch() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return torch.randn(5, 3), torch.tensor([0, 2, -1, 0, 2]), torch.randn(4, 3)


def test_against_loops() -> None:
    features, target, centers = _batch()
    squares = [
        0.0 if y < 0 else sum((x - c) ** 2 for x, c in zip(row, centers[y].tolist(), strict=True))
        for row, y in zip(features.tolist(), target.tolist(), strict=True)
    ]
    assert center_loss(features, target, centers).item() == pytest.approx(sum(squares), rel=1e-5)
    assert center_loss(features, target, centers, reduction="mean").item() == pytest.approx(sum(squares) / 4, rel=1e-5)
    assert center_loss(features, target, centers, reduction="none").tolist() == pytest.approx(squares, rel=1e-5)


def test_wens_steps_against_loops() -> None:
    features, target, centers = _batch()
    expected = torch.zeros_like(centers)
    for j in range(4):
        rows = features[target == j]
        expected[j] = (centers[j] - rows).sum(0) / (1 + len(rows))
    torch.testing.assert_close(center_steps(features, target, centers), expected)


def test_counted_centres_move_themselves_in_training_only() -> None:
    features, target, centers = _batch()
    loss = Center(4, 3)
    loss.centers.data.copy_(centers)
    features.requires_grad_()
    value = loss(features, target)
    torch.testing.assert_close(value, center_loss(features, target, centers))
    (gradient,) = torch.autograd.grad(value, features)
    known = target >= 0
    torch.testing.assert_close(gradient[known], 2 * (features - centers[target.clamp(min=0)])[known])
    moved = centers - 0.5 * center_steps(features.detach(), target, centers)
    torch.testing.assert_close(loss.centers.data, moved)
    assert (loss.centers[[1, 3]] == centers[[1, 3]]).all()
    loss.eval()(features, target)
    torch.testing.assert_close(loss.centers.data, moved)
    assert not loss.centers.requires_grad


def test_centres_find_the_means() -> None:
    torch.manual_seed(1)
    loss = Center(2, 3)
    for _ in range(50):
        features = torch.randn(64, 3) * 0.1
        target = torch.arange(64) % 2
        loss(features + target[:, None] * 5.0, target)
    torch.testing.assert_close(loss.centers.data, torch.tensor([[0.0] * 3, [5.0] * 3]), atol=0.1, rtol=0)


def test_centres_by_gradient_are_left_to_the_optimiser() -> None:
    features, target, _ = _batch()
    loss = Center(4, 3, update="gradient")
    before = loss.centers.detach().clone()
    loss(features, target).backward()
    assert (loss.centers == before).all()
    assert loss.centers.grad is not None
    assert (loss.centers.grad[[1, 3]] == 0).all()


def test_centres_are_saved() -> None:
    assert list(Center(2, 3).state_dict()) == ["centers"]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("update", ["counted", "gradient"])
def test_large_features_in_narrow_types(dtype: torch.dtype, update: str) -> None:
    features = torch.full((2, 2048), 1e4, dtype=dtype, requires_grad=True)
    loss = Center(3, 2048, update=update)  # type: ignore[arg-type]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = loss(features, torch.tensor([0, 1]))
    assert value.dtype == torch.float32
    assert value.isfinite()
    assert value > 65504
    (gradient,) = torch.autograd.grad(value, features)
    assert gradient.isfinite().all()
    assert loss.centers.isfinite().all()


def test_a_batch_of_unknowns() -> None:
    features = torch.randn(2, 3, requires_grad=True)
    loss = Center(4, 3)
    before = loss.centers.detach().clone()
    value = loss(features, torch.tensor([-1, -1]))
    assert value == 0
    assert (torch.autograd.grad(value, features)[0] == 0).all()
    assert (loss.centers == before).all()


def test_gradient() -> None:
    features, target, centers = _batch()
    inputs = (features.double().requires_grad_(), centers.double().requires_grad_())
    assert torch.autograd.gradcheck(lambda x, c: center_loss(x, target, c), inputs)


def test_unknown_update() -> None:
    with pytest.raises(UserError, match="Did you mean 'counted'"):
        Center(2, 3, update="count")  # type: ignore[arg-type]
