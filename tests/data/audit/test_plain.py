import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from longtail.data.audit.plain import plain


@dataclass
class Thing:
    a: float
    b: dict[int, tuple[str, ...]]


def test_everything_becomes_json():
    value = [Thing(np.nan, {1: ("x",)}), np.array([[1, np.inf]]), np.int64(3), np.float32(0.5), Path("a/b"), True, None]
    assert plain(value) == [{"a": None, "b": {"1": ["x"]}}, [[1.0, None]], 3, 0.5, "a/b", True, None]
    json.dumps(plain(value), allow_nan=False)
