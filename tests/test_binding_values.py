from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest

from longtail.binding_values import bind_values, fitted, in_words
from longtail.errors import UserError


class _Tensor:
    """Something that YAML cannot hold."""


def _part(
    counts: Sequence[int],
    *,
    gamma: float = 2.0,
    times: int = 1,
    on: bool = True,
    how: Literal["mean", "sum"] = "mean",
    sizes: Sequence[int] = (),
    pair: tuple[float, float] = (0.0, 1.0),
    weight: _Tensor | Sequence[float] | float | Literal["balanced"] | None = None,
    options: Mapping[str, float] | None = None,
    file: Path | None = None,
    anything: Any = None,
) -> None:
    del counts, gamma, times, on, how, sizes, pair, weight, options, file, anything


def test_values_are_fitted_to_their_annotations() -> None:
    given = {
        "gamma": 1, "times": 3, "on": False, "how": "sum", "sizes": [1, 2], "pair": [0, 1], "weight": [1, 2.5],
        "options": {"a": 1}, "file": "x/y", "anything": [{}],
    }  # fmt: skip
    assert bind_values(_part, given, "part", context=("counts",)) == {
        "gamma": 1.0, "times": 3, "on": False, "how": "sum", "sizes": (1, 2), "pair": (0.0, 1.0), "weight": (1.0, 2.5),
        "options": {"a": 1.0}, "file": Path("x/y"), "anything": [{}],
    }  # fmt: skip
    for value in (None, 2, "balanced"):
        assert bind_values(_part, {"weight": value}, "part", context=("counts",)) == {"weight": value}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"gama": 1}, "unknown setting 'gama' in part. Did you mean 'gamma'?"),
        ({"counts": [1]}, "unknown setting 'counts'"),
        ({"gamma": "1"}, "'gamma' of part is '1'; write a number."),
        ({"gamma": True}, "'gamma' of part is true; write a number."),
        ({"gamma": None}, "'gamma' of part is null; write a number."),
        ({"gamma": float("nan")}, "write a number"),
        ({"times": 1.0}, "write a whole number"),
        ({"on": 1}, "write true or false"),
        ({"how": "man"}, "Did you mean 'mean'?"),
        ({"how": 3}, "write mean or sum"),
        ({"sizes": 3}, "write a list (each a whole number)"),
        ({"sizes": ["a"]}, "write a list (each a whole number)"),
        ({"pair": [1]}, "write a list of 2: a number, a number"),
        ({"weight": "heavy"}, "write a list (each a number) or a number or balanced or null"),
        ({"options": 3}, "write a mapping of names to values or null"),
    ],
)
def test_what_does_not_fit_is_told_with_what_does(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as error:
        bind_values(_part, settings, "part", context=("counts",))
    assert message in str(error.value)


def test_what_is_needed_and_not_there() -> None:
    def needs(*, size: int) -> None:
        del size

    with pytest.raises(UserError, match="part needs the setting 'size'"):
        bind_values(needs, {}, "part")
    with pytest.raises(UserError, match="asks for 'counts', which a stage does not have"):
        bind_values(_part, {}, "part")


def test_annotations_that_cannot_be_read_let_everything_through() -> None:
    def odd(*, size: "NotThere" = 3) -> None:  # type: ignore[name-defined]  # noqa: F821
        del size

    assert bind_values(odd, {"size": "x"}, "part") == {"size": "x"}
    assert fitted(3, Any, "x") == 3
    assert in_words(_Tensor | float) == "a number"
