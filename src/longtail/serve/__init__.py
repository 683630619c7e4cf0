"""The serve room: a run or an export behind HTTP, and a page to try it in a browser.

Requests go one way: `multipart` -> `intake` (bytes to pixels) -> `batching` (one network call for many requests) ->
`answering` (probabilities to findings). Only `app` and `running` know FastAPI (extra `serve`); no training may enter,
nothing that was sent is stored, and nothing that was sent or named by a client is logged.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from longtail.rooms import as_verb

if TYPE_CHECKING:
    from longtail.serve.app import create_app as create_app
    from longtail.serve.limits import Limits as Limits
    from longtail.serve.running import serve as serve
    from longtail.serve.service import Service as Service
    from longtail.serve.service import open_service as open_service

_MODULE_OF = {"create_app": "app", "Limits": "limits", "serve": "running", "Service": "service",
              "open_service": "service"}  # fmt: skip

__all__ = sorted(_MODULE_OF)

as_verb(__name__)


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'longtail.serve' has no attribute '{name}'")
    return getattr(import_module(f"longtail.serve.{_MODULE_OF[name]}"), name)
