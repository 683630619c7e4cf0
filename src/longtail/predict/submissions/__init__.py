"""Files in the form that a challenge asks for: ids, column order, names, and a zip where wanted.

A submission takes predictions of images and an output path (`.csv` or `.zip`), and gives the path; its settings are
keyword-only.
"""

from collections.abc import Callable
from typing import Any

from longtail.registry import Registry

SUBMISSIONS: Registry[Callable[..., Any]] = Registry("submission", "longtail.predict.submissions")
