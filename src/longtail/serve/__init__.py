"""The serve room: a run or an export behind HTTP, and a page to try it in a browser.

Requests go one way: `multipart` -> `intake` (bytes to pixels) -> `batching` (one network call for many requests) ->
`answering` (probabilities to findings). Only `app` and `running` know FastAPI (extra `serve`); no training may enter,
nothing that was sent is stored, and nothing that was sent or named by a client is logged.
"""

from typing import TYPE_CHECKING

from longtail.rooms import as_verb, door

if TYPE_CHECKING:  # for type checkers and editors; see longtail.rooms
    from longtail.serve.app import create_app as create_app
    from longtail.serve.limits import Limits as Limits
    from longtail.serve.running import serve as serve
    from longtail.serve.service import Service as Service
    from longtail.serve.service import open_service as open_service

as_verb(__name__)
__getattr__, __dir__ = door(__name__)
