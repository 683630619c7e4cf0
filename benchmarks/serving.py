"""A server under load and under attack; prints what happened and writes results/serving.json.

Run: python benchmarks/serving.py RUN_OR_EXPORT [--requests 400] [--hostile 3000]. The server runs in this process.

- load: clients at half of what the server takes at once, then at twice as many: latency percentiles, images a second,
  how many were told to come back (429), and that every request got an answer.
- hostile: damaged, cut, mislabelled, nested and random uploads to every route; only 4xx and 200 are allowed.
"""

import argparse
import http.client
import io
import json
import statistics
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from PIL import Image

from longtail.serve import Limits, create_app, open_service

RESULTS = Path(__file__).parent / "results" / "serving.json"
ROUTES = ("/v1/predict", "/v1/study", "/v1/preview", "/v1/heatmap?label=Mass")
KINDS = (
    "image/png",
    "application/dicom",
    "multipart/form-data; boundary=b",
    "multipart/form-data",
    "text/html",
    "\x7f",
)
FORMATS = ("PNG", "JPEG", "TIFF", "WebP", "BMP")


def image(kind: str, side: int = 256) -> bytes:
    out = io.BytesIO()
    Image.radial_gradient("L").resize((side, side)).save(out, kind)
    return out.getvalue()


def form(data: bytes) -> bytes:
    head = b'--b\r\nContent-Disposition: form-data; name="images"; filename="x"\r\n\r\n'
    return head + data + b"\r\n--b--\r\n"


def asked(port: int, path: str, body: bytes, kind: str) -> tuple[int, float]:
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        connection.request("POST", path, body, {"Content-Type": kind})
        reply = connection.getresponse()
        reply.read()
        return reply.status, time.perf_counter() - began
    finally:
        connection.close()


def load(port: int, clients: int, requests: int) -> dict[str, Any]:
    body = image("PNG")
    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        found = list(pool.map(lambda _: asked(port, "/v1/predict", body, "image/png"), range(requests)))
    seconds = time.perf_counter() - began
    done = sorted(each for status, each in found if status == 200)
    percentiles = {f"p{p}": 1e3 * done[min(len(done) - 1, len(done) * p // 100)] for p in (50, 90, 99)} if done else {}
    statuses = Counter(status for status, _ in found)
    told = {"clients": clients, "sent": requests, "answered": sum(statuses.values()), "statuses": dict(statuses)}
    return {
        **told,
        "per_s": len(done) / seconds,
        "mean_ms": 1e3 * statistics.fmean(done) if done else None,
        **percentiles,
    }


def hostile(rng: np.random.Generator) -> tuple[bytes, str]:
    data = bytearray(image(FORMATS[rng.integers(len(FORMATS))], 32))
    match int(rng.integers(5)):
        case 0:
            data = data[: int(rng.integers(len(data)))]
        case 1:
            data = bytearray(rng.bytes(int(rng.integers(2000))))
        case 2:
            data[8:40] = rng.bytes(32)
        case 3:
            data = bytearray(b"\0" * 128 + b"DICM" + rng.bytes(int(rng.integers(400))))
        case _:
            for _ in range(int(rng.integers(1, 30))):
                data[int(rng.integers(len(data)))] = int(rng.integers(256))
    sent = form(bytes(data)) if rng.random() < 0.5 else bytes(data)
    return sent, KINDS[2] if sent[:3] == b"--b" and rng.random() < 0.8 else KINDS[rng.integers(len(KINDS))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path")
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--hostile", type=int, default=3000)
    given = parser.parse_args()
    limits = Limits(waiting=16)
    service = open_service(given.path, limits, threads=1)
    server = uvicorn.Server(uvicorn.Config(create_app(service), port=0, log_level="critical", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    asked(port, "/v1/predict", image("PNG"), "image/png")
    results: dict[str, Any] = {
        "half": load(port, limits.waiting // 2, given.requests),
        "twice": load(port, limits.waiting * 2, given.requests),
    }
    for name, row in results.items():
        print(name, json.dumps(row))
    rng = np.random.default_rng(0)
    turns = [(ROUTES[i % len(ROUTES)], *hostile(rng)) for i in range(given.hostile)]
    statuses = Counter(asked(port, *turn)[0] for turn in turns)
    results["hostile"] = dict(sorted(statuses.items()))
    print("hostile", results["hostile"])
    server.should_exit = True
    thread.join(10)
    lost = any(results[name]["sent"] != results[name]["answered"] for name in ("half", "twice"))
    results["passed"] = not lost and all(status < 500 for status in statuses)
    print("passed" if results["passed"] else "FAILED")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
