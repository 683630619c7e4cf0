"""Settings to start from: those of the foundation-model paper at its four sizes, and small ones for a laptop.

Paper 4 (Yang, CXR-LT 2024; CheXFound, Yang et al. 2025, RPIDIAL/CheXFound @a4bac49): ViT-L/16 at 224, continued at 336,
448 and 512, local and global crops as in its table.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from longtail.errors import unknown_name
from longtail.pretrain.settings import Dinov2Settings

LOCAL_SIZES = {224: 96, 336: 128, 448: 144, 512: 144}  # by global size


def paper_settings(global_size: int = 224, *, weights: str | Path = "none", **changes: Any) -> Dinov2Settings:
    """The paper's settings at one of its sizes; above 224 give the teacher of the size below as `weights`."""
    if global_size not in LOCAL_SIZES:
        raise unknown_name("size of the paper", str(global_size), map(str, LOCAL_SIZES))
    sizes = {"global_size": global_size, "local_size": LOCAL_SIZES[global_size], "weights": weights}
    return replace(Dinov2Settings(**sizes), **changes)  # type: ignore[arg-type]  # each is of its field's type


def phantom_settings(**changes: Any) -> Dinov2Settings:
    """A very small vision transformer on images of 64 pixels, for a CPU and some thousand images.

    Made radiographs differ little but for small findings, so crops are large and nothing is flipped. It takes a few
    thousand steps: `benchmarks/pretrain.py` has patches of 16, batches of 64 and 60 epochs of some 5,000 images.
    """
    small = Dinov2Settings(
        backbone="vit_micro_patch8",
        drop_path=0.0,
        global_size=64,
        local_size=32,
        local_crops=2,
        global_scale=(0.7, 1.0),
        local_scale=(0.3, 0.6),
        flip=0.0,
        solarize=0.0,
        epochs=10,
        steps_per_epoch=None,
        batch_size=32,
        learning_rate=4e-3,
        warmup_epochs=1,
        layer_decay=1.0,
        patch_embed_rate=1.0,
        weight_decay_end=0.04,
        momentum=0.99,
        freeze_last_layer_epochs=0.2,
        teacher_temperature=0.02,
        teacher_temperature_start=0.02,
        ibot_weight=1.0,
        prototypes=256,
        head_hidden=256,
        head_bottleneck=64,
    )
    return replace(small, **changes)
