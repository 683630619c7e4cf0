import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from longtail.errors import UserError
from longtail.losses.triplet import Mining, Triplet, triplet_loss, triplet_terms

MININGS: tuple[Mining, ...] = ("batch_hard", "batch_all", "semihard")


def _hinges(features: torch.Tensor, target: list[int], margin: float, squared: bool, mining: Mining) -> list[float]:
    """Explicit loops over anchors, positives and negatives, in float64."""
    rows = features.double()
    apart = (rows[:, None] - rows).square().sum(-1)
    d = (apart if squared else apart.sqrt()).tolist()
    hinges = []
    for a, y in enumerate(target):
        positives = [p for p, other in enumerate(target) if other == y >= 0 and p != a]
        negatives = [n for n, other in enumerate(target) if other != y and other >= 0 and y >= 0]
        if not positives or not negatives:
            continue
        if mining == "batch_hard":
            pairs = [(max(d[a][p] for p in positives), min(d[a][n] for n in negatives))]
        elif mining == "batch_all":
            pairs = [(d[a][p], d[a][n]) for p in positives for n in negatives]
        else:
            farther = [[d[a][n] for n in negatives if d[a][n] > d[a][p]] for p in positives]
            last = max(d[a][n] for n in negatives)
            pairs = [(d[a][p], min(f) if f else last) for p, f in zip(positives, farther, strict=True)]
        hinges += [max(0.0, margin + near - far) for near, far in pairs]
    return hinges


@given(
    target=st.lists(st.integers(-1, 3), min_size=1, max_size=9),
    margin=st.sampled_from([0.1, 1.0, 5.0]),
    squared=st.booleans(),
    mining=st.sampled_from(MININGS),
    seed=st.integers(0, 99),
)
@settings(max_examples=150, deadline=None)
def test_against_loops(target: list[int], margin: float, squared: bool, mining: Mining, seed: int) -> None:
    features = torch.randn(len(target), 3, generator=torch.Generator().manual_seed(seed)).requires_grad_()
    hinges = _hinges(features.detach(), target, margin, squared, mining)
    terms = triplet_terms(features, torch.tensor(target), margin=margin, squared=squared, mining=mining)
    assert terms.loss.item() == pytest.approx(sum(hinges) / max(len(hinges), 1), abs=2e-5, rel=1e-5)
    assert terms.active.item() == pytest.approx(sum(h > 0 for h in hinges) / max(len(hinges), 1))
    (gradient,) = torch.autograd.grad(terms.loss, features)
    assert gradient.isfinite().all()
    assert (gradient[torch.tensor(target) < 0] == 0).all()


@pytest.mark.parametrize("mining", MININGS)
@pytest.mark.parametrize("squared", [True, False])
def test_gradient(mining: Mining, squared: bool) -> None:
    torch.manual_seed(5)
    features = torch.randn(6, 3, dtype=torch.float64, requires_grad=True)
    target = torch.tensor([0, 0, 1, 1, -1, 0])
    assert torch.autograd.gradcheck(
        lambda x: triplet_loss(x, target, margin=1.0, squared=squared, mining=mining), (features,)
    )


def test_a_margin_of_50_is_never_reached_by_plain_distances_of_pooled_features() -> None:
    torch.manual_seed(0)
    features = torch.rand(16, 2048) + torch.arange(2).repeat(8)[:, None] * 0.5
    target = torch.arange(16) % 2
    assert triplet_terms(features, target, margin=50, squared=False).active == 1
    assert triplet_terms(features, target, margin=50, squared=True).active == 0


@pytest.mark.parametrize("mining", MININGS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_extremes_and_twins(mining: Mining, dtype: torch.dtype) -> None:
    features = torch.tensor([[1e4, 0], [1e4, 0], [-1e4, 0], [1e4, 0]], dtype=dtype, requires_grad=True)
    for squared in (True, False):
        loss = Triplet(margin=1.0, squared=squared, mining=mining)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            value = loss(features, torch.tensor([0, 0, 1, 1]))
        assert value.dtype == torch.float32
        assert value.isfinite()
        assert torch.autograd.grad(value, features)[0].isfinite().all()


@pytest.mark.parametrize("target", [[0], [-1, -1, -1], [0, 1, 2], [1, 1, 1]])
@pytest.mark.parametrize("mining", MININGS)
def test_batches_without_triplets(target: list[int], mining: Mining) -> None:
    features = torch.randn(len(target), 3, requires_grad=True)
    terms = triplet_terms(features, torch.tensor(target), margin=1.0, mining=mining)
    assert terms.loss == 0
    assert terms.active == 0
    assert (torch.autograd.grad(terms.loss, features)[0] == 0).all()


def test_the_module_tells_how_many_hinges_are_open() -> None:
    loss = Triplet(margin=1.0)
    assert loss.active is None
    loss(torch.randn(4, 3, requires_grad=True), torch.tensor([0, 0, 1, 1]))
    assert loss.active is not None
    assert not loss.active.requires_grad


def test_unknown_mining() -> None:
    for make in (lambda: Triplet(mining="batchhard"), lambda: triplet_loss(None, None, margin=1, mining="batchhard")):  # type: ignore[arg-type]
        with pytest.raises(UserError, match="Did you mean 'batch_hard'"):
            make()
