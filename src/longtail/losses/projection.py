"""The small network between features and a contrastive loss, thrown away after training.

Chen et al., "A Simple Framework for Contrastive Learning of Visual Representations", ICML 2020; Khosla et al. (SupCon)
use features-2048-128, the metric-learning paper three layers of unstated widths: 2048-2048-128 here.
"""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from longtail.losses.rows import require


class _Projection(nn.Sequential):
    def forward(self, rows: Tensor) -> Tensor:
        """Features of any precision, as fp16 and bf16 backbones give them, in that of the layers."""
        same = rows.to(next(self.parameters()).dtype) if len(self) else rows
        projected: Tensor = super().forward(same)  # type: ignore[no-untyped-call]  # torch leaves it untyped
        return projected


def projection_head(feature_dim: int, widths: Sequence[int] = (2048, 2048, 128)) -> nn.Sequential:
    """Linear layers `feature_dim -> widths[0] -> ...` with ReLU between them; without widths nothing happens."""
    sizes = [feature_dim, *widths]
    require(min(sizes) > 0, f"projection widths are {sizes}; each is 1 or more.")
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return _Projection(*layers[:-1])
