"""Components of a recipe against their real signatures."""

import pytest
from made_recipes import TWO_STAGES, written

from longtail.errors import UserError
from longtail.stages.loading import load_recipe


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return written(tmp_path_factory.mktemp("recipes"), TWO_STAGES)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("stages.fine.loss.asymmetric.clp=1", "loss.1.asymmetric.clp: unknown setting 'clp' in the loss"),
        ("stages.fine.loss.asymmetric.clip=a", "'clip' of the loss 'asymmetric' is 'a'; write a number."),
        ("stages.fine.loss.asymmetric.weight=x", "'weight' of the loss 'asymmetric' is 'x'; write a number."),
        ("stages.fine.loss={bce: {from: 0.5, until: 0.5}}", "loss.0.bce.from: the loss 'bce' counts 'from' 0.5 'unt"),
        ("stages.fine.loss={bce: {weight: .inf}}", "stages.fine.loss.0.bce.weight: the 'weight' of the loss"),
        ("stages.fine.loss={bce: {until: 0.5}}", "stages.fine.loss: no loss counts from 0.5 to 1 of the training; let"),
        ("stages.fine.loss=[{bce: {until: 0.4}}, {asymmetric: {from: 0.5}}]", "no loss counts from 0.4 to 0.5 of"),
        ("stages.fine.search={values: {loss.1.asymmetric.from: [0, 2]}}", "counts 'from' 2 'until' 1; write fractions"),
        ("stages.fine.loss=crossentropy", "unknown loss 'crossentropy'. Did you mean 'cross_entropy'?"),
        ("stages.fine.loss=cross_entropy", "the recipe's task is multilabel; use one of asymmetric, bce"),
        ("stages.fine.loss={bce: {smoothing: 3}}", "smoothing is 3.0; choose a number from 0 to below 1."),
        ("stages.fine.loss={bce: {reduction: men}}", "Did you mean 'mean'?"),
        ("stages.fine.optimizer=adamv", "unknown optimizer 'adamv'. Did you mean 'adam"),
        ("stages.fine.optimizer.adamw.lr=x", "'lr' of the optimizer 'adamw' is 'x'; write a number."),
        ("stages.fine.optimizer={adamw: {lr: -1}}", "fine.optimizer.adamw.lr: 'lr' is -1; valid is a number above 0."),
        ("stages.fine.optimizer={adamw: {lr: 0}}", "'lr' is 0; valid is a number above 0."),
        ("stages.fine.optimizer={adamw: {weight_decay: -1}}", "'weight_decay' is -1; valid is 0 or more."),
        ("stages.fine.optimizer={adam: {betas: [2, 3]}}", "adam.betas: 'betas' is [2.0, 3.0]; valid is two numbers"),
        ("stages.fine.optimizer={adamw: {betas: [0.9]}}", "'betas' is [0.9]; valid is two numbers"),
        ("stages.fine.optimizer={sgd: {lr: 0.1, momentum: -5}}", "optimizer.sgd.momentum: 'momentum' is -5; valid"),
        ("stages.fine.optimizer={sgd: {nesterov: true, momentum: 0}}", "sgd.nesterov: 'nesterov' looks ahead"),
        ("stages.fine.optimizer={rmsprop: {alpha: -1}}", "'alpha' is -1; valid is 0 or more."),
        ("stages.fine.search={values: {optimizer.adamw.lr: [1, -1]}}", "lr.1.optimizer.adamw.lr: 'lr' is -1; valid"),
        ("stages.fine.schedule={cosine: {warmup: 1}}", "cosine.warmup: unknown setting 'warmup'"),
        ("stages.fine.schedule={cosine: {warmup_epochs: -1}}", "cosine.warmup_epochs: 'warmup_epochs' is -1 and"),
        ("stages.fine.schedule={linear: {end_lr: -1}}", "the schedule 'linear' comes to the rate -"),
        ("stages.fine.schedule={step: {epochs: [-3]}}", "schedule.step.epochs: milestones of the schedule 'step'"),
        ("stages.fine.sampler=clas_aware", "Did you mean 'class_aware'?"),
        ("stages.rough.augment.cutout.holse=3", "augment.1.cutout.holse: unknown setting 'holse'"),
        ("stages.rough.augment.cutout.holes=0", "augment.1.cutout.holes: 'holes' is 0; valid is 1 to 10000."),
        ("stages.rough.augment=[min_max, hflip]", "write min_max and normalize last"),
        ("stages.fine.mix={mixup: {alfa: 1}}", "mix.mixup.alfa: unknown setting 'alfa'"),
        ("stages.fine.mix={mixup: {alpha: -1}}", "mix.mixup.alpha: 'alpha' is -1; it is greater than 0"),
        ("stages.rough.paste={probability: 9}", "rough.paste.probability: 'probability' of pasting in the batch is 9;"),
        ("stages.rough.augment=[{normalize: {mean: 0, std: 0}}]", "'std' is [0.0]; standard deviations"),
        ("model.std=0", "model.std: 'std' is [0.0]; standard deviations are greater than 0."),
        ("model.mean=[0.1, 0.2]", "model.mean: 'mean' has 2 numbers; give one, or one for each channel."),
        ("stages.fine.class_weights=inverse", "none of the stage's losses takes class weights"),
        ("stages.fine.kind=trian", "unknown stage kind 'trian'. Did you mean 'train'?"),
        ("stages.fine.method=dinov2", "is for stages of kind pretrain, synthesize or soup"),
        ("stages.fine.keep.best=mpa", "unknown validation metric 'mpa'. Did you mean 'map'?"),
        ("stages.fine.keep.best=accuracy", "unknown validation metric 'accuracy'"),
        ("stages.fine.model={head: cosnie}", "stages.fine.model.head: unknown head 'cosnie'. Did you mean 'cosine'?"),
        ("stages.fine.model={hed: cosine}", "unknown key 'hed'. Did you mean 'head'?"),
        ("predict.thresholds=f2", "predict.thresholds: unknown threshold rule 'f2'. Valid: cost, f1"),
        ("predict.thresholds={sensitivity: {rate: 0.9}}", "unknown setting 'rate' in the threshold rule 'sensitivity'"),
        ("predict.calibration=plat", "predict.calibration: unknown calibration 'plat'. Did you mean 'platt'?"),
        ("predict.calibration={platt: {bins: 3}}", "unknown setting 'bins' in the calibration 'platt'"),
        ("predict.tta_merge=logit", "predict.tta_merge"),
        ("predict.keep_images=1", "predict.keep_images"),
        ("stages.fine.search={values: {optimizer.adamw.lr: [1, a]}}", "'lr' of the optimizer 'adamw' is 'a'"),
        ("stages.fine.search={values: {optimizer.adamw.rl: [1]}}", "unknown setting 'rl'"),
        ("stages.fine.search={values: {clp: [1]}}", "unknown key. Did you mean 'clip'?"),
        ("model.head=cosin", "model.head: unknown head 'cosin'. Did you mean 'cosine'?"),
        ("model.backbone=resnet81", "model.backbone: unknown backbone 'resnet81'."),
        ("predict.tta=[hflp]", "predict.tta.0: unknown TTA view 'hflp'. Did you mean 'hflip'?"),
        ("predict.tta=[{shift: {x: 7}}]", "predict.tta.0.shift.x: shift moves by 'x' 7 and 'y' 0; give parts"),
        ("predict.tta=[{scale: {factor: -7}}]", "predict.tta.0.scale: scale's factor is -7.0"),
        ("predict.study={view_weights: {frontal: -7}}", "predict.study.view_weights: view weights -7.0:3:5 are no"),
        ("predict.thresholds={sensitivity: {at: 2}}", "predict.thresholds.sensitivity: the rate 2.0 is not in (0, 1]"),
        ("predict.merge=men", "predict.merge: unknown ensemble 'men'. Did you mean 'mean'?"),
        ("predict.views={frontal_replaces_lateral: {judge_by: rough}}", "Did you mean 'judged_by'?"),
        ("stages.fine.loss=my_own.loss", "the loss 'my_own.loss' cannot be imported"),
    ],
)  # fmt: skip
def test_what_does_not_fit_dies_when_the_recipe_loads(path, override, message):
    with pytest.raises(UserError) as error:
        load_recipe(path, [override])
    assert message in str(error.value)
    assert str(error.value).startswith(f"override '{override}': ")


