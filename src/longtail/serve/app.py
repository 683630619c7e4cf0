"""The HTTP side: routes, limits on bodies and time, the token, and what is told of errors. Needs the extra `serve`."""

import asyncio
import hmac
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

import anyio
from fastapi import FastAPI, Request, Response  # type: ignore[import-not-found,unused-ignore]
from fastapi.exceptions import RequestValidationError  # type: ignore[import-not-found,unused-ignore]
from fastapi.responses import JSONResponse  # type: ignore[import-not-found,unused-ignore]
from starlette.exceptions import HTTPException  # type: ignore[import-not-found,unused-ignore]
from starlette.requests import ClientDisconnect  # type: ignore[import-not-found,unused-ignore]

from longtail import __version__
from longtail.serve.limits import Limits, Refused, seconds_left, too_late
from longtail.serve.metrics import TYPE
from longtail.serve.multipart import Upload, read_upload
from longtail.serve.openapi import ERRORS, NOT_OURS, SECURITY, about, form, with_security
from longtail.serve.page import page
from longtail.serve.schema import Answer, Health, HeatAnswer, ModelFacts
from longtail.serve.service import Service

_LOG = logging.getLogger("longtail.serve")
_OPEN = ("/", "/health", "/ready", "/favicon.ico")  # without a token; /openapi.json tells what is public anyway
_ROUTES = frozenset({*_OPEN, "/metrics", "/openapi.json", "/v1/model", "/v1/predict", "/v1/study", "/v1/heatmap",
                     "/v1/preview"})  # fmt: skip
_LATE = 408
_Found = TypeVar("_Found")


def create_app(service: Service, *, token: str | None = None, hosts: tuple[str, ...] = ()) -> Any:
    """The ASGI application of a service; `hosts`, where given, are the only names it answers to."""

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        yield
        service.close()

    app = FastAPI(
        title="longtail", version=__version__, description=about(service), docs_url=None, redoc_url=None,
        lifespan=lifespan,
    )  # fmt: skip
    _add_routes(app, service)
    with_security(app, bool(token))

    async def around(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        began = time.monotonic()
        refusal = _stranger(request, token, hosts)
        response = await call_next(request) if refusal is None else _told(refusal)
        seconds = time.monotonic() - began
        route = request.url.path if request.url.path in _ROUTES else "other"
        service.metrics.count(route, response.status_code, seconds)
        _LOG.info("%s %s %d %.3f s", request.method, route, response.status_code, seconds)
        response.headers.update({"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"})
        return response

    async def refused(_: Request, error: Any) -> Response:
        return _told(error)

    async def failed(_: Request, error: Any) -> Response:
        _LOG.error("a request failed: %s", type(error).__name__)  # its text may hold what the client sent
        return JSONResponse({"error": "the server failed; its log has the kind of error."}, status_code=500)

    async def invalid(_: Request, error: Any) -> Response:
        where = ", ".join(sorted({str(each["loc"][-1]) for each in error.errors()}))
        return _told(Refused(422, f"not valid: {where}; /openapi.json says what is."))

    async def absent(_: Request, error: Any) -> Response:
        told = _told(Refused(error.status_code, f"{error.detail}; /openapi.json lists what there is.".lower()))
        told.headers.update(error.headers or {})  # Allow
        return told

    app.middleware("http")(around)
    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, absent)
    app.add_exception_handler(Exception, failed)
    return app


def _add_routes(app: Any, service: Service) -> None:
    async def predict(request: Request) -> Answer:
        """Every image by itself."""
        return await _answered(service, request, service.predict)

    async def study(request: Request) -> Answer:
        """All images as the views of one study: each by itself, and together."""
        return await _answered(service, request, partial(service.predict, study=True))

    async def heatmap(request: Request, label: str) -> HeatAnswer:
        """Where the network looked for a label in one image (of a run; an export has no heat maps)."""
        return await _answered(service, request, partial(service.heat, label=label))

    async def preview(request: Request) -> Response:
        """One image as a PNG, at most 1,024 pixels a side: for DICOM and TIFF, which browsers do not show."""
        return Response(await _answered(service, request, service.preview), media_type="image/png")

    posts = {"/v1/predict": (predict, True), "/v1/study": (study, True), "/v1/heatmap": (heatmap, False)}
    for path, (function, several) in posts.items():
        app.add_api_route(path, function, methods=["POST"], responses=ERRORS, openapi_extra=form(several=several))
    png: dict[int | str, dict[str, Any]] = {200: {"content": {"image/png": {}}, "description": "The image."}}
    extra = {"methods": ["POST"], "responses": {**ERRORS, **png}, "openapi_extra": form(several=False)}
    app.add_api_route("/v1/preview", preview, response_class=Response, **extra)
    _add_gets(app, service)


