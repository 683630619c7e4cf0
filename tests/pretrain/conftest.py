"""What tests of pre-training share: one thread, and settings so small that a step takes some milliseconds."""

from typing import Any

import cv2
import pytest
import torch

from longtail.pretrain.presets import phantom_settings
from longtail.pretrain.settings import Dinov2Settings

torch.set_num_threads(1)
cv2.setNumThreads(1)

TINY: dict[str, Any] = {
    "backbone": "test_vit",
    "global_size": 32,
    "local_size": 16,
    "local_crops": 2,
    "epochs": 2,
    "steps_per_epoch": 3,
    "batch_size": 4,
    "prototypes": 16,
    "head_hidden": 16,
    "head_bottleneck": 8,
    "drop_path": 0.2,
    "warmup_epochs": 1,
}


@pytest.fixture
def tiny() -> Dinov2Settings:
    return phantom_settings(**TINY)


@pytest.fixture(autouse=True)
def _same_numbers() -> None:
    torch.manual_seed(0)
