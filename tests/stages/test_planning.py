from functools import partial

import numpy as np
import pandas as pd
import pytest
from made_recipes import written

from longtail.data.manifest import from_classes, from_states
from longtail.errors import UserError
from longtail.stages.estimates import estimate, prepared_bytes
from longtail.stages.fitting import fit
from longtail.stages.planning import check_manifest, plan, recipe_warnings
from longtail.stages.recipe import Recipe
from longtail.stages.trying_models import check_models
from longtail.stages.validating import validate

_SPLITS = ["train"] * 50 + ["val"] * 10 + ["test"] * 5


def _manifest(tmp_path, **columns):
    states = np.zeros((65, 3), dtype=np.float32)
    states[:30, 0] = states[:6, 1] = states[48:52, 1] = 1
    table = pd.DataFrame({"image": [f"{i}.png" for i in range(65)], "split": _SPLITS, **columns})
    return from_states(table, ("a", "b", "c"), states, tmp_path)


def _recipe(stages, **more):
    return Recipe.model_validate({"recipe": "x", "model": {"weights": "none"}, "stages": stages, **more})


def test_images_and_steps_are_those_of_training(tmp_path):
    recipe = _recipe(
        {
            "a": {"epochs": 3, "batch_size": 16},  # 50 rows: 3 batches, since the last 2 rows are under half a batch
            "b": {"epochs": 2, "batch_size": 20, "image_size": 64},  # the rest of 10 is a batch
            "c": {"steps": 7, "batch_size": 16},
            "d": {"epochs": 1, "batch_size": 16, "balance": {"per_class": 40}},
            "e": {"epochs": 1, "oversample": {"below_ap": 0.1, "judged_by": "a"}},
            "f": {"epochs": 1, "batch_size": 8, "sampler": {"class_aware": {"size": 24}}},
        }
    )
    plans = {each.name: each for each in plan(recipe, _manifest(tmp_path))}
    found = {name: (each.rows, each.valid_rows, each.steps, each.images) for name, each in plans.items()}
    assert found == {
        "a": (50, 10, 9, 144),
        "b": (50, 10, 6, 100),
        "c": (50, 10, 7, 112),
        "d": (80, 10, 5, 80),
        "e": (None, 10, None, None),
        "f": (50, 10, 3, 24),
    }
    assert plans["e"].note == "50 rows to 100, once a is judged"


def test_weights_that_are_not_there_are_told_before_anything_else(tmp_path):
    there = tmp_path / "there.safetensors"
    there.write_bytes(b"")
    gone = {"weights": str(tmp_path / "gone.safetensors")}
    validate(_recipe({"a": {"epochs": 1}, "b": {"from": "a", "epochs": 1}}, model={"weights": str(there)}))
    validate(_recipe({"a": {"epochs": 1}, "b": {"from": "a", "epochs": 1, "model": gone}}))  # which takes the parent's
    for stage, model in (({"model": gone}, {"weights": "none"}), ({}, gone)):
        with pytest.raises(UserError, match=r"stage 'a' starts from the weights file .*gone.safetensors.*not there"):
            validate(_recipe({"a": {"epochs": 1, **stage}}, model=model))


def test_what_only_the_manifest_shows_is_told_by_place(tmp_path):
    path = written(tmp_path, "recipe: r\nmodel: {weights: none}\nstages:\n  s: {epochs: 1, drop_classes: [a, d]}\n")
    for overrides, place in (
        ([], f"'{path}', line 4, column 36: stages.s.drop_classes.1: unknown class 'd'."),
        (["stages.s.drop_classes=[e]"], "override 'stages.s.drop_classes=[e]': stages.s.drop_classes.0: unknown"),
    ):
        for smoke in (False, True):
            with pytest.raises(UserError) as error:
                validate(path, _manifest(tmp_path), overrides=overrides, smoke=smoke)
            assert str(error.value).startswith(place)
    with pytest.raises(UserError, match="line 4, column 36"):
        fit(path, _manifest(tmp_path), out=tmp_path / "run")


def test_without_a_manifest_only_what_the_recipe_says():
    recipe = _recipe({"a": {"epochs": 3}, "b": {"steps": 4, "batch_size": 8}})
    assert [(each.epochs, each.steps, each.images) for each in plan(recipe)] == [(3, None, None), (None, 4, 32)]
    assert [each.reused for each in plan(recipe, reused=lambda name: name == "b")] == [False, True]


