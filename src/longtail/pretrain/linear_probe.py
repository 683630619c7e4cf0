"""A linear probe: logistic regression of every label on frozen features, solved to the end, so that it has no rate.

Features are standardised by the training rows; the L2 penalty is that of scikit-learn's `LogisticRegression(C=c)`,
unknown targets are masked. Solved by L-BFGS on all labels at once.
"""

import torch
from torch import Tensor
from torch.nn import functional


def linear_probe_scores(
    known: Tensor, targets: Tensor, asked: Tensor, *, c: float = 0.1, iterations: int = 100
) -> Tensor:
    """Features `(N, D)` with targets `(N, C)` in {0, 1, nan}, and features `(M, D)`, to logits `(M, C)`."""
    known, asked, targets = known.double(), asked.double(), targets.double()
    mean, std = known.mean(0), known.std(0, correction=0).clamp(min=1e-6)
    rows, mask, wanted = (known - mean) / std, (~targets.isnan()).double(), targets.nan_to_num(0)
    weight = torch.zeros(known.shape[1], targets.shape[1], dtype=torch.float64, device=known.device, requires_grad=True)
    bias = torch.zeros_like(weight[0], requires_grad=True)
    solver = torch.optim.LBFGS(
        [weight, bias], max_iter=iterations, tolerance_grad=1e-6, history_size=20, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        solver.zero_grad()
        value = functional.binary_cross_entropy_with_logits(rows @ weight + bias, wanted, mask, reduction="sum")
        value = value + weight.square().sum() / (2 * c)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    with torch.enable_grad():
        solver.step(loss)  # type: ignore[no-untyped-call]  # torch leaves it untyped
    return ((asked - mean) / std @ weight + bias).detach().float()
