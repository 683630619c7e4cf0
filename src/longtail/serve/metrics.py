"""Counters and histograms in Prometheus' text format (version 0.0.4), which needs no library."""

import threading
from bisect import bisect_left
from collections import Counter

BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """What the server did; safe from any thread. Labels are routes and statuses, never what clients sent."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, int]] = Counter()
        self._slots = [0] * (len(BOUNDS) + 1)
        self._seconds = 0.0
        self.images = 0

    def count(self, route: str, status: int, seconds: float) -> None:
        """A request that ended."""
        with self._lock:
            self._requests[route, status] += 1
            self._slots[bisect_left(BOUNDS, seconds)] += 1
            self._seconds += seconds

    def add_images(self, count: int) -> None:
        """Images that were answered."""
        with self._lock:
            self.images += count

    def text(self, *, waiting: int, batches: int, batched: int) -> str:
        """All of it, as Prometheus reads it."""
        with self._lock:
            requests, slots, seconds = dict(self._requests), list(self._slots), self._seconds
        lines = [
            "# HELP longtail_requests_total Requests by route and status.",
            "# TYPE longtail_requests_total counter",
        ]
        lines += [
            f'longtail_requests_total{{route="{route}",status="{status}"}} {count}'
            for (route, status), count in sorted(requests.items())
        ]
        lines += ["# HELP longtail_request_seconds Time from first byte to answer.",
                  "# TYPE longtail_request_seconds histogram"]  # fmt: skip
        total = 0
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), slots, strict=True):
            total += count
            lines.append(f'longtail_request_seconds_bucket{{le="{bound}"}} {total}')
        lines += [f"longtail_request_seconds_sum {seconds:.6f}", f"longtail_request_seconds_count {total}"]
        lines += _one("images_total", "counter", "Images that were answered.", self.images)
        lines += _one("batches_total", "counter", "Network calls.", batches)
        lines += _one("batched_images_total", "counter", "Images that went through them.", batched)
        lines += _one("waiting_requests", "gauge", "Requests that are being answered.", waiting)
        return "\n".join(lines) + "\n"


def _one(name: str, kind: str, told: str, value: int) -> list[str]:
    return [f"# HELP longtail_{name} {told}", f"# TYPE longtail_{name} {kind}", f"longtail_{name} {value}"]
