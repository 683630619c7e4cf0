"""A service of made networks, a made export, and a plain HTTP server of the page for browsers; no torch, no FastAPI."""

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
from PIL import Image

from longtail.export.bundle import Bundle, Member, Pixels, Values
from longtail.predict.combining import Plan
from longtail.predict.decisions import Decisions
from longtail.serve.limits import Limits, Refused
from longtail.serve.multipart import read_upload
from longtail.serve.page import page
from longtail.serve.service import Service

LABELS = ("Effusion", "Nodule", "Hernia")


def made_member(name: str = "main", *, size: int = 16, heat: bool = True, delay: float = 0, slope: float = 1) -> Member:
    """A network whose first label is how bright the image is, the others .3 and .05."""

    def predict(pixels: Pixels) -> Values:
        time.sleep(delay)
        bright = pixels.astype(np.float32).mean(axis=(1, 2, 3)) / 255 * slope
        rest = np.tile(np.array([[0.3, 0.05]], dtype=np.float32), (len(pixels), 1))
        return np.concatenate([bright[:, None].clip(0, 1), rest], axis=1).astype(np.float32)

    def look(_: Pixels, label: str) -> Values:
        y, x = np.mgrid[:8, :8]
        return np.exp(-((x - 5) ** 2 + (y - 2 - LABELS.index(label)) ** 2) / 4).astype(np.float32)

    return Member(
        name, LABELS, "multilabel", size, 1, "squash", "file", "0" * 24, ("identity",), "probabilities", predict,
        look if heat else None,
    )  # fmt: skip


def made_bundle(*members: Member, views: Any = None, study: Any = "max") -> Bundle:
    """A bundle with thresholds, Platt's calibration of the second label, and numbers of a test split."""
    maps: dict[str, dict[str, Any]] = {"Effusion": {}, "Nodule": {"slope": 1.0, "offset": 0.5}, "Hernia": {}}
    thresholds = dict(zip(LABELS, (0.5, 0.35, 0.5), strict=True))
    made_from = {"rows": 40, "split": "val", "task": "multilabel", "left_at_half": ["Hernia"]}
    decisions = Decisions(thresholds, maps, {"calibration": "platt", "thresholds": "f1"}, made_from)
    auroc = {"value": 0.8, "low": 0.7, "high": 0.9}
    labels: dict[str, Any] = {
        label: {"group": group, "train_count": count, "positives": count // 10, "auroc": auroc}
        for label, group, count in zip(LABELS, ("head", "medium", "tail"), (900, 90, 3), strict=True)
    }
    labels["Hernia"]["auroc"] = {"value": None, "low": None, "high": None}
    facts = {"recipe": "made", "run": "run7", "stages": {"main": "0" * 24}, "longtail": "0.1.0"}
    plan = Plan("mean", views, study)
    return Bundle(members or (made_member(),), plan, decisions, {}, facts, {"test": {"labels": labels}}, ("A note.",))


def made_service(*members: Member, limits: Limits | None = None) -> Service:
    """A service of `made_bundle`."""
    return Service(made_bundle(*members), limits)


def png(level: int = 100, size: tuple[int, int] = (40, 30)) -> bytes:
    """A grey image of this level as PNG; (width, height)."""
    return encoded(Image.new("L", size, level), "PNG")


def encoded(image: Image.Image, kind: str) -> bytes:
    """The bytes of an image file."""
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def form(*images: bytes, views: tuple[str, ...] = (), boundary: str = "xYz") -> tuple[str, bytes]:
    """The content type and body of an upload."""
    parts = [(f'name="images"; filename="secret{i}.png"', data) for i, data in enumerate(images)]
    parts += [('name="views"', view.encode()) for view in views]
    body = b"".join(
        f"--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + data + b"\r\n"
        for head, data in parts
    )
    return f"multipart/form-data; boundary={boundary}", body + f"--{boundary}--\r\n".encode()


def refused_with(work: Callable[[], object]) -> int:
    """The status of the refusal; 200 where there is none."""
    try:
        work()
    except Refused as error:
        return error.status
    return 200


@contextmanager
def page_server(service: Service, script: str = "") -> Iterator[str]:
    """The page with `script` at its end, and the API behind it, on a port of this machine; yields the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/v1/model":
                return self._send(service.facts.model_dump_json().encode(), "application/json")
            html = page().html.replace("</body>", f"<script>{script}</script></body>")
            return self._send(html.encode(), "text/html; charset=utf-8")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                self._send(*_answered(service, self.path, self.headers["Content-Type"], body))
            except Refused as error:
                self._send(json.dumps({"error": error.reason}).encode(), "application/json", error.status)

        def _send(self, body: bytes, kind: str, status: int = 200) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _answered(service: Service, path: str, kind: str, body: bytes) -> tuple[bytes, str]:
    upload, place = read_upload(kind, body, service.limits), urlsplit(path)
    if place.path == "/v1/preview":
        return service.preview(upload, time.monotonic() + 20), "image/png"
    if place.path == "/v1/heatmap":
        answer: Any = service.heat(upload, parse_qs(place.query)["label"][0], time.monotonic() + 20)
    else:
        answer = service.predict(upload, time.monotonic() + 10, study=place.path == "/v1/study")
    return answer.model_dump_json().encode(), "application/json"
