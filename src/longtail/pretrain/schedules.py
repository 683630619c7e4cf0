"""What changes over the training, as pure functions of the step: rates, decay, temperature, the teacher's momentum.

DINOv2's (facebookresearch/dinov2 @b8931f7, `train/train.py`): a straight warm-up, then half a cosine to the final
value; the teacher's temperature rises straight to its value; the prototypes' rate is 0 in the first epoch.
"""

import math
from dataclasses import dataclass

from longtail.pretrain.settings import Dinov2Settings


@dataclass(frozen=True)
class Rates:
    """The values of one step."""

    learning_rate: float
    last_layer_rate: float
    weight_decay: float
    momentum: float
    teacher_temperature: float


def cosine(step: int, steps: int, start: float, end: float, warmup: int = 0) -> float:
    """From 0 straight to `start` over `warmup` steps, then by half a cosine to `end` at step `steps`."""
    if step < warmup:
        return start * step / warmup
    share = min(1.0, (step - warmup) / max(1, steps - warmup))
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


def rates(settings: Dinov2Settings, step: int, steps_per_epoch: int, images_per_step: int) -> Rates:
    """The values of `step`; the learning rate goes with the square root of `images_per_step` over 1,024."""
    total = settings.epochs * steps_per_epoch
    peak = settings.learning_rate * math.sqrt(images_per_step / 1024)
    warmup = min(total, round(settings.warmup_epochs * steps_per_epoch))
    rate = cosine(step, total, peak, min(settings.learning_rate_end, peak), warmup)
    return Rates(
        learning_rate=rate,
        last_layer_rate=0.0 if step < settings.freeze_last_layer_epochs * steps_per_epoch else rate,
        weight_decay=cosine(step, total, settings.weight_decay, settings.weight_decay_end),
        momentum=cosine(step, total, settings.momentum, settings.momentum_end),
        teacher_temperature=_temperature(settings, step, steps_per_epoch),
    )


def _temperature(settings: Dinov2Settings, step: int, steps_per_epoch: int) -> float:
    warmup = settings.temperature_warmup_epochs * steps_per_epoch
    share = 1.0 if step >= warmup else step / warmup
    first, last = settings.teacher_temperature_start, settings.teacher_temperature
    return first + (last - first) * share
