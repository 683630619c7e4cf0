"""Rates over a training: ends, warm-ups, the frozen layer."""

import pytest

from longtail.errors import UserError
from longtail.pretrain.presets import LOCAL_SIZES, paper_settings, phantom_settings
from longtail.pretrain.schedules import cosine, rates
from longtail.pretrain.settings import Dinov2Settings


def test_cosine_from_nothing_to_the_peak_to_the_end() -> None:
    values = [cosine(step, 110, 2.0, 0.5, 10) for step in range(111)]
    assert values[0] == 0
    assert values[5] == pytest.approx(1.0)
    assert values[10] == pytest.approx(2.0)
    assert values[60] == pytest.approx(1.25)
    assert values[110] == pytest.approx(0.5)
    assert values[10:] == sorted(values[10:], reverse=True)


def test_the_rates_of_the_paper() -> None:
    settings = paper_settings(224)
    first, later, last = (rates(settings, step, 2500, 1024) for step in (0, 25_000, 250_000))
    assert (first.learning_rate, later.learning_rate) == (0, 2e-4)
    assert last.learning_rate == pytest.approx(1e-6)
    assert (first.weight_decay, last.weight_decay) == (pytest.approx(0.04), pytest.approx(0.2))
    assert (first.momentum, last.momentum) == (0.994, pytest.approx(1.0))
    assert first.teacher_temperature == pytest.approx(0.04)
    assert rates(settings, 30 * 2500, 2500, 1024).teacher_temperature == pytest.approx(0.07)
    assert rates(settings, 25_000, 2500, 256).learning_rate == pytest.approx(1e-4)  # square root of 1/4


def test_prototypes_rest_in_the_first_epoch() -> None:
    settings = phantom_settings(warmup_epochs=0, freeze_last_layer_epochs=1)
    assert rates(settings, 9, 10, 64).last_layer_rate == 0
    assert rates(settings, 10, 10, 64).last_layer_rate == rates(settings, 10, 10, 64).learning_rate > 0


def test_the_papers_crops() -> None:
    found = {(paper_settings(size).local_size, paper_settings(size).global_size) for size in LOCAL_SIZES}
    assert found == {(96, 224), (128, 336), (144, 448), (144, 512)}
    assert paper_settings(336, weights="a.safetensors", batch_size=8).batch_size == 8
    with pytest.raises(UserError, match="unknown size of the paper '300'"):
        paper_settings(300)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"look": "gray"}, "Did you mean 'grey'"),
        ({"positions": "cut"}, "unknown positions 'cut'"),
        ({"epochs": 0}, "'epochs' of dinov2 is 0"),
        ({"mask_ratio": (0.5, 0.1)}, "'mask_ratio' of dinov2 is"),
        ({"drop_path": 1.5}, "'drop_path' of dinov2 is 1.5"),
        ({"koleo_weight": -1}, "'koleo_weight' of dinov2 is -1"),
        ({"dino_weight": 0, "ibot_weight": 0}, "both 0"),
        ({"steps_per_epoch": 0}, "'steps_per_epoch'"),
    ],
)
def test_settings_that_make_no_sense(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(UserError, match=told):
        Dinov2Settings(**wrong)  # type: ignore[arg-type]


def test_settings_as_json_and_from_lists() -> None:
    settings = Dinov2Settings(global_scale=[0.3, 1.0])  # type: ignore[arg-type]
    assert settings.global_scale == (0.3, 1.0)
    assert Dinov2Settings(**settings.as_facts()).as_facts() == settings.as_facts()
