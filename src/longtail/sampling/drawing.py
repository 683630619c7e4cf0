"""Drawing rows: the random stream of an epoch, draws by chance, and draws of a label first and then of its rows."""

import numpy as np
import numpy.typing as npt

from longtail.errors import UserError
from longtail.sampling.labels import Chances, Rows


def stream(seed: int, epoch: int) -> np.random.Generator:
    """The random numbers of one epoch: the same for the same two numbers, unrelated for any others."""
    if seed < 0 or epoch < 0:
        raise UserError(f"seed is {seed} and epoch {epoch}; both are whole numbers from 0 on.")
    return np.random.default_rng([seed, epoch])


def draw(chances: Chances, size: int, rng: np.random.Generator) -> Rows:
    """`size` independent draws with replacement, `chances` summing to 1."""
    ends = np.cumsum(chances)
    drawn = np.searchsorted(ends, rng.random(size) * ends[-1], side="right")
    return np.asarray(drawn, dtype=np.int64)


def draw_in_turn(choices: Rows, size: int, rng: np.random.Generator) -> Rows:
    """`size` draws that go through `choices` in a new random order each time round, so that none lags behind."""
    rounds = -(-size // max(len(choices), 1))
    return rng.permuted(np.tile(choices, (rounds, 1)), axis=1).reshape(-1)[:size]


def rows_of_labels(labels: npt.NDArray[np.int64], rows: list[Rows], rng: np.random.Generator) -> Rows:
    """A row for each drawn label, `(size,)`; each label's rows come in turn, so none is shown by luck only."""
    order = np.argsort(labels, kind="stable")
    wanted = np.bincount(labels, minlength=len(rows))
    picked = [draw_in_turn(of_label, count, rng) for of_label, count in zip(rows, wanted, strict=True) if count]
    result = np.empty(len(labels), dtype=np.int64)
    result[order] = np.concatenate(picked) if picked else []
    return result
