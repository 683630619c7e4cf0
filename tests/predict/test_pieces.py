"""What a model is told of images beside their pixels, and which are predicted together."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from longtail.data.manifest import Manifest, from_states
from longtail.errors import UserError
from longtail.predict.pieces import known_of, pieces_of, source_numbers


@dataclass(frozen=True)
class _Model:
    of_studies: bool = False
    source_names: tuple[str, ...] = ()


def made(**columns: list[str]) -> Manifest:
    table = pd.DataFrame({"image": [f"{i}.png" for i in range(5)], **columns})
    return from_states(table, ("a",), np.zeros((5, 1)), Path())


COLUMNS = {
    "study": ["s", "t", "s", "", "t"],
    "view": ["PA", "LATERAL", "LL", "", "AP"],
    "source": ["nih", "brax", "nih", "", "vindr"],
}


def test_batches_of_any_images() -> None:
    pieces = list(pieces_of(_Model(), made(**COLUMNS), np.arange(5), 2))
    assert [piece.places.tolist() for piece in pieces] == [[0, 1], [2, 3], [4]]
    assert all(piece.known == {} for piece in pieces)
    assert list(pieces_of(_Model(), made(), np.arange(0), 2)) == []


def test_whole_studies_of_the_rows_that_were_kept() -> None:
    kept = np.array([0, 1, 2, 3])
    pieces = list(pieces_of(_Model(of_studies=True), made(**COLUMNS), kept, 1))
    assert sorted(tuple(piece.places.tolist()) for piece in pieces) == [(0, 2), (1,), (3,)]
    by_place = {tuple(piece.places.tolist()): piece.known for piece in pieces}
    assert by_place[0, 2]["view"].tolist() == [0, 1]
    assert by_place[3,]["study"].tolist() == [-1]
    with pytest.raises(UserError, match="role 'study'"):
        list(pieces_of(_Model(of_studies=True), made(), kept, 1))


def test_data_sets_have_the_numbers_of_the_training() -> None:
    model = _Model(source_names=("brax", "nih"))
    assert known_of(model, made(**COLUMNS), np.arange(5))["source"].tolist() == [1, 0, 1, -1, -1]
    assert known_of(model, made(), np.arange(5)) == {}
    assert source_numbers(np.array(["nih"]), []).tolist() == [-1]
