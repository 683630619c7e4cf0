"""Figures take a second each: only the tests of the report draw them."""

import pytest


@pytest.fixture(autouse=True)
def _no_figures(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "report" not in request.node.name:
        for name in ("draw_correlation", "draw_distribution"):
            monkeypatch.setattr(f"longtail.augment.paste.figures.{name}", lambda *_: None)
