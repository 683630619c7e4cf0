"""The whole server over real connections: answers, refusals, the token, 429 at twice its capacity, OpenAPI, fuzzed."""

import http.client
import json
import logging
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_browser import CHROMIUM
from made_service import form, made_member, made_service, png
from made_tab import tab

pytest.importorskip("fastapi")
uvicorn = pytest.importorskip("uvicorn")

from longtail.serve import intake  # noqa: E402
from longtail.serve.app import create_app  # noqa: E402
from longtail.serve.limits import Limits  # noqa: E402
from longtail.serve.service import Service  # noqa: E402


@contextmanager
def running(service: Service, **options: Any) -> Iterator[int]:
    """The port of a server in a thread of this process."""
    config = uvicorn.Config(create_app(service, **options), port=0, log_level="error", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)


def asked(port: int, method: str, path: str, body: bytes = b"", kind: str = "", **headers: str) -> tuple[int, Any]:
    """Status and answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body, {**({"Content-Type": kind} if kind else {}), **headers})
        reply = connection.getresponse()
        data = reply.read()
        return reply.status, json.loads(data) if "json" in reply.headers.get("Content-Type", "") else data
    finally:
        connection.close()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with running(made_service(limits=Limits(bytes=200_000, pixels=100_000, images=3))) as found:
        yield found


def test_an_image_a_study_a_heat_map_a_preview(port: int) -> None:
    kind, body = form(png(51), png(204), views=("AP", "lateral"))
    status, study = asked(port, "POST", "/v1/study", body, kind)
    assert status == 200
    assert study["study"]["rule"] == "max"
    status, one = asked(port, "POST", "/v1/predict", png(204), "image/png")
    assert (status, one["study"]) == (200, None)
    assert one["images"][0]["findings"] == study["images"][1]["findings"]
    assert asked(port, "POST", "/v1/heatmap?label=Hernia", png(), "image/png")[1]["covers"] == [0, 0, 1, 1]
    assert asked(port, "POST", "/v1/preview", png(), "image/png")[1][:4] == b"\x89PNG"


def test_what_is_read_without_images(port: int) -> None:
    assert asked(port, "GET", "/health") == (200, {"status": "ok"})
    assert asked(port, "GET", "/ready") == (200, {"status": "ready"})
    assert len(asked(port, "GET", "/v1/model")[1]["labels"]) == 3
    assert b"longtail_requests_total" in asked(port, "GET", "/metrics")[1]
    assert b"<!doctype html>" in asked(port, "GET", "/")[1]


@pytest.mark.parametrize(
    ("method", "path", "body", "kind", "status"),
    [
        ("POST", "/v1/predict", b"", "image/png", 415),
        ("POST", "/v1/predict", b"x" * 200_001, "image/png", 413),
        ("POST", "/v1/predict", png(size=(400, 400)), "image/png", 413),
        ("POST", "/v1/predict", b"{}", "application/json", 415),
        ("POST", "/v1/heatmap", png(), "image/png", 422),
        ("POST", "/v1/heatmap?label=x", png(), "image/png", 422),
        ("GET", "/v1/predict", b"", "", 405),
        ("GET", "/../../etc/passwd", b"", "", 404),
        ("DELETE", "/v1/model", b"", "", 405),
    ],
)
def test_refusals(port: int, method: str, path: str, body: bytes, kind: str, status: int) -> None:
    found, told = asked(port, method, path, body, kind)
    assert found == status
    assert set(told) == {"error"}


def test_a_client_that_hangs_up_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    with running(made_service()) as port:
        with socket.create_connection(("127.0.0.1", port)) as half:
            half.sendall(b"POST /v1/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99\r\n\r\nabc")
        end = time.monotonic() + 10
        while (text := asked(port, "GET", "/metrics")[1]).count(b'predict",status="400"} 1') == 0:
            assert time.monotonic() < end
            time.sleep(0.01)
    assert b'status="500"' not in text
    assert "a request failed" not in caplog.text


def test_a_wrong_method_is_told_the_right_ones(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/v1/predict")
    assert connection.getresponse().headers["Allow"] == "POST"
    connection.close()


def test_hostile_uploads_never_break_it(port: int) -> None:
    rng = np.random.default_rng(0)
    good = png(size=(64, 64))
    paths = ("/v1/predict", "/v1/study", "/v1/heatmap?label=Nodule", "/v1/preview")
    kinds = ("image/png", "application/dicom", "multipart/form-data; boundary=xYz", "text/html", "")
    statuses: Counter[int] = Counter()
    for turn in range(120):
        body = bytearray(form(good)[1] if turn % 2 else good)
        for _ in range(int(rng.integers(1, 6))):
            body[int(rng.integers(len(body)))] = int(rng.integers(256))
        cut = int(rng.integers(len(body)))
        sent = bytes(body[:cut]) if turn % 3 == 0 else bytes(body)
        statuses[asked(port, "POST", paths[turn % 4], sent, kinds[turn % 5])[0]] += 1
    assert all(status < 500 for status in statuses), statuses
    assert asked(port, "GET", "/health")[0] == 200


def test_a_token_is_asked_for() -> None:
    with running(made_service(), token="t" * 20) as port:
        assert asked(port, "GET", "/v1/model")[0] == 401
        assert asked(port, "GET", "/v1/model", Authorization="Bearer wrong")[0] == 401
        assert asked(port, "GET", "/v1/model", Authorization="Bearer " + "t" * 20)[0] == 200
        assert asked(port, "GET", "/health")[0] == 200
        document = asked(port, "GET", "/openapi.json", Authorization="Bearer " + "t" * 20)[1]
        assert document["security"] == [{"Bearer": []}]


def test_only_its_own_names_are_answered() -> None:
    with running(made_service(), hosts=("localhost",)) as port:
        assert asked(port, "GET", "/health", Host="evil.example")[0] == 421
        assert asked(port, "GET", "/health", Host=f"localhost:{port}")[0] == 200


def test_at_twice_its_capacity_all_are_answered_or_told_to_come_back() -> None:
    service = made_service(made_member(delay=0.05), limits=Limits(waiting=4, batch=4))
    with running(service) as port, ThreadPoolExecutor(8) as pool:
        kind, body = form(png())
        found = list(pool.map(lambda _: asked(port, "POST", "/v1/predict", body, kind)[0], range(48)))
        assert asked(port, "GET", "/ready")[0] == 200
    counts = Counter(found)
    assert set(counts) <= {200, 429}
    assert counts[200] == service.metrics.images >= 4
    assert service.active == 0


@pytest.mark.parametrize("path", ["/v1/predict", "/v1/study", "/v1/heatmap?label=Nodule", "/v1/preview"])
def test_a_slow_answer_holds_nobody_longer_than_it_may(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = intake.read_pixels
    monkeypatch.setattr(intake, "read_pixels", lambda *a, **k: time.sleep(0.8) or real(*a, **k))
    service = made_service(limits=Limits(seconds=0.2))
    with running(service) as port:
        began = time.monotonic()
        assert asked(port, "POST", path, png(), "image/png")[0] == 503
        assert time.monotonic() - began < 0.7
        assert service.active == 0
        assert asked(port, "GET", "/health")[0] == 200


def test_nothing_of_the_client_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), running(made_service()) as port:
        kind, body = form(png())
        asked(port, "POST", "/v1/predict?patient=Miller", body, kind)
        asked(port, "GET", "/Miller")
    assert "POST /v1/predict 200" in caplog.text
    assert "Miller" not in caplog.text
    assert "secret" not in caplog.text


def test_every_answer_is_in_the_openapi_document(port: int) -> None:
    document = asked(port, "GET", "/openapi.json")[1]
    assert set(document["paths"]) == {
        "/health", "/ready", "/metrics", "/v1/model", "/v1/predict", "/v1/study", "/v1/heatmap", "/v1/preview",
    }  # fmt: skip
    for path in ("/v1/predict", "/v1/study"):
        post = document["paths"][path]["post"]
        assert {"200", "400", "401", "413", "415", "422", "429", "503"} <= set(post["responses"])
        assert "multipart/form-data" in post["requestBody"]["content"]
        for status, told in post["responses"].items():
            schema = told["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            assert schema == ("Answer" if status == "200" else "Problem")
    assert {"Answer", "Finding", "StudyAnswer", "ModelFacts", "Problem"} <= set(document["components"]["schemas"])


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_the_page_in_a_browser_under_its_own_policy(tmp_path: Path) -> None:
    """Files, keys and buttons as a person has them; nothing is blocked, nothing comes from elsewhere."""
    names = []
    for name, data in {"a.png": png(51), "b.png": png(204), "c.png": b"no image"}.items():
        names.append(tmp_path / name)
        names[-1].write_bytes(data)
    with running(made_service()) as port, tab(tmp_path) as page:
        page.open(f"http://127.0.0.1:{port}/", width=390, height=844, dark=True)
        page.until("state.model")
        page.files("#files", names[:2])
        page.until("document.querySelectorAll('#scopes button').length === 3")
        page.press("ArrowDown")
        page.press("ArrowRight")
        page.until("document.querySelectorAll('canvas[data-label=Nodule]').length === 2")
        assert page.js("document.querySelector('#scopes [aria-selected=true]').textContent") == "Image 1"
        assert page.js("document.documentElement.scrollWidth") == 390
        page.press("h")
        assert page.js("getComputedStyle(document.querySelector('#views')).display") == "flex"
        assert page.js("document.querySelector('#heat').getAttribute('aria-pressed')") == "false"
        assert not page.console
        page.files("#files", names[2:])
        page.until("document.querySelector('#status.problem')")
        assert page.js("document.querySelector('#status').textContent").startswith("Image 3 of 3: a file is none of")
        page.js("document.querySelector('figure .drop').click()")
        page.until("document.querySelectorAll('figure').length === 1 && document.querySelector('#findings li')")
        page.press("Escape")
        assert page.js("document.querySelector('#work').hidden")
