from pathlib import Path
from typing import Literal

import pytest

from longtail.binding import bind, options_of, parse_pairs, signature_lines
from longtail.errors import UserError


def reader(
    root: Path,
    *,
    blank: Literal["unknown", "negative"] = "negative",
    agree: int = 2,
    overlap: float = 0.5,
    strict: bool = True,
    only: tuple[str, ...] = (),
    file: Path | None = None,
) -> None:
    """A component."""


def test_texts_become_the_annotated_types() -> None:
    pairs = parse_pairs(["agree=3", "overlap=.25", "strict=no", "only=a, b", "file=x/y", "blank = unknown"])
    assert bind(reader, pairs, "reader") == {
        "agree": 3, "overlap": 0.25, "strict": False, "only": ("a", "b"), "file": Path("x/y"), "blank": "unknown",
    }  # fmt: skip
    assert bind(reader, {"file": "none"}, "reader") == {"file": None}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("agre=3", "unknown option 'agre' in reader. Did you mean 'agree'?"),
        ("agree=x", "option 'agree' of reader is 'x'; write an integer."),
        ("overlap=x", "write a number"),
        ("strict=maybe", "write true or false"),
        ("blank=negativ", "Did you mean 'negative'?"),
        ("root=/", "unknown option 'root'"),
        ("agree", "write key=value"),
    ],
)
def test_a_typo_dies_with_the_valid_choice(text: str, message: str) -> None:
    with pytest.raises(UserError) as error:
        bind(reader, parse_pairs([text]), "reader")
    assert message in str(error.value)


def test_options_without_annotations_are_written_too() -> None:
    def unannotated(target, *, slope=2.0, power):  # type: ignore[no-untyped-def]  # as users write their own
        return target * slope**power

    assert options_of(unannotated) == ["slope=2.0", "power=..."]


def test_a_signature_line_by_line() -> None:
    def typed(root: Path, *, rule: Literal["a", "b"] = "a", rate: float | None = 0.5) -> None: ...

    assert signature_lines(typed) == ["root: Path", "*", "rule: Literal['a', 'b'] = 'a'", "rate: float | None = 0.5"]


def test_options_as_they_are_written() -> None:
    def other(
        root: Path, *, blank: Literal["unknown", "negative"] = "negative", images: Path | None = None, n: int = 1
    ) -> None:
        del root, blank, images, n

    assert options_of(other) == ["blank=negative [unknown|negative]", "images=none", "n=1"]
