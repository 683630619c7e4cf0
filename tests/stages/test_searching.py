import pytest

from longtail.errors import UserError
from longtail.stages.recipe import Stage
from longtail.stages.searching import with_setting, with_settings

_STAGE = Stage.model_validate({"epochs": 2, "loss": ["bce", {"focal": {"gamma": 1}}], "optimizer": "sgd"})


def test_a_setting_is_changed_by_its_path():
    assert with_setting(_STAGE, "optimizer.sgd.lr", 0.5).optimizer.settings == {"lr": 0.5}
    changed = with_settings(_STAGE, {"loss.focal.gamma": 3, "clip": 1.0})
    assert changed.loss[1].settings == {"gamma": 3}
    assert (changed.clip, changed.epochs) == (1.0, 2)
    assert _STAGE.clip is None


def test_a_setting_that_is_none():
    with pytest.raises(UserError, match="unknown key"):
        with_setting(_STAGE, "clp", 1.0)
    with pytest.raises(UserError, match="has no 'adam'"):
        with_setting(_STAGE, "optimizer.adam.lr", 1.0)
