"""The query language is parsed, and plain text is not changed."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.errors import UsageError
from search.query.filters import join_filters
from search.query.grammar import parse_query
from search.records import FILTERS, Filters, ItemType


def test_a_query_is_taken_apart():
    parsed = parse_query(
        'dog -leash +snow^0.5 "exact words" type:image,video in:"My Photos" after:2024-05 -"two people"'
    )
    assert parsed.text == "dog exact words"
    assert parsed.added == (("snow", 0.5),)
    assert parsed.excluded == ("leash", "two people")
    assert parsed.filters == Filters(
        types=(ItemType.IMAGE, ItemType.VIDEO), path="My Photos", after="2024-05", phrases=("exact words",)
    )


def test_other_fields():
    filters = parse_query("longer:2m shorter:1h lang:EN,de camera:nikon source:/media before:2025").filters
    assert (filters.longer, filters.shorter) == (120, 3600)
    assert (filters.languages, filters.camera) == (("en", "de"), "nikon")
    assert (filters.sources, filters.before) == (("/media",), "2025")


@pytest.mark.parametrize(
    "text",
    [
        "note: buy milk at 12:30",
        "https://example.org/a-b",
        "C++ or C#",
        "a - b",
        "-5 degrees",
        "well-known",
        "it's 5\" long",
        "一只狗在草地上",
        "2 + 2",
        "AC/DC - live",
    ],
)
def test_plain_text_stays_plain(text):
    parsed = parse_query(text)
    assert parsed.text == " ".join(text.split())
    assert (parsed.added, parsed.excluded, parsed.filters) == ((), (), Filters())


@pytest.mark.parametrize("quoted", ['"a b"', "“a b”", "「a b」", "«a b»"])
def test_every_kind_of_quotation_mark(quoted):
    assert parse_query(quoted).filters.phrases == ("a b",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("type:movie", "type: must be image"),
        ("typ:image", "did you mean type:"),
        ("befor:2024", "did you mean before:"),
        ('"open', "not closed"),
        ("+snow^0", "weight"),
        ("+snow^99", "weight"),
        ("-type:image", "cannot be added or excluded"),
        ("in:a in:b", "set twice"),
        ("longer:soon", "longer: must be"),
    ],
)
def test_mistakes_are_named(text, message):
    with pytest.raises(UsageError, match=message):
        parse_query(text)


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused_with_a_reason(text):
    with contextlib.suppress(UsageError):
        assert len(parse_query(text).text) <= len(text)


@given(st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1, max_size=40))
def test_words_alone_are_never_changed(text):
    assert parse_query(text).text == text


def test_filters_of_the_text_override_those_of_the_request():
    both = join_filters(Filters(path="/a", camera="x"), Filters(path="/b"))
    assert both == Filters(path="/b", camera="x")


def test_every_filter_is_described():
    assert all(declared.help and declared.expects for declared in FILTERS.values())
