"""The augmentation room: random changes of whole batches of prepared pixels, one file each, and mixing of images.

Usable alone in anyone's PyTorch loop: `Augment(["hflip", {"cutout": {"holes": 5}}], mean=0.5, std=0.25, seed=0)` turns
uint8 `(B, H, W, C)` into float `(B, C, H, W)`. No decoding, sampler or model may enter; pasting lesions belongs here.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from longtail.registry import Registry
from longtail.rooms import door

if TYPE_CHECKING:  # for type checkers and editors; see longtail.rooms
    from longtail.augment.blur import Blur as Blur
    from longtail.augment.box_moves import moved_boxes as moved_boxes
    from longtail.augment.building import build_mix as build_mix
    from longtail.augment.building import build_steps as build_steps
    from longtail.augment.color_jitter import ColorJitter as ColorJitter
    from longtail.augment.composition import Augment as Augment
    from longtail.augment.cutout import Cutout as Cutout
    from longtail.augment.hflip import HFlip as HFlip
    from longtail.augment.intensity_jitter import IntensityJitter as IntensityJitter
    from longtail.augment.min_max import MinMax as MinMax
    from longtail.augment.mix_balanced import BalancedMixup as BalancedMixup
    from longtail.augment.mix_balanced import balanced_mixup as balanced_mixup
    from longtail.augment.mix_cut import CutMix as CutMix
    from longtail.augment.mix_cut import cutmix as cutmix
    from longtail.augment.mix_remix import Remix as Remix
    from longtail.augment.mix_remix import remix as remix
    from longtail.augment.mix_step import MixStep as MixStep
    from longtail.augment.mix_step import step_generator as step_generator
    from longtail.augment.mix_targets import Mixed as Mixed
    from longtail.augment.mix_targets import mixed_targets as mixed_targets
    from longtail.augment.mix_up import Mixup as Mixup
    from longtail.augment.mix_up import mixup as mixup
    from longtail.augment.noise import Noise as Noise
    from longtail.augment.normalize import Normalize as Normalize
    from longtail.augment.rand_augment import RandAugment as RandAugment
    from longtail.augment.random_resized_crop import RandomResizedCrop as RandomResizedCrop
    from longtail.augment.rotate import Rotate as Rotate
    from longtail.augment.shift_scale import ShiftScale as ShiftScale
    from longtail.augment.step import GeometricStep as GeometricStep
    from longtail.augment.step import PixelStep as PixelStep
    from longtail.augment.step import Step as Step
    from longtail.augment.vflip import VFlip as VFlip

AUGMENTATIONS: Registry[Callable[..., Any]] = Registry("augmentation", "longtail.augment")
MIXES: Registry[Callable[..., Any]] = Registry("mix", "longtail.augment")

__getattr__, __dir__ = door(__name__, of_parts=True)
