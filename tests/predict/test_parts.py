"""Parts by name and settings, from text, YAML and a recipe's component."""

from types import SimpleNamespace

import pytest

from longtail.errors import UserError
from longtail.predict.parts import bound
from longtail.predict.studies import STUDIES


def test_the_three_forms_are_one() -> None:
    settings = {"frontal": 8.0, "lateral": 2.0}
    forms = ["view_weights,frontal=8,lateral=2", {"view_weights": settings},
             SimpleNamespace(name="view_weights", settings=settings)]  # fmt: skip
    for form in forms:
        part = bound(STUDIES, form)
        assert part.settings == settings
        assert part.said == {"view_weights": settings}
    assert bound(STUDIES, "mean").said == "mean"
    assert bound(STUDIES, bound(STUDIES, "max")).name == "max"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("men", "unknown study rule 'men'. Did you mean 'mean'"),
        ("view_weights,front=1", "unknown option 'front'"),
        ({"view_weights": {"front": 1}}, "unknown setting 'front' in the study rule 'view_weights'"),
        ("view_weights,frontal=much", "write a number"),
        (["mean"], "names no study rule"),
    ],
)
def test_a_typo_names_what_is_valid(given: object, message: str) -> None:
    with pytest.raises(UserError, match=message):
        bound(STUDIES, given)
