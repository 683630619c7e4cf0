"""Mutations of a manifest kept as Parquet: columns of every type that is no text, odd names and facts."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hostile.cells import FIRST_LABEL, Mutation

TYPES: dict[str, Callable[[int], pa.Array]] = {
    "lists": lambda n: pa.array([[1, 0]] * n), "structs": lambda n: pa.array([{"a": 1}] * n), "nulls": pa.nulls,
    "maps": lambda n: pa.array([[("a", 1)]] * n, pa.map_(pa.string(), pa.int64())),
    "binary": lambda n: pa.array([b"\xff\xfe"] * n),
    "dates": lambda n: pa.array([date(2020, 1, 1)] * n), "times": lambda n: pa.array([datetime(1, 1, 1,
    tzinfo=UTC)] * n),
    "decimals": lambda n: pa.array([Decimal("1.00")] * n),
    "categories": lambda n: pa.array(["1"] * n).dictionary_encode(),
    "bools": lambda n: pa.array([True] * n), "floats": lambda n: pa.array([1.0, 0.0] * n)[:n],
    "nan": lambda n: pa.array([float("nan")] * n),
    "inf": lambda n: pa.array([float("inf")] * n), "large integers": lambda n: pa.array([2**64 - 1] * n, pa.uint64()),
    "halves": lambda n: pa.array([0.5] * n), "bytes of text": lambda n: pa.array([b"1"] * n),
    "large text": lambda n: pa.array(["1"] * n, pa.large_string()),
    "empty lists": lambda n: pa.array([[]] * n), "durations": lambda n: pa.array([5] * n, pa.duration("s")),
    "small floats": lambda n: pa.array([1.0] * n, pa.float16()),
    "long text": lambda n: pa.array(["x" * 100_000] * n), "zero bytes": lambda n: pa.array(["1\0"] * n),
    "views": lambda n: pa.array(["1"] * n, pa.string_view()),
}  # fmt: skip


def typed(make: Callable[[int], pa.Array], column: int | None) -> Callable[[Path, random.Random], None]:
    """One column (without `column`, a label's) of that type."""

    def mutate(case: Path, dice: random.Random) -> None:
        table = pq.read_table(case / "manifest.parquet")
        at = dice.randrange(FIRST_LABEL, table.num_columns) if column is None else column
        values: Any = make(table.num_rows)
        pq.write_table(table.set_column(at, table.column_names[at], values), case / "manifest.parquet")

    return mutate


def shaped(change: Callable[[pa.Table], pa.Table]) -> Callable[[Path, random.Random], None]:
    """The whole table, changed."""

    def mutate(case: Path, _: random.Random) -> None:
        path = case / "manifest.parquet"
        pq.write_table(change(pq.read_table(path)), path)

    return mutate


def parquet_mutations() -> list[Mutation]:
    """Every named one; each case has `manifest.parquet` in place of the CSV."""
    shapes: dict[str, tuple[Callable[[pa.Table], pa.Table], bool]] = {
        "no rows": (lambda t: t.slice(0, 0), True),
        "no columns": (lambda t: t.select([]), True),
        "a name twice": (lambda t: t.append_column(t.column_names[9], t.column(9)), True),
        "no image": (lambda t: t.drop_columns(["image"]), True),
        "an index of pandas": (lambda t: t.append_column("__index_level_0__", pa.array(range(t.num_rows))), False),
        "wrong facts of pandas": (lambda t: t.replace_schema_metadata({"pandas": "{"}), False),
        "facts that are no text": (lambda t: t.replace_schema_metadata({b"\xff": b"\xfe"}), False),
        "empty names": (lambda t: t.rename_columns([f"{n}"[:0] for n in t.column_names]), True),
    }
    return [
        *(Mutation(f"parquet label: {name}", typed(make, None)) for name, make in TYPES.items()),
        *(Mutation(f"parquet image: {name}", typed(make, 0)) for name, make in TYPES.items()),
        *(Mutation(f"parquet patient: {name}", typed(make, 1)) for name, make in TYPES.items()),
        *(Mutation(f"parquet: {name}", shaped(change), sure) for name, (change, sure) in shapes.items()),
    ]
