"""Forms are split as RFC 7578 has it, and what is malformed is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_service import form, refused_with

from longtail.serve.limits import Limits, Refused
from longtail.serve.multipart import read_upload

LIMITS = Limits(images=3)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.binary(min_size=0, max_size=60), min_size=1, max_size=3))
def test_what_is_sent_arrives(images: list[bytes]) -> None:
    found = read_upload(*form(*images, boundary="-q8Zk--"), LIMITS)
    assert found.images == images
    assert found.views == [""] * len(images)


def test_views_and_raw_bodies() -> None:
    found = read_upload(*form(b"a", b"b\r\n\r\n--b", views=("AP", "lateral")), LIMITS)
    assert (found.images, found.views) == ([b"a", b"b\r\n\r\n--b"], ["AP", "lateral"])
    assert read_upload("image/png", b"xyz", LIMITS).images == [b"xyz"]
    kind, body = form(b"a")
    assert read_upload(kind.replace("xYz", '"xYz"'), body, LIMITS).images == [b"a"]


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("text/plain", b"x", 415),
        ("", b"x", 415),
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=xYz", b"", 400),
        ("multipart/form-data; boundary=xYz", b"--xYz\r\n", 400),
        ("multipart/form-data; boundary=xYz", b"--xYz--\r\n", 400),
        ("multipart/form-data; boundary=xYz", b"--xYz\r\nno headers\r\n--xYz--\r\n", 400),
        ("multipart/form-data; boundary=xYz", form(b"1")[1].replace(b"images", b"others"), 400),
        ("multipart/form-data; boundary=xYz", form(b"1")[1][:-8], 400),
        (*form(b"1", b"2", b"3", b"4"), 413),
        (*form(*[b"1"] * 40), 413),
        (*form(b"1", b"2", views=("AP",)), 422),
        (*form(b"1", views=("A" * 41,)), 422),
        (*form(b"1", views=("\x07",)), 422),
        (*form(b"1", views=("{}",)), 422),
    ],
)
def test_malformed_forms_are_refused(kind: str, body: bytes, status: int) -> None:
    with pytest.raises(Refused) as found:
        read_upload(kind, body, LIMITS)
    assert found.value.status == status


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.text(max_size=40))
def test_anything_is_answered_or_refused(body: bytes, kind: str) -> None:
    for content_type in (kind, "multipart/form-data; boundary=xYz"):
        for sent in (body, b"--xYz\r\n" + body, form(body)[1] + body):
            assert refused_with(lambda kind=content_type, sent=sent: read_upload(kind, sent, LIMITS)) < 500
