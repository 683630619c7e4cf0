"""The DINO loss: the student's answer to one crop should be the teacher's to another crop of the same image.

Caron et al., "Emerging properties in self-supervised vision transformers", ICCV 2021; the average over pairs follows
facebookresearch/dinov2 @b8931f7 `train/ssl_meta_arch.py` (Apache-2.0).
"""

from collections.abc import Sequence

from torch import Tensor


def dino_loss(
    student_global: Sequence[Tensor], student_local: Sequence[Tensor], teacher: Sequence[Tensor], temperature: float
) -> Tensor:
    """Mean cross-entropy over all pairs of crops but those of a crop with itself.

    `student_*` are scores `(B, K)`, one for each crop; `teacher` probabilities `(B, K)`, one for each global crop.
    """
    total, pairs = student_global[0].new_zeros((), dtype=teacher[0].dtype), 0
    both = sum(teacher[1:], start=teacher[0])
    for place, scores in enumerate([*student_global, *student_local]):
        is_global = place < len(student_global)
        targets = both - teacher[place] if is_global else both
        logs = (scores.float() / temperature).log_softmax(-1)
        total = total - (targets * logs).sum(-1).mean()
        pairs += len(teacher) - is_global
    return total / max(1, pairs)
