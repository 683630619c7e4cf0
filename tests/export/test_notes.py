"""What is said of the rows that an export's numbers stand on."""

from dataclasses import replace
from typing import Any

from made_service import made_bundle

from longtail.export.card import model_card
from longtail.export.int8 import Loss
from longtail.export.notes import notes_of

_BEST: dict[str, Any] = {"rows": 1200, "valid_rows": 34, "settings": {"keep": {"best": "map"}}}


def test_numbers_of_test_are_told_from_those_that_chose() -> None:
    assert notes_of({"a": _BEST}, {"val": {}, "test": {}}, decided=True) == (
        "Numbers of test are of the data set's own test rows; expect worse elsewhere. Those of val are of rows that"
        " chose the weights and thresholds and calibration.",
    )
    assert notes_of({"a": {"settings": {"keep": "last"}}}, {"test": {}, "val": {}}, decided=False) == (
        "Numbers of test are of the data set's own test rows; expect worse elsewhere.",
    )
    assert notes_of({"a": _BEST}, {}, decided=True) == ()


def test_without_test_rows_the_card_says_whose_numbers_they_are() -> None:
    notes = notes_of({"a": _BEST}, {"val": {}}, decided=False)
    said = (
        "There were no test rows: all numbers are of validation rows, which chose the weights; expect worse on any"
        " others."
    )
    assert notes == (said,)
    bundle = replace(made_bundle(), evidence={}, notes=notes)
    card = model_card(bundle, "onnx", {"parity": {"largest_difference": 0.1, "on": "noise"}}, {})
    assert f"## Limits\n\n{said}\n\nLabels with few" in card
    assert "test rows; expect" not in card


def test_a_refit_is_told_with_its_rows() -> None:
    _, said = notes_of({"a": {**_BEST, "refit": True}, "b": _BEST}, {"val": {}}, decided=False)
    assert said.startswith("The weights of stage 'a' were refitted on train and validation rows (1,234 together);")
    assert Loss(0.5, 0.4, 3, 34, 0.1, seen=True).as_json()["on"] == (
        "34 validation images, on which the refitted weights were trained"
    )
