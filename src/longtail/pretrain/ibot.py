"""The iBOT loss: the student's answer at a hidden patch should be the teacher's, who sees it.

Zhou et al., "iBOT: Image BERT pre-training with online tokenizer", ICLR 2022 (bytedance/ibot @da316d8, Apache-2.0); the
weighting follows facebookresearch/dinov2 @b8931f7 `loss/ibot_patch_loss.py`: each masked image counts as one, however
many of its patches are hidden, and images without hidden patches count 0 in the mean.
"""

import torch
from torch import Tensor


def ibot_loss(student: Tensor, teacher: Tensor, masks: Tensor, temperature: float) -> Tensor:
    """Scores and probabilities `(M, K)` at the M true places of `masks` `(images, T)`, row by row, to the loss."""
    hidden = masks.sum(1)
    weight = (1 / hidden.clamp(min=1)).repeat_interleave(hidden)
    logs = (student.float() / temperature).log_softmax(-1)
    return -((teacher * logs).sum(-1) * weight.to(torch.float32)).sum() / len(masks)
