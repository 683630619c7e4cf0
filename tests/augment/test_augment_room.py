"""The room as a whole: what is registered, documented and listed."""

import pytest

import longtail.augment
from longtail.augment import AUGMENTATIONS, MIXES
from longtail.cli import run

NAMES = (
    "blur color_jitter cutout greyscale hflip intensity_jitter min_max noise normalize rand_augment"
    " random_resized_crop rotate shift_scale solarize vflip"
)


def test_everything_is_registered_and_says_what_it_is() -> None:
    assert " ".join(AUGMENTATIONS.load()) == NAMES
    assert " ".join(MIXES.load()) == "balanced_mixup cutmix mixup remix"
    for entry in [*AUGMENTATIONS.load().values(), *MIXES.load().values()]:
        assert entry.summary.endswith((".", ",", ")")), entry.name
        assert entry.facts["kind"]


def test_list_augmentations(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "augmentations"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in [*NAMES.split(), "mixup", "remix", "holes=5"])


def test_unknown_attributes_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        longtail.augment.nothing  # noqa: B018