def _add_gets(app: Any, service: Service) -> None:
    async def model() -> ModelFacts:
        """The model, its labels with thresholds and notes, and what is taken."""
        return service.facts

    async def health() -> Health:
        """The process lives."""
        return Health(status="ok")

    async def ready() -> Health:
        """The model is loaded and there is room for a request; 429 when not."""
        with service.admitted():
            return Health(status="ready")

    async def metrics() -> Response:
        """For Prometheus."""
        return Response(service.metrics_text(), media_type=TYPE)

    async def start() -> Response:
        found = page()
        return Response(found.html, media_type="text/html", headers={"Content-Security-Policy": found.policy})

    async def icon() -> Response:
        return Response(status_code=204)

    app.add_api_route("/v1/model", model, methods=["GET"], responses=NOT_OURS)
    app.add_api_route("/health", health, methods=["GET"])
    app.add_api_route("/ready", ready, methods=["GET"], responses={429: ERRORS[429]})
    text: dict[int | str, dict[str, Any]] = {
        200: {"content": {"text/plain": {}}, "description": "Prometheus' text format."}
    }
    app.add_api_route("/metrics", metrics, methods=["GET"], response_class=Response, responses={**text, **NOT_OURS})
    app.add_api_route("/", start, methods=["GET"], include_in_schema=False)
    app.add_api_route("/favicon.ico", icon, methods=["GET"], include_in_schema=False)


async def _upload(request: Request, limits: Limits) -> tuple[Upload, float]:
    """The request's images, and when its answer is too late."""
    until = time.monotonic() + limits.seconds
    said = request.headers.get("content-length", "")
    if said.isdigit() and int(said) > limits.bytes:
        raise _too_large(limits)
    try:
        body = await asyncio.wait_for(_body(request, limits), limits.seconds)
    except ClientDisconnect as error:  # nobody reads this answer; it is counted
        raise Refused(400, "the request was cut off.") from error
    except TimeoutError as error:
        raise Refused(_LATE, f"the request took longer than {limits.seconds:g} seconds to arrive.") from error
    return read_upload(request.headers.get("content-type", ""), body, limits), until


async def _answered(service: Service, request: Request, work: Callable[..., _Found]) -> _Found:
    """What `work` makes of the request's images in a thread, which nobody waits for any longer than they may."""
    with service.admitted():
        upload, until = await _upload(request, service.limits)
        try:
            with anyio.fail_after(seconds_left(until)):
                return await anyio.to_thread.run_sync(partial(work, upload, until=until), abandon_on_cancel=True)
        except TimeoutError as error:
            raise too_late() from error


async def _body(request: Request, limits: Limits) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limits.bytes:
            raise _too_large(limits)
        parts.append(part)
    return b"".join(parts)


def _too_large(limits: Limits) -> Refused:
    return Refused(413, f"a request has at most {limits.bytes:,} bytes.")


def _stranger(request: Request, token: str | None, hosts: tuple[str, ...]) -> Refused | None:
    """Why this request is not for us, or None."""
    host = request.headers.get("host", "").rsplit(":", 1)[0].strip("[]").lower()
    if hosts and host not in hosts:  # a page elsewhere whose name was made to point here (DNS rebinding)
        return Refused(421, "this server answers to other names only.")
    if token is None or request.url.path in _OPEN:
        return None
    given = request.headers.get("authorization", "").removeprefix("Bearer ").encode("utf-8", "replace")
    return None if hmac.compare_digest(given, token.encode()) else Refused(401, "send Authorization: Bearer TOKEN.")


def _told(refusal: Any) -> Response:
    headers = {429: {"Retry-After": "1"}, 503: {"Retry-After": "2"}, 401: {"WWW-Authenticate": SECURITY}}
    return JSONResponse({"error": refusal.reason}, refusal.status, headers.get(refusal.status))
