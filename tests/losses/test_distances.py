import torch

from longtail.losses.distances import root, squared_distances


def test_against_differences() -> None:
    rows = torch.randn(6, 5, generator=torch.Generator().manual_seed(0)) + 3
    expected = (rows[:, None] - rows).square().sum(-1)
    torch.testing.assert_close(squared_distances(rows), expected, atol=1e-5, rtol=1e-5)


def test_far_from_0_digits_are_kept() -> None:
    rows = torch.randn(6, 5, generator=torch.Generator().manual_seed(0)) + 1000
    expected = (rows[:, None] - rows).square().sum(-1)
    torch.testing.assert_close(squared_distances(rows), expected, atol=1e-3, rtol=1e-3)


def test_float32_even_under_autocast() -> None:
    rows = torch.randn(4, 2048, dtype=torch.float16) * 100
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = squared_distances(rows)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, squared_distances(rows))
    assert found.max() > 65504


def test_gradients() -> None:
    rows = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: squared_distances(x).triu(1).sum(), (rows,))
    assert torch.autograd.gradcheck(lambda x: root(squared_distances(x)).triu(1).sum(), (rows,))
    twins = torch.ones(2, 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(root(squared_distances(twins)).sum(), twins)
    assert (gradient == 0).all()
