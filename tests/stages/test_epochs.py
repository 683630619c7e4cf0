"""Times of losses by epochs."""

import pytest
from made_recipes import TWO_STAGES, written

from longtail.errors import UserError
from longtail.stages.component import as_yaml
from longtail.stages.identity import stage_identity
from longtail.stages.loading import load_recipe

_LENGTH = "stages.fine.epochs=200"
_WEIGHTED = "ldam_multilabel: {class_weight: class_balanced, weight_from: {epoch: 160}}"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return written(tmp_path_factory.mktemp("recipes"), TWO_STAGES)


@pytest.mark.parametrize("smoke", [False, True])
def test_an_epoch_is_a_fraction_of_its_stage_smoke_or_not(tmp_path, smoke):
    path = written(tmp_path, TWO_STAGES.replace("epochs: 3", "epochs: 200").replace("{image_", "{epochs: 320, image_"))
    said = f"stages.*.loss=[{{bce: {{until: {{epoch: 160}}}}}}, {{{_WEIGHTED}}}]"
    stages = load_recipe(path, [said], smoke=smoke).stages
    for stage, fraction in ((stages["rough"], 0.5), (stages["fine"], 0.8)):
        bce, ldam = (as_yaml(part) for part in stage.loss)
        assert bce["bce"]["until"] == ldam["ldam_multilabel"]["weight_from"] == fraction


def test_an_epoch_makes_the_stage_that_its_fraction_makes(path):
    said = [_LENGTH, "stages.fine.loss=ldam_multilabel", "stages.fine.class_weights=inverse"]
    made = [load_recipe(path, [*said, f"stages.fine.defer={time}"]) for time in ("{epoch: 160}", "0.8")]
    one, other = (stage_identity(each, "fine", seed=0, data="", parents={"rough": "r"}) for each in made)
    assert one == other


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["stages.fine.defer=160"], "stages.fine.defer: 160 is no fraction of the training; write one from 0 to 1, or"),
        (["stages.fine.defer={epoch: 4}"], "stages.fine.defer: there is no epoch 4; write a whole number from 0 to 3,"),
        (["stages.fine.loss={bce: {from: {epoch: x}}}"], "stages.fine.loss.bce.from: there is no epoch x;"),
        (["stages.fine.epochs=null", "stages.fine.defer={epoch: 1}"], "names an epoch, and the stage does not say how"),
        (["stages.fine.defer={epochs: 1}"], "stages.fine.defer: '{'epochs': 1}' does not fit; write a number"),
    ],
)
def test_times_that_are_none(path, overrides, message):
    with pytest.raises(UserError) as error:
        load_recipe(path, overrides)
    assert message in str(error.value)
    assert str(error.value).startswith(f"override '{overrides[-1]}': ")
