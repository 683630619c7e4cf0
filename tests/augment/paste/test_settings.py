"""Settings refuse what makes no sense, with the valid values."""

import json

import pytest

from longtail.augment.paste.settings import PasteSettings, settings_from
from longtail.errors import UserError


def test_the_opaque_side_decides_the_patches_weight() -> None:
    assert PasteSettings().patch_weight == 0.6
    assert PasteSettings(opaque="background").patch_weight == pytest.approx(0.4)
    assert json.loads(json.dumps(settings_from({"tail": ["a"]}).plain()))["tail"] == ["a"]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"opacity": 1.5}, "'opacity' of pasting is 1.5; valid is 0 to 1"),
        ({"soft_edge": -1}, "'soft_edge'"),
        ({"sides": "miror"}, "Did you mean 'mirror'?"),
        ({"opaque": "both"}, "Valid: background, patch"),
        ({"oppacity": 1}, "Did you mean 'opacity'?"),
        ({"on_normal": 0, "on_tail": 0}, "is to make 0 images"),
        ({"tail_below": 0}, "'tail_below'"),
    ],
)
def test_mistakes_are_told(said: dict[str, object], message: str) -> None:
    with pytest.raises(UserError) as told:
        settings_from(said)
    assert message in str(told.value)
