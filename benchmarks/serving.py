"""A server under load; prints what happened and writes results/serving.json.

Run: python benchmarks/serving.py RUN_OR_EXPORT [--requests 400]. The server runs in this process, with the clients:
seconds are those of a machine that does both. Clients ask at half of what the server takes at once, then at twice as
many: latency percentiles, images a second, how many were told to come back (429), and that every request got an answer
that was one of these two. `robustness_serve.py` attacks it.
"""

import argparse
import http.client
import io
import json
import platform
import statistics
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import uvicorn
from PIL import Image

from longtail.serve import Limits, create_app, open_service

RESULTS = Path(__file__).parent / "results" / "serving.json"


def image(kind: str, side: int = 256) -> bytes:
    out = io.BytesIO()
    Image.radial_gradient("L").resize((side, side)).save(out, kind)
    return out.getvalue()


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path")
    parser.add_argument("--requests", type=int, default=400)
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
    server.should_exit = True
    thread.join(10)
    results["passed"] = all(
        row["answered"] == row["sent"] and set(row["statuses"]) <= {200, 429} for row in results.values()
    )
    print("passed" if results["passed"] else "FAILED")
    RESULTS.parent.mkdir(exist_ok=True)
    served = {"format": service.facts.format, "image_size": service.bundle.members[0].image_size}
    told = {"served": served, "at_once": limits.waiting, "where": f"{platform.system()} {platform.machine()}"}
    RESULTS.write_text(json.dumps({**told, **results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
