"""Output memory used again as soon as nobody holds the tensor that lies in it.

A batch of 64 colour images of 224 pixels is 38 MB of floats; memory fresh from the system costs as much time to touch
as the augmentation itself. A tensor made by `torch.from_numpy` keeps its array alive, and so does everything that
shares its storage (views, what autograd saved), so the array's reference count tells when it is free.
"""

import sys
from threading import Lock

import numpy as np
import numpy.typing as npt

KEPT = 4  # batches: one being made, two waiting, one in training


class Buffers:
    """A few arrays of one shape, handed out when free; a fresh array when none is."""

    def __init__(self) -> None:
        self._arrays: list[npt.NDArray[np.float32]] = [np.empty(0, np.float32)]
        self._lock = Lock()
        self._free_count = sys.getrefcount(self._arrays[0])

    def take(self, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
        """An array of `shape` with any content, that nothing else refers to."""
        with self._lock:
            if self._arrays[0].shape != shape:
                self._arrays = [np.empty(shape, np.float32)]
            for i in range(len(self._arrays)):
                if sys.getrefcount(self._arrays[i]) == self._free_count:
                    return self._arrays[i]
            found = np.empty(shape, np.float32)
            if len(self._arrays) < KEPT:
                self._arrays.append(found)
            return found

    def __reduce__(self) -> tuple[type["Buffers"], tuple[()]]:
        """A copy in another process starts empty."""
        return Buffers, ()
