"""`serve`: a run or an export on a port, until it is stopped."""

import ipaddress
import logging
import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from longtail.errors import UserError
from longtail.export.formats import require
from longtail.serve.limits import Limits
from longtail.serve.service import open_service

_HERE = ("localhost", "127.0.0.1", "::1")


def serve(
    path: str | Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    token: str | None = None,
    limits: Limits | None = None,
    device: str = "auto",
    threads: int = 0,
    tell: Callable[[str], object] = lambda _: None,
) -> None:
    """Answer on `host`:`port` until interrupted. Anybody who can reach the port can ask, unless there is a `token`."""
    require(("fastapi", "uvicorn"), "serving")
    if token is not None and len(token) < 16:
        raise UserError("the token is shorter than 16 characters; take a longer one.")
    local = is_local(host)
    if not local and token is None:
        tell(f"warning: everybody who can reach {host} can ask this server; give it a token with --token-file.")
    service = open_service(path, limits, device=device, threads=threads)
    app = import_module("longtail.serve.app").create_app(service, token=token, hosts=_HERE if local else ())
    _log_to_stderr()
    tell(f"{len(service.bundle.labels)} labels, {service.facts.format}; open http://{_shown(host)}:{port}")
    uvicorn: Any = import_module("uvicorn")
    options = {"access_log": False, "log_level": "warning", "server_header": False, "timeout_keep_alive": 30}
    try:
        uvicorn.run(app, host=host, port=port, limit_concurrency=4 * service.limits.waiting + 64, **options)
    except SystemExit as error:  # uvicorn's way to say that the port is taken; its log said so
        if error.code:
            raise UserError(f"cannot listen on {host}:{port}; is another server there? Take another --port.") from error


def _log_to_stderr() -> None:
    """A line for each request: time, method, route, status, seconds; never an address, a name or a query."""
    log = logging.getLogger("longtail.serve")
    log.setLevel(logging.INFO)
    if not log.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
        log.addHandler(handler)


def is_local(host: str) -> bool:
    """Whether only this machine reaches the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_token(file: Path | None) -> str | None:
    """The token of a file, or of the variable LONGTAIL_TOKEN, or None."""
    if file is None:
        return os.environ.get("LONGTAIL_TOKEN") or None
    try:
        text = file.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError as error:
        raise UserError(f"'{file}' holds no text; write the token into it, in letters and digits.") from error
    if not text:
        raise UserError(f"'{file}' is empty; write the token into it.")
    return text


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
