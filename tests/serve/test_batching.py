"""Concurrent requests go through the network together, each gets its own answer, nothing is lost."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from made_service import made_member, png

from longtail.serve.batching import Batcher
from longtail.serve.intake import picture
from longtail.serve.limits import Limits


def _pictures(*levels: int):  # type: ignore[no-untyped-def]
    return [picture(png(level), (made_member(),), Limits()) for level in levels]


def test_each_gets_its_own_answer_out_of_few_batches() -> None:
    batcher = Batcher([made_member(delay=0.02)], most=8, gather=0.01)
    try:
        with ThreadPoolExecutor(24) as pool:
            found = list(pool.map(lambda level: batcher.predict(_pictures(level, 255 - level), 10), range(0, 240, 10)))
    finally:
        batcher.close()
    for level, answer in zip(range(0, 240, 10), found, strict=True):
        np.testing.assert_allclose(answer["main"][:, 0], [level / 255, 1 - level / 255], atol=1e-6)
    assert batcher.images == 48
    assert batcher.batches < 24


def test_a_request_larger_than_a_batch_is_taken_whole() -> None:
    batcher = Batcher([made_member()], most=2)
    try:
        assert batcher.predict(_pictures(1, 2, 3), 5)["main"].shape == (3, 3)
    finally:
        batcher.close()


def test_a_failure_is_told_and_the_thread_lives_on() -> None:
    from dataclasses import replace

    failing = threading.Event()
    member = made_member()

    def predict(pixels):  # type: ignore[no-untyped-def]
        if not failing.is_set():
            failing.set()
            raise RuntimeError("once")
        return member.predict(pixels)

    batcher = Batcher([replace(member, predict=predict)])
    try:
        with pytest.raises(RuntimeError, match="once"):
            batcher.predict(_pictures(1), 5)
        assert batcher.predict(_pictures(1), 5)["main"].shape == (1, 3)
    finally:
        batcher.close()


def test_what_runs_alone_waits_its_turn_and_is_taken_once() -> None:
    batcher = Batcher([made_member(delay=0.05)], most=8, gather=0.02)
    one = np.ones((1, 1), dtype=np.float32)
    try:
        with ThreadPoolExecutor(12) as pool:
            heats = [pool.submit(batcher.alone, lambda: one, 10.0) for _ in range(6)]
            rest = [pool.submit(batcher.predict, _pictures(level), 10.0) for level in range(6)]
            assert all(each.result() is one for each in heats)
            assert [round(float(each.result()["main"][0, 0] * 255)) for each in rest] == list(range(6))
    finally:
        batcher.close()


def test_too_late_is_a_timeout_and_closing_ends_it() -> None:
    batcher = Batcher([made_member(delay=0.2)])
    with pytest.raises(TimeoutError):
        batcher.predict(_pictures(1), 0.02)
    batcher.close()
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        batcher.predict(_pictures(1), 5)
    assert time.monotonic() - began < 1
