import subprocess
import sys

import numpy as np
import pytest

from longtail.errors import UserError
from longtail.sampling import SAMPLERS, EpochSampler, class_aware_order

TARGETS = np.repeat([0, 1, 2], [60, 25, 6])
NAMES = list(SAMPLERS.load())


def made(name: str, **more: object) -> EpochSampler:
    options = {"p_by_k": {"labels_per_batch": 3, "rows_per_label": 2}, "oversampled": {"labels": [2]}}
    return EpochSampler(name, TARGETS, epochs=5, **options.get(name, {}), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", NAMES)
def test_an_epoch_is_a_function_of_seed_and_epoch(name: str) -> None:
    sampler, twin, other = made(name, seed=1), made(name, seed=1), made(name, seed=2)
    first = list(sampler)
    assert all(isinstance(row, int) and 0 <= row < len(TARGETS) for row in first)
    assert first == list(sampler) == list(twin)
    assert first != list(other)
    sampler.set_epoch(3)
    assert first != list(sampler)
    twin.set_epoch(3)
    assert list(sampler) == list(twin)
    sampler.set_epoch(0)
    assert first == list(sampler)


@pytest.mark.parametrize("name", NAMES)
def test_ranks_together_draw_what_one_process_draws(name: str) -> None:
    whole = list(made(name))
    parts = [made(name, rank=rank, world=3, fill=False) for rank in range(3)]
    assert [len(part) for part in parts] == [len(list(part)) for part in parts]
    assert sorted(whole) == sorted(row for part in parts for row in part)
    assert len({len(made(name, rank=rank, world=4)) for rank in range(4)}) == 1


@pytest.mark.parametrize("name", NAMES)
def test_rows_with_unknown_targets_are_nobody_s(name: str) -> None:
    """Unknown is no class and no absence: only samplers that show every row show such rows."""
    unknown = np.where(np.arange(len(TARGETS)) % 2, TARGETS, -1)
    options = {"p_by_k": {"labels_per_batch": 3}, "oversampled": {"labels": [2]}}.get(name, {})
    sampler = EpochSampler(name, unknown, epochs=2, **options)  # type: ignore[arg-type]
    sampler.set_epoch(1)
    shown = set(unknown[list(sampler)].tolist())
    every_row = name in {"instance", "repeat_factor", "oversampled"}
    assert shown == ({-1, 0, 1, 2} if every_row else {0, 1, 2})


def test_a_torch_loader_takes_it() -> None:
    data = pytest.importorskip("torch.utils.data")
    sampler = EpochSampler(class_aware_order, TARGETS, size=40)
    batches = list(data.DataLoader(list(range(len(TARGETS))), batch_size=8, sampler=sampler))
    assert len(batches) == 5
    assert [row for batch in batches for row in batch.tolist()] == list(sampler)


def test_mistakes_are_sentences() -> None:
    with pytest.raises(UserError, match="unknown sampler 'class_awar'. Did you mean 'class_aware'?"):
        EpochSampler("class_awar", TARGETS)
    with pytest.raises(UserError, match="unknown option 'sizes' in sampler. Did you mean 'size'?"):
        EpochSampler("class_aware", TARGETS, sizes=3)
    with pytest.raises(UserError, match="give it epochs"):
        EpochSampler("progressive", TARGETS)


def test_the_room_does_without_torch() -> None:
    code = "import sys; from longtail.sampling import SAMPLERS; SAMPLERS.load(); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_unknown_attributes_are_attribute_errors() -> None:
    import longtail.sampling

    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        getattr(longtail.sampling, "nothing")  # noqa: B009
