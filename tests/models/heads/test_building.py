"""Heads by name: what a head of one's own must have."""

import sys
import types

import pytest

from longtail.errors import UserError
from longtail.models.features import FeatureSizes
from longtail.models.heads.base import Head
from longtail.models.heads.building import build_head


class HalfAHead(Head):
    """Forgets `reset`."""

    def forward(self, features):
        return features.pooled


def test_a_head_that_lacks_a_method_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("half")
    module.HalfAHead = HalfAHead  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "half", module)
    with pytest.raises(UserError, match=r"head 'half\.HalfAHead' lacks the methods reset; every head has them"):
        build_head("half.HalfAHead", FeatureSizes(width=4), 3)
