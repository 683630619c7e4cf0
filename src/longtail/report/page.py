"""Pages from templates: everything escaped, nothing undefined, one palette for the CSS and the charts."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from longtail import __version__
from longtail.report.drawing import DARK, LIGHT


def render(template: str, **values: Any) -> str:
    """The HTML of a template of this room."""
    environment = Environment(
        loader=PackageLoader("longtail.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"num": number, "signed": signed, "count": count, "percent": percent}
    palettes = {"light": _variables(LIGHT), "dark": _variables(DARK)}
    return environment.get_template(template).render(**values, palettes=palettes, version=__version__)


def number(value: float | None, digits: int = 3) -> str:
    """A number with three decimals; a dash where it is undefined."""
    return "–" if value is None or value != value else f"{value:.{digits}f}"


def signed(value: float) -> str:
    """A difference, its sign always there."""
    return "–" if value != value else f"{round(value, 3) + 0.0:+.3f}"


def count(value: int) -> str:
    """A whole number with thousands set apart."""
    return f"{value:,}"


def percent(value: float, digits: int = 2) -> str:
    """A number in 0..1 (or a little beside) as CSS has it."""
    return f"{100 * value:.{digits}f}".rstrip("0").rstrip(".") + "%"


def _variables(palette: dict[str, str]) -> Markup:
    """A palette as CSS variables."""
    return Markup(" ".join(f"--{name}: {value};" for name, value in palette.items() if name != "none"))