@pytest.mark.parametrize(
    ("recipe", "columns", "message"),
    [
        ({"task": "singlelabel"}, {}, "is for a singlelabel task and the manifest is multilabel"),
        ({"predict": {"study": "mean"}}, {}, "predicts with 'mean', which needs the column 'study'"),
        ({"predict": {"views": "mean"}}, {"study": ["s"] * 65}, "which needs the column 'view'"),
        ({"predict": {"views": "mean"}}, {"view": ["PA"] * 65}, "add predict.views=null to the command"),
        ({"stages": {"s": {"epochs": 1, "drop_classes": ["d"]}}}, {}, "stages.s.drop_classes.0: unknown class 'd'"),
        ({"stages": {"s": {"epochs": 1, "rows": ["trian"]}}}, {}, "stages.s.rows: unknown split 'trian'"),
        ({"stages": {"s": {"epochs": 1, "keep": {"best": "map"}}}}, {"split": ["train"] * 65}, "keep: {best: map}"),
        ({"stages": {"s": {"epochs": 1, "keep": {"best": "map_tail"}}}}, {}, "needs labels of the tail, and none has"),
    ],
)  # fmt: skip
def test_a_manifest_that_does_not_fit_is_refused(tmp_path, recipe, columns, message):
    made = _recipe(**{"stages": {"s": {"epochs": 1}}, **recipe})
    with pytest.raises(UserError) as error:
        check_manifest(made, _manifest(tmp_path, **columns))
    assert message in str(error.value)


