"""A model from a recipe's settings: what cannot be made is told as a mistake, not as a traceback."""

import pytest

from longtail.errors import UserError
from longtail.stages.loading_models import build_model


@pytest.mark.parametrize(
    ("head", "told"), [({"linear": {"dropout": 3}}, "between 0 and 1"), ({"linear": {"dropout": "a"}}, "")]
)
def test_settings_that_a_head_refuses(head: object, told: str) -> None:
    settings = {"backbone": "test_resnet", "weights": "none", "head": head}
    with pytest.raises(UserError, match=rf"the head 'linear' cannot be made \(\w+: .*{told}.*; correct its settings"):
        build_model(settings, ["a", "b"], 1, 24)
