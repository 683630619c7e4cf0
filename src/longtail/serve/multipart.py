"""Uploaded forms (`multipart/form-data`, RFC 7578) out of memory.

Starlette's own parser writes larger uploads to temporary files; here nothing may touch a disk. The body is bounded
before it comes here, so it is split in one go.
"""

import re
from dataclasses import dataclass, field

from longtail.serve.limits import Limits, Refused

IMAGES, VIEWS = "images", "views"
_RAW = ("image/", "application/dicom", "application/octet-stream")
_NAME = re.compile(rb'(?:^|[;\s])name="([^"\r\n]{0,64})"', re.IGNORECASE)
_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,70})"|([^\s;,"]{1,70}))', re.IGNORECASE)
VIEW = "[A-Za-z0-9 ._/()+-]{0,40}"  # what a view may be


@dataclass
class Upload:
    """The images' bytes, and a view position for each where told (else "")."""

    images: list[bytes] = field(default_factory=list)
    views: list[str] = field(default_factory=list)


def read_upload(content_type: str, body: bytes, limits: Limits) -> Upload:
    """The images of a request: a form with fields `images` (and `views`), or one image as the whole body."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind.startswith(_RAW):
        return _checked(Upload([body]), limits)
    if kind != "multipart/form-data":
        raise Refused(415, "send multipart/form-data with files named 'images', or one image as the whole body.")
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise Refused(400, "the form names no boundary in its content type.")
    boundary = (found[1] or found[2]).encode("latin-1", "replace")
    return _checked(_parts(body, boundary, limits), limits)


def _parts(body: bytes, boundary: bytes, limits: Limits) -> Upload:
    mark = b"--" + boundary
    if not body.startswith(mark):
        raise Refused(400, "the form does not begin with its boundary.")
    pieces = (b"\r\n" + body).split(b"\r\n" + mark, 2 * limits.images + 3)
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        more = len(pieces) > 2 * limits.images + 2
        raise Refused(413, _too_many(limits)) if more else Refused(400, "the form is cut short.")
    found = Upload()
    for piece in pieces[1:-1]:
        head, gap, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        if not gap:
            raise Refused(400, "a part of the form has no headers.")
        _take(head, content, found)
    return found


def _take(head: bytes, content: bytes, found: Upload) -> None:
    line = next((each for each in head.split(b"\r\n") if each.lower().startswith(b"content-disposition:")), b"")
    name = _NAME.search(line)
    match name[1] if name else None:
        case b"images":
            found.images.append(content)
        case b"views":
            found.views.append(_view(content))
        case _:
            raise Refused(400, "the form has a field that is not 'images' or 'views'.")


def _view(content: bytes) -> str:
    text = content.decode("ascii", "replace").strip()
    if not re.fullmatch(VIEW, text):
        raise Refused(422, "a view is a word of up to 40 letters or digits, such as AP, PA or lateral.")
    return text


def _checked(upload: Upload, limits: Limits) -> Upload:
    if not upload.images:
        raise Refused(400, "the form has no file named 'images'.")
    if len(upload.images) > limits.images:
        raise Refused(413, _too_many(limits))
    if upload.views and len(upload.views) != len(upload.images):
        raise Refused(422, "there must be a view for each image, in their order, or none at all.")
    upload.views = upload.views or [""] * len(upload.images)
    return upload


def _too_many(limits: Limits) -> str:
    return f"at most {limits.images} images are taken at once."
