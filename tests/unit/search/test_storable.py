"""Texts and numbers that cannot be stored become ones that can be."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.storable import (
    clamp_integer,
    clean_string,
    drop_non_finite,
    is_storable,
    make_printable,
    show_controls,
)

any_text = st.text(st.characters(codec=None))


@given(any_text)
def test_a_clean_text_is_valid_and_keeps_what_was_valid(value):
    clean = clean_string(value)
    clean.encode()
    assert "\0" not in clean
    assert len(clean) == len(value)
    assert all(after in (before, "\ufffd") for before, after in zip(value, clean, strict=True))
    assert is_storable(clean)


@pytest.mark.parametrize("document", ["\ud800", ["a", "\ud800"], {"a": ["\ud800"]}, {"\ud800": 1}, [[{"a": "\udfff"}]]])
def test_half_of_a_surrogate_pair_is_found_anywhere(document):
    assert not is_storable(document)
    assert is_storable(["😀", {"a": None, "b": 1.5}, True])


@given(st.integers())
def test_whole_numbers_fit_in_64_bits(value):
    assert -(2**63) <= clamp_integer(value) < 2**63
    assert clamp_integer(value) == value or abs(value) >= 2**63


def test_numbers_are_finite():
    assert [drop_non_finite(value) for value in (1.5, float("nan"), float("inf"), 10**400)] == [1.5, None, None, None]


def test_a_line_stays_a_line():
    assert show_controls("two\nlines\r\x1b[31m\u2028é") == r"two\nlines\r\x1b[31m\u2028é"


@given(st.binary(min_size=1))
def test_a_path_is_printable(name):
    make_printable(os.fsdecode(name.replace(b"\0", b"_"))).encode()
