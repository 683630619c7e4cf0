"""The sampling room: which rows an epoch shows, and how often; one file per way, a pure function of (seed, epoch).

Numpy only: no torch, no images, no model may enter. `EpochSampler` makes any of them a sampler for a `DataLoader`.
Targets are `(N, C)` states in {0, 1, nan} or `(N,)` classes, -1 unknown; unknown counts for nothing.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from longtail.registry import Registry
from longtail.rooms import door

if TYPE_CHECKING:  # for type checkers and editors; see longtail.rooms
    from longtail.sampling.class_aware import class_aware_chances as class_aware_chances
    from longtail.sampling.class_aware import class_aware_order as class_aware_order
    from longtail.sampling.effective_number import effective_number_chances as effective_number_chances
    from longtail.sampling.effective_number import effective_number_order as effective_number_order
    from longtail.sampling.instance import instance_order as instance_order
    from longtail.sampling.oversampled import oversampled_copies as oversampled_copies
    from longtail.sampling.oversampled import oversampled_order as oversampled_order
    from longtail.sampling.p_by_k import p_by_k_order as p_by_k_order
    from longtail.sampling.power import power_chances as power_chances
    from longtail.sampling.power import power_order as power_order
    from longtail.sampling.power import square_root_order as square_root_order
    from longtail.sampling.progressive import progressive_chances as progressive_chances
    from longtail.sampling.progressive import progressive_order as progressive_order
    from longtail.sampling.ranks import shard as shard
    from longtail.sampling.repeat_factor import repeat_factor_order as repeat_factor_order
    from longtail.sampling.repeat_factor import repeat_factors as repeat_factors
    from longtail.sampling.reversed import reversed_order as reversed_order
    from longtail.sampling.sampler import EpochSampler as EpochSampler

SAMPLERS: Registry[Callable[..., Any]] = Registry("sampler", "longtail.sampling")

__getattr__, __dir__ = door(__name__, of_parts=True)
