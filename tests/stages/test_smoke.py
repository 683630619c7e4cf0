from typing import Any

from longtail.stages.smoke import small_size, smoke_overrides


def _changes(**stage: Any) -> dict[str, Any]:
    return {
        key.removeprefix("stages.s."): value
        for key, value in smoke_overrides({"stages": {"s": stage}}).items()
        if key.startswith("stages.s.")
    }


def test_sizes_keep_their_order() -> None:
    sizes = [small_size(size, 512) for size in (28, 224, 320, 384, 512)]
    assert sizes == sorted(sizes)
    assert sizes == [28, 32, 40, 48, 64]
    assert small_size(28, 28) == 28
    assert small_size(64, 64) == 64


def test_everything_that_takes_long_is_short() -> None:
    changes = _changes(
        image_size=224, epochs=30, batch_size=256, balance={"per_class": 5000}, model={"weights": "x.safetensors"},
        search={"values": {"optimizer.adamw.lr": [1, 2, 3, 4]}}, sampler="p_by_k", cached_views=9, compile=True,
    )  # fmt: skip
    assert changes["steps"] == 3
    assert changes["epochs"] is None
    assert changes["batch_size"] == 8
    assert changes["balance.per_class"] == 4
    assert changes["model.weights"] == "none"
    assert changes["search.values"] == {"optimizer.adamw.lr": [1, 2]}
    assert changes["sampler"] == {"p_by_k": {"labels_per_batch": 2, "rows_per_label": 4}}
    assert changes["cached_views"] == 2
    assert changes["compile"] is False


def test_what_is_small_stays() -> None:
    changes = _changes(image_size=28, steps=1, batch_size=2)
    assert (changes["image_size"], changes["steps"], changes["batch_size"]) == (28, 1, 2)


def test_a_recipe_that_is_none_has_no_changes() -> None:
    for odd in ({}, {"stages": 3}, {"stages": None}):
        assert smoke_overrides(odd) == {}
    assert "stages.a.steps" not in smoke_overrides({"stages": {"a": 3}})
