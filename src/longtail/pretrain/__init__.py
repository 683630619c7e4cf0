"""The pre-training room: DINOv2 self-supervision on images without labels, its monitors, and one readable loop.

Usable alone: `pretrain(images, Dinov2Settings(...), out="teacher")` on prepared pixels gives a backbone's weights that
`longtail.models.build_backbone(name, weights=PATH)` loads. No manifest, no recipe and no classifier may enter.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from longtail.registry import Registry
from longtail.rooms import door

if TYPE_CHECKING:  # for type checkers and editors; see longtail.rooms
    from longtail.pretrain.centring import sinkhorn_knopp as sinkhorn_knopp
    from longtail.pretrain.collapse import effective_rank as effective_rank
    from longtail.pretrain.crops import MultiCrop as MultiCrop
    from longtail.pretrain.dino import dino_loss as dino_loss
    from longtail.pretrain.dino_head import DinoHead as DinoHead
    from longtail.pretrain.dinov2 import Dinov2 as Dinov2
    from longtail.pretrain.ibot import ibot_loss as ibot_loss
    from longtail.pretrain.knn import knn_scores as knn_scores
    from longtail.pretrain.koleo import koleo_loss as koleo_loss
    from longtail.pretrain.linear_probe import linear_probe_scores as linear_probe_scores
    from longtail.pretrain.loop import pretrain as pretrain
    from longtail.pretrain.masking import block_mask as block_mask
    from longtail.pretrain.masking import block_masks as block_masks
    from longtail.pretrain.monitor import Labelled as Labelled
    from longtail.pretrain.presets import paper_settings as paper_settings
    from longtail.pretrain.presets import phantom_settings as phantom_settings
    from longtail.pretrain.settings import Dinov2Settings as Dinov2Settings
    from longtail.pretrain.starting import start_from as start_from

METHODS: Registry[Callable[..., Any]] = Registry("pre-training method", "longtail.pretrain")

__getattr__, __dir__ = door(__name__, of_parts=True)