_OWN = '''
from torch import nn

class Gentle(nn.Module):
    """Nothing much."""
    def __init__(self, class_counts, *, slope: float = 1.0):
        super().__init__()

class Greedy(nn.Module):
    """Asks for too much."""
    def __init__(self, whole_data, *, slope: float = 1.0):
        super().__init__()
'''


def test_ones_own_component_is_bound_like_ours(path, in_tmp):
    (in_tmp / "own_parts.py").write_text(_OWN)
    recipe = load_recipe(path, ["stages.fine.loss={own_parts.Gentle: {slope: 2}}"])
    assert recipe.stages["fine"].loss[0].settings == {"slope": 2}
    for override, message in (
        ("stages.fine.loss={own_parts.Gentle: {slop: 2}}", "unknown setting 'slop' in the loss 'own_parts.Gentle'"),
        ("stages.fine.loss={own_parts.Gentle: {slope: x}}", "write a number"),
        ("stages.fine.loss=own_parts.Greedy", "asks for 'whole_data', which a stage does not have"),
    ):
        with pytest.raises(UserError, match="override") as error:
            load_recipe(path, [override])
        assert message in str(error.value)


_OWN_OPTIMIZERS = '''
import torch

def descent(groups, *, lr: float = 0.1, momentum: float = 0.0):
    """Torch's own checks speak."""
    return torch.optim.SGD([p for group in groups for _, p in group.params], lr=lr, momentum=momentum)

def nothing(groups, *, lr: float = 0.1):
    """Forgot to return it."""
'''


def test_what_ones_own_optimizer_raises_is_told_as_a_mistake(path, in_tmp):
    (in_tmp / "own_optimizers.py").write_text(_OWN_OPTIMIZERS)
    load_recipe(path, ["stages.fine.optimizer={own_optimizers.descent: {lr: 1.0e-3}}"])
    for own, message in (
        ("{own_optimizers.descent: {momentum: -5}}", "momentum: 'momentum' of the optimizer 'own_optimizers.descent'"),
        ("{own_optimizers.descent: {momentum: -5}}", "(ValueError: Invalid momentum value: -5.0); correct its"),
        ("own_optimizers.nothing", "gives a NoneType; give one that extends torch.optim.Optimizer."),
    ):
        with pytest.raises(UserError, match="override") as error:
            load_recipe(path, [f"stages.fine.optimizer={own}"])
        assert message in str(error.value)
