import pickle

import torch

from longtail.augment.buffers import KEPT, Buffers


def test_memory_is_used_again_when_nobody_holds_it() -> None:
    buffers = Buffers()
    first = torch.from_numpy(buffers.take((2, 3)))
    view = first[0].view(3, 1)
    assert torch.from_numpy(buffers.take((2, 3))).data_ptr() != first.data_ptr()
    place = first.data_ptr()
    del first
    assert torch.from_numpy(buffers.take((2, 3))).data_ptr() != place  # the view still holds it
    del view
    assert place in {torch.from_numpy(buffers.take((2, 3))).data_ptr() for _ in range(KEPT)}


def test_what_autograd_saved_holds_it_too() -> None:
    buffers, weight = Buffers(), torch.ones(3, requires_grad=True)
    loss = (torch.from_numpy(buffers.take((3,))).fill_(2.0) * weight).sum()
    torch.from_numpy(buffers.take((3,))).fill_(7.0)
    loss.backward()
    assert weight.grad is not None
    assert weight.grad.tolist() == [2, 2, 2]


def test_only_a_few_are_kept_and_none_of_another_shape() -> None:
    buffers = Buffers()
    held = [buffers.take((4,)) for _ in range(KEPT + 3)]
    assert len({array.ctypes.data for array in held}) == KEPT + 3
    assert len(buffers._arrays) == KEPT
    assert buffers.take((5,)).shape == (5,)
    assert len(buffers._arrays) == 1
    assert pickle.loads(pickle.dumps(buffers)).take((4,)).shape == (4,)  # noqa: S301
