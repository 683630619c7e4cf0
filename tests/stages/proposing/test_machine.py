"""Facts of the machine: the same on every call, and of the GPU where there is one."""

from types import SimpleNamespace

import pytest

from longtail.files import in_words
from longtail.stages.proposing.machine import Machine, this_machine


def test_this_machine_is_the_same_twice() -> None:
    found = this_machine()
    assert found == this_machine()
    assert found.cores >= 1
    assert found.memory > 1 << 28
    assert in_words(found.memory) in str(found)


def test_a_gpu_is_what_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: True)
    monkeypatch.setattr(
        torch.cuda, "get_device_properties", lambda _: SimpleNamespace(name="Big One", total_memory=80 << 30)
    )
    found = this_machine()
    assert (found.gpu, found.memory, found.bf16) == ("Big One", 80 << 30, True)
    assert str(found) == "Big One, 80.0 GiB"


def test_without_a_gpu_it_says_so() -> None:
    assert str(Machine(4, 8 << 30)) == "4 cores, 8.0 GiB, no GPU, no bf16"
