"""The page: one HTML file with its style and script inside, allowed by their hashes and nothing else."""

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_POLICY = (
    "default-src 'none'; img-src blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'; script-src {script}; style-src {style}"
)


@dataclass(frozen=True)
class Page:
    """The HTML, and the Content-Security-Policy that lets only its own parts run."""

    html: str
    policy: str


@cache
def page() -> Page:
    """The page, put together once."""
    here = files(__package__)
    style, script = (here.joinpath(name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    html = here.joinpath("page.html").read_text(encoding="utf-8")
    whole = html.replace("/*STYLE*/", style).replace("/*SCRIPT*/", script)
    hashes = {tag: _hash(whole, tag) for tag in ("script", "style")}
    return Page(whole, _POLICY.format(**hashes))


def _hash(html: str, tag: str) -> str:
    found = re.search(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
    assert found is not None
    return f"'sha256-{base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()}'"
