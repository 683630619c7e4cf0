import math

import pytest
import torch

from longtail.errors import UserError
from longtail.losses.supcon import SupCon, supcon_loss

TARGET = [0, 1, 0, 2, 1, 0]


def _by_hand(views: list[list[list[float]]], positive, *, temperature: float = 0.05, lonely: str = "skip") -> float:
    """The sums of the paper, anchor by anchor; `positive(i, j)` is how positive two rows are."""
    rows = [(i, [x / math.hypot(*view) for x in view]) for i, row in enumerate(views) for view in row]
    values: list[float] = []
    for a, (i, za) in enumerate(rows):
        score = [sum(x * y for x, y in zip(za, z, strict=True)) / temperature for _, z in rows]
        weight = [0.0 if b == a else 1.0 if j == i else float(positive(i, j)) for b, (j, _) in enumerate(rows)]
        below = math.log(sum(math.exp(s) for b, s in enumerate(score) if b != a))
        if sum(weight):
            values.append(-sum(w * (s - below) for w, s in zip(weight, score, strict=True)) / sum(weight))
        elif lonely == "zero":
            values.append(0.0)
    return sum(values) / len(values)


def _features(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("lonely", ["skip", "zero"])
@pytest.mark.parametrize("temperature", [0.05, 0.5])
def test_against_loops(lonely: str, temperature: float) -> None:
    features = _features(6, 4)
    value = supcon_loss(features, torch.tensor(TARGET), temperature=temperature, lonely=lonely)  # type: ignore[arg-type]
    by_hand = _by_hand(
        features[:, None].tolist(), lambda i, j: TARGET[i] == TARGET[j], temperature=temperature, lonely=lonely
    )
    assert value.item() == pytest.approx(by_hand, rel=1e-4)


def test_views_are_positives_of_each_other() -> None:
    features = _features(4, 3, 5)
    target = [0, 1, 0, 2]
    value = supcon_loss(features, torch.tensor(target))
    assert value.item() == pytest.approx(_by_hand(features.tolist(), lambda i, j: target[i] == target[j]), rel=1e-4)
    torch.testing.assert_close(
        supcon_loss(features[:, :1], torch.tensor(target)), supcon_loss(features[:, 0], torch.tensor(target))
    )


def test_base_temperature_scales_as_in_the_public_code() -> None:
    features, target = _features(6, 4), torch.tensor(TARGET)
    ratio = supcon_loss(features, target, base_temperature=0.07) / supcon_loss(features, target)
    assert ratio.item() == pytest.approx(5 / 7)


def test_length_does_not_matter() -> None:
    features, target = _features(6, 4), torch.tensor(TARGET)
    longer = features * torch.arange(1, 7)[:, None]
    torch.testing.assert_close(supcon_loss(longer, target), supcon_loss(features, target))


def test_rows_of_unknown_class_take_no_part() -> None:
    features = _features(6, 4).requires_grad_()
    target = torch.tensor([0, 1, -1, 0, 1, -1])
    value = supcon_loss(features, target)
    torch.testing.assert_close(value, supcon_loss(features[target >= 0], target[target >= 0]))
    (gradient,) = torch.autograd.grad(value, features)
    assert (gradient[target < 0] == 0).all()


@pytest.mark.parametrize("overlap", ["jaccard", "any"])
def test_several_labels_against_loops(overlap: str) -> None:
    features = _features(5, 4)
    target = [[1, 0, 1], [1, 0, 0], [0, 1, 0], [1, 1, 1], [0, 0, 0]]

    def positive(i: int, j: int) -> float:
        both = sum(a and b for a, b in zip(target[i], target[j], strict=True))
        either = sum(a or b for a, b in zip(target[i], target[j], strict=True))
        return float(both > 0) if overlap == "any" else both / max(either, 1)

    value = supcon_loss(features, torch.tensor(target).float(), overlap=overlap)  # type: ignore[arg-type]
    assert value.item() == pytest.approx(_by_hand(features[:, None].tolist(), positive), rel=1e-4)


def test_one_hot_labels_are_classes() -> None:
    features, target = _features(6, 4), torch.tensor(TARGET)
    one_hot = torch.nn.functional.one_hot(target).float()
    torch.testing.assert_close(supcon_loss(features, one_hot), supcon_loss(features, target))


def test_unknown_labels_count_for_nothing() -> None:
    nan = torch.nan
    features = _features(4, 4).requires_grad_()
    target = torch.tensor([[1, nan, 0], [1, 1, 0], [nan, nan, nan], [0, nan, 1]])
    value = supcon_loss(features, target)
    kept = [0, 1, 3]
    torch.testing.assert_close(value, supcon_loss(features[kept], target[kept][:, [0, 2]]))
    assert (torch.autograd.grad(value, features)[0][2] == 0).all()
    # A label that is nowhere known in both rows makes the pair neither positive nor negative.
    apart = torch.tensor([[1, nan], [nan, 1], [1, nan], [nan, 1]])
    alone = [supcon_loss(features[rows], torch.tensor([0, 0])) for rows in ([0, 2], [1, 3])]
    torch.testing.assert_close(supcon_loss(features, apart), (alone[0] + alone[1]) / 2)


@pytest.mark.parametrize(
    "target", [torch.tensor([0]), torch.tensor([-1, -1]), torch.tensor([0, 1, 2]), torch.full((2, 3), torch.nan)]
)
def test_batches_without_a_pair(target: torch.Tensor) -> None:
    features = torch.randn(len(target), 3, requires_grad=True)
    value = supcon_loss(features, target)
    assert value == 0
    assert (torch.autograd.grad(value, features)[0] == 0).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("size", [0.0, 1e-7, 1e4])
def test_extremes(dtype: torch.dtype, size: float) -> None:
    features = (_features(4, 2048).sign() * size).to(dtype).requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = supcon_loss(features, torch.tensor([0, 0, 1, 1]), temperature=0.01)
    assert value.dtype == torch.float32
    assert value.isfinite()
    assert torch.autograd.grad(value, features)[0].isfinite().all()


def test_gradient() -> None:
    features = _features(5, 2, 3).double().requires_grad_()
    target = torch.tensor([0, 1, 0, -1, 2])
    assert torch.autograd.gradcheck(lambda x: supcon_loss(x, target, temperature=0.5), (features,))


def test_the_module_projects() -> None:
    torch.manual_seed(0)
    loss = SupCon(6, projection=[8, 4])
    features, target = torch.randn(6, 6), torch.tensor(TARGET)
    torch.testing.assert_close(loss(features, target), supcon_loss(loss.projection(features), target))
    assert len(list(loss.parameters())) == 4
    torch.testing.assert_close(SupCon(6, projection=[])(features, target), supcon_loss(features, target))


def test_mistakes() -> None:
    with pytest.raises(UserError, match="temperature is 0"):
        SupCon(4, temperature=0)
    with pytest.raises(UserError, match="unknown overlap"):
        SupCon(4, overlap="iou")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="Did you mean 'skip'"):
        SupCon(4, lonely="skipp")  # type: ignore[arg-type]
