from dataclasses import dataclass

import pytest
import torch

from longtail.augment import CutMix, Mixup, Remix
from longtail.augment.building import build, build_mix, build_steps
from longtail.augment.cutout import Cutout
from longtail.augment.hflip import HFlip
from longtail.augment.random_resized_crop import RandomResizedCrop
from longtail.augment.row_chances import Floats
from longtail.augment.step import Image, PixelStep, Size
from longtail.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Invert(PixelStep):
    """A step of one's own."""

    strong: bool = True

    def settings(self, chance: Floats, size: Size) -> Floats:  # noqa: ARG002
        return chance

    def apply(self, image: Image, setting: Floats) -> Image:  # noqa: ARG002
        return 255 - image


def test_names_settings_and_steps() -> None:
    steps = build_steps(["hflip", {"cutout": {"holes": 3, "fraction": 1}}, Cutout(), {"rotate": None}])
    assert list(steps) == ["hflip", "cutout", "cutout#2", "rotate"]
    assert steps["hflip"] == HFlip(probability=0.5)
    assert steps["cutout"] == Cutout(holes=3, fraction=1.0)
    (crop,) = build_steps([{"random_resized_crop": {"scale": [0.2, 1]}}]).values()
    assert crop == RandomResizedCrop(scale=(0.2, 1.0))


def test_a_users_own_step_by_dotted_path() -> None:
    (step,) = build_steps([{f"{__name__}.Invert": {"strong": False}}]).values()
    assert step == Invert(strong=False)
    assert list(build_steps([Invert()])) == [f"{__name__}.Invert"]
    with pytest.raises(UserError, match="cannot be imported"):
        build_steps(["nowhere.Invert"])
    with pytest.raises(UserError, match="is no augmentation"):
        build_steps(["collections.OrderedDict"])


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("hflipp", "unknown augmentation 'hflipp'. Did you mean 'hflip'"),
        ({"cutout": {"hole": 3}}, "unknown setting 'hole' in augmentation 'cutout'. Did you mean 'holes'"),
        ({"cutout": {"holes": 2.5}}, "'holes' of augmentation 'cutout' is 2.5; write a whole number"),
        ({"cutout": {"fraction": "big"}}, "write a number"),
        ({"hflip": {"probability": True}}, "write a number"),
        ({"blur": {"sigma": 3}}, "write a list of 2: a number, a number"),
        ({"blur": {"sigma": [1, 2, 3]}}, "write a list of 2: a number, a number"),
        ({"cutout": 3}, "write them as"),
        ({"hflip": {}, "vflip": {}}, "write a name, or a name with settings"),
        (7, "write a name, or a name with settings"),
        ({"normalize": {"mean": 0.5}}, "needs the setting 'std'"),
        ({"hflip": {"probability": 1.5}}, "'probability' is 1.5; valid is 0 to 1"),
        ({f"{__name__}.Invert": {"strong": 1}}, "write true or false"),
    ],
)
def test_mistakes_are_told(spec: object, message: str) -> None:
    with pytest.raises(UserError) as caught:
        build_steps([spec])  # type: ignore[list-item]
    assert message in str(caught.value)


def test_mixes() -> None:
    assert build_mix("cutmix") == CutMix()
    assert build_mix({"mixup": {"alpha": 1, "labels": "union"}}, [5, 2]) == Mixup(alpha=1.0, labels="union")
    assert build_mix("remix", [5, 2]) == Remix(class_counts=(5, 2))
    assert build_mix({"remix": {"class_counts": [1, 1]}}, [5, 2]) == Remix(class_counts=(1, 1))
    with pytest.raises(UserError, match="unknown mix 'mixupp'. Did you mean 'mixup'"):
        build_mix("mixupp")
    with pytest.raises(UserError, match="'labels' of mix 'mixup'"):
        build_mix({"mixup": {"labels": "or"}})
    with pytest.raises(UserError, match="is no mix"):
        build_mix({"mixup": {}, "remix": {}})
    assert build_mix({"longtail.augment.mix_up.Mixup": {"alpha": 1}}) == Mixup(alpha=1.0)
    with pytest.raises(UserError, match="is no mix; write a dataclass"):
        build_mix(f"{__name__}.test_mixes")


def test_moments_may_be_numbers_or_lists() -> None:
    steps = build_steps(["min_max", {"normalize": {"mean": [0.1, 0.2, 0.3], "std": 1}}])
    assert steps["normalize"] == build(type(steps["normalize"]), {"mean": [0.1, 0.2, 0.3], "std": 1}, "x")


@pytest.mark.parametrize("steps", [["min_max", "hflip"], [{"normalize": {"mean": 0, "std": 1}}, "min_max"]])
def test_rescaling_comes_last(steps: list[object]) -> None:
    with pytest.raises(UserError, match="write min_max and normalize last"):
        build_steps(steps)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Plain(PixelStep):
    """A step whose own settings may stand in any place."""

    strong: float = 1.0
    settings = Invert.settings
    apply = Invert.apply


@dataclass(frozen=True, kw_only=True)
class Unfinished(PixelStep):
    """A step that does not say what it does."""


def test_what_a_users_step_lacks_is_named() -> None:
    with pytest.raises(UserError, match="does not say apply, settings"):
        build_steps([f"{__name__}.Unfinished"])


def test_a_step_for_single_images_does_batches_too() -> None:
    images = torch.arange(2 * 3 * 4 * 4, dtype=torch.float32).reshape(2, 3, 4, 4) / 255
    found = Invert().apply_batch(images.clone(), torch.zeros(2, 0, dtype=torch.float64))
    assert found.dtype == torch.float32
    assert torch.allclose(found, 1 - images, atol=1e-6)


def test_a_dataclass_needs_no_keyword_only_settings() -> None:
    (step,) = build_steps([{f"{__name__}.Plain": {"strong": 2, "probability": 1}}]).values()
    assert step == Plain(2.0, probability=1.0)
