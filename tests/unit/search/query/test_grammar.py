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


QUOTED = [
    *('"a b"', "“a b”", "„a b“", "„a b”", '„a b"', "”a b”", "«a b»", "« a b »", "»a b«", "»a b»", "‹a b›", "›a b‹"),
    *("「a b」", "『a b』", "〝a b〟", "＂a b＂", "‟a b”"),
]


@pytest.mark.parametrize("quoted", QUOTED)
def test_every_kind_of_quotation_mark(quoted):
    parsed = parse_query(f"one {quoted} two")
    assert (parsed.text, parsed.filters.phrases, parsed.open_quote) == ("one a b two", ("a b",), None)
    assert parse_query(f"-{quoted}").excluded == ("a b",)


def test_phrases_within_words_of_a_script_without_spaces():
    parsed = parse_query("我爱『海』和“山”")
    assert (parsed.text, parsed.filters.phrases) == ("我爱 海 和 山", ("海", "山"))


@pytest.mark.parametrize(
    ("text", "plain", "mark"),
    [
        ('"open', "open", '"open'),
        ('dog "', 'dog "', '"'),
        ("say “hello", "say hello", "“hello"),
        ('a "b c" d "e', "a b c d e", '"e'),
        ("Home » Products » Shoes", "Home » Products » Shoes", None),
        ('12" vinyl', '12" vinyl', None),
        ('foo"bar', 'foo"bar', None),
        ("“" * 50, "“" * 50, "“" * 50),
    ],
)
def test_a_quotation_mark_that_is_not_closed_is_plain_text(text, plain, mark):
    parsed = parse_query(text)
    assert (parsed.text, parsed.open_quote) == (plain, mark)
    assert "e" not in parsed.filters.phrases


def test_filters_work_next_to_a_mark_that_is_not_closed():
    parsed = parse_query('"dog type:image')
    assert (parsed.text, parsed.open_quote, parsed.filters) == ("dog", '"dog', Filters(types=(ItemType.IMAGE,)))
    parsed = parse_query('in:"My Photos')
    assert (parsed.text, parsed.open_quote, parsed.filters) == ("Photos", '"My', Filters(path="My"))


def test_marks_around_punctuation_are_no_phrase():
    assert parse_query('a "!!!" ""').filters == Filters()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("type:movie", "type: must be image"),
        ("typ:image", "did you mean type:"),
        ("befor:2024", "did you mean before:"),
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