def test_studies_that_could_not_be_judged_are_refused_before_training(tmp_path):
    """Of several classes, or of two patients: `fit` would tell after the last stage; those of train are not judged."""
    rows, split = np.arange(64), ["train"] * 32 + ["val"] * 32
    by_study = {"stages": {"s": {"epochs": 1}}, "predict": {"study": "mean"}}
    table = pd.DataFrame({"image": [f"{i}.png" for i in rows], "study": [f"s{i // 2}" for i in rows], "split": split})

    def check(classes, predict=by_study["predict"]):
        check_manifest(_recipe(**{**by_study, "predict": predict}), from_classes(table, list("abc"), classes, tmp_path))

    check(rows // 2 % 3)
    check(np.where(rows < 32, rows, rows // 2) % 3)
    with pytest.raises(UserError, match=r"predict\.study: the images of study 's16'.*predict\.keep_images=true"):
        check(rows % 3)
    check(rows % 3, {"study": "mean", "keep_images": True})
    table["split"] = np.where(rows < 32, "train", np.where(rows % 2, "val", "test"))  # a file of predictions of each
    check(rows % 3)
    table["split"] = np.where(rows < 48, "train", "kept for later")
    check(rows % 3)
    with pytest.raises(UserError, match="the images of study 's0'"):
        check_manifest(_recipe(**by_study, folds=2), from_classes(table, list("abc"), rows % 3, tmp_path))
    twice = from_states(table.assign(patient=[f"p{i}" for i in rows], split=split), ("a",), np.zeros((64, 1)), tmp_path)
    with pytest.raises(UserError, match=r"the study 's16' .* belongs to two patients"):
        check_manifest(_recipe(**by_study), twice)


def test_what_may_be_wrong_is_a_warning(tmp_path):
    made = _recipe({"s": {"epochs": 1, "train": "head"}})
    warnings = check_manifest(made, _manifest(tmp_path, split=["train"] * 60 + ["val"] * 5))
    assert "on a backbone that nobody trained" in warnings[0]
    assert "has no split 'test'" in warnings[1]
    assert "no training image has c: nothing" in warnings[2]


def test_validation_rows_without_any_label_are_a_warning(tmp_path):
    best = _recipe({"s": {"epochs": 1, "keep": {"best": "map"}}})
    unlabelled = _manifest(tmp_path, split=["train"] * 60 + ["val"] * 5)
    assert any("so keep: {best: map} may find no epoch the best" in each for each in check_manifest(best, unlabelled))
    assert not any("may find no epoch" in each for each in check_manifest(best, _manifest(tmp_path)))
    assert not any("may find no epoch" in each for each in check_manifest(_recipe({"s": {"epochs": 1}}), unlabelled))


def test_a_split_that_tears_patients_apart_is_a_warning(tmp_path):
    torn = _manifest(
        tmp_path, patient=[f"p{row // 2}" for row in range(65)], split=["train", "val", "test"] * 21 + [""] * 2
    )
    (leak,) = [text for text in check_manifest(_recipe({"s": {"epochs": 1}}), torn) if "patient" in text]
    assert "'p0' is in the splits train, val (31 such patients)" in leak
    assert "longtail data split" in leak


def test_folds_need_no_test_split_and_other_splits_no_training_rows(tmp_path):
    recipe = _recipe({"s": {"epochs": 1, "rows": ["first"]}}, folds=3)
    assert check_manifest(recipe, _manifest(tmp_path, split=["first"] * 60 + ["val"] * 5)) == []


def test_single_label_manifests_are_planned(tmp_path):
    table = pd.DataFrame({"image": [f"{i}.png" for i in range(65)], "split": _SPLITS})
    manifest = from_classes(table, ("a", "b"), np.arange(65) % 2, tmp_path)
    (found,) = plan(_recipe({"s": {"epochs": 1, "drop_classes": ["b"], "batch_size": 5}}), manifest)
    assert (found.rows, found.classes, found.steps) == (25, 1, 5)


def test_estimates_count_weights_exactly_and_grow_with_the_batch(tmp_path):
    from longtail.models import Classifier, build_backbone, build_head

    recipe = _recipe({"s": {"epochs": 1, "image_size": 64, "batch_size": 8}, "t": {"epochs": 1, "image_size": 64}})
    backbone = build_backbone("resnet18", weights=None)
    wanted = sum(p.numel() for p in Classifier(backbone, build_head("linear", backbone.sizes, 3)).parameters())
    small, large = (estimate(recipe, name, classes=3) for name in "st")
    assert small is not None
    assert large is not None
    assert small.parameters == large.parameters == wanted
    assert small.disk >= 4 * wanted
    fixed = 4 * wanted * 4  # weights, gradients and AdamW's two moments
    assert (large.training - fixed) == 8 * (small.training - fixed)
    assert prepared_bytes(recipe, _manifest(tmp_path), 3) == {64: 65 * 64 * 64 * 3}


def test_stages_with_one_network_measure_it_once():
    sizes = {"s": {"epochs": 1, "image_size": 32}, "t": {"epochs": 9, "image_size": 32, "batch_size": 4}}
    recipe, known = _recipe({**sizes, "u": {"epochs": 1, "image_size": 64}}), {}
    found = [estimate(recipe, name, classes=3, known=known) for name in "stu"]
    assert len(known) == 2
    assert found == [estimate(recipe, name, classes=3) for name in "stu"]
    assert estimate(recipe, "s", classes=4, known=known).parameters > found[0].parameters


def test_validate_puts_it_together(tmp_path):
    found = validate(
        _recipe({"s": {"epochs": 1, "image_size": 32}}, model={"weights": "none", "channels": 1}), _manifest(tmp_path)
    )
    assert found.plans[0].rows == 50
    assert found.prepared == {32: 65 * 32 * 32}
    assert found.disk == found.prepared[32] + found.estimates["s"].disk


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train": {"layers": ["nix"]}}, "stages.s.train: unknown layer 'nix' in train.layers"),
        ({"train": {"last_blocks": 99}}, "stages.s.train: the last 99 blocks can't be trained"),
        ({"train": {"lora": {"targets": ["nix"]}}}, "stages.s.train: no linear layer is called nix"),
        ({"model": {"head": {"linear": {"dropout": 3}}}}, "stages.s.model: the head 'linear' cannot be made"),
        ({"model": {"levels": [99]}}, "stages.s.model: map_indices [99] of backbone 'test_resnet'"),
    ],
)
def test_a_model_that_cannot_be_is_told_before_anything_trains(changes, message):
    made = _recipe({"s": {"epochs": 1, "image_size": 32, **changes}}, model={"backbone": "test_resnet"})
    for check in (partial(check_models, classes=3), validate):
        with pytest.raises(UserError) as error:
            check(made)
        assert str(error.value).startswith(message)


def test_a_warm_up_longer_than_the_training_is_a_warning():
    long = _recipe({"s": {"epochs": 6, "schedule": {"cosine": {"warmup_epochs": 100}}}})
    assert recipe_warnings(long) == ["stage 's' warms up for 100 epochs and has 6, so its learning rate only rises"]
    assert recipe_warnings(_recipe({"s": {"epochs": 6, "schedule": {"cosine": {"warmup_epochs": 6}}}})) == []
