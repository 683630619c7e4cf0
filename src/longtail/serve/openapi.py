"""What the OpenAPI document says beyond what FastAPI finds itself: bodies, errors, the token."""

from typing import Any

from longtail.serve.multipart import VIEW
from longtail.serve.schema import Problem
from longtail.serve.service import Service

SECURITY = "Bearer"
_REASONS = {
    400: "The form is malformed.",
    401: "The token is missing or wrong.",
    404: "Exports have no heat maps.",
    408: "The request took too long to arrive.",
    413: "Too many bytes, images or pixels.",
    415: "Not an image, or of a kind that is not read.",
    421: "The server answers to other names.",
    422: "An image is damaged, or a parameter is not valid.",
    429: "Busy: come back after Retry-After seconds.",
    503: "The answer took too long.",
}
ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": reason} for status, reason in _REASONS.items()
}
NOT_OURS: dict[int | str, dict[str, Any]] = {status: ERRORS[status] for status in (401, 421)}


def form(*, several: bool) -> dict[str, Any]:
    """The request body of a route that takes images."""
    file = {"type": "string", "format": "binary"}
    images = {"type": "array", "items": file, "minItems": 1} if several else file
    fields: dict[str, Any] = {"images": images}
    if several:
        told = "AP, PA, lateral ...: one for each image, in their order, or none"
        fields["views"] = {"type": "array", "items": {"type": "string", "pattern": f"^{VIEW}$"}, "description": told}
    schema = {"type": "object", "required": ["images"], "properties": fields}
    raw = {kind: {"schema": file} for kind in ("image/png", "image/jpeg", "application/dicom")}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}, **raw}}}


def about(service: Service) -> str:
    """The document's first paragraph."""
    limits = service.limits
    return (
        f"Findings of {len(service.bundle.labels)} labels in images (JPEG, PNG, TIFF, WebP, BMP, DICOM). A request has"
        f" at most {limits.images} images of {limits.pixels:,} pixels and {limits.bytes:,} bytes and is answered"
        f" within {limits.seconds:g} seconds. Nothing that is sent is stored or logged."
        " For research; no medical device."
    )


def with_security(app: Any, token: bool) -> None:
    """Declare the token where there is one."""
    if not token:
        return
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        found: dict[str, Any] = plain()
        found.setdefault("components", {})["securitySchemes"] = {SECURITY: {"type": "http", "scheme": "bearer"}}
        found["security"] = [{SECURITY: []}]
        return found

    app.openapi = openapi
