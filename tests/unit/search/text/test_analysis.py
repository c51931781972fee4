"""A text is split into the same words however it is written."""

import pytest

from search.text.analysis import analyze, split_query


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("٢٠٢٤", "2024"),
        ("۲۰۲۴", "2024"),
        ("२०२४", "2024"),
        ("๒๐๒๔", "2024"),
        ("２０２４", "2024"),
        ("cafe\u0301", "café"),
        ("한글".encode().decode(), "\u1112\u1161\u11ab\u1100\u1173\u11af"),
        ("Donau\xaddampf", "Donaudampf"),
        ("ﺎﻟﺴﻼﻣ", "السلام"),
        ("محـــمد", "محمد"),
        ("\u202bשלום\u202c", "שלום"),
        ("ක්\u200dෂ", "ක්ෂ"),
        ("❤\ufe0f love", "❤ love"),
        ("C＋＋", "c++"),
        ("C♯", "c#"),
    ],
)
def test_ways_to_write_the_same_word(written, typed):
    assert analyze(written).pieces == analyze(typed).pieces
    assert analyze(written).pieces


@pytest.mark.parametrize(
    ("text", "pieces", "wholes"),
    [
        ("learn C++ and C#.", ("learn", "c++", "and", "c♯"), ()),
        ("C/C++17, (F#)", ("c", "c++", "17", "f♯"), ()),
        ("the .NET runtime", ("the", "dotnet", "runtime"), ("net",)),
        ("ASP.NET example.net", ("asp", "net", "example", "net"), ()),
        ("Notepad++", ("notepad++",), ("notepad",)),
        ("用C++编程", ("用", "c++", "编程"), ("用", "编", "程")),
        ("#1 a+b 2++ i+++j", ("1", "a", "b", "2", "i", "j"), ()),
        ("A#1 issue#5", ("a", "1", "issue", "5"), ()),
    ],
)
def test_names_keep_their_signs(text, pieces, wholes):
    assert (analyze(text).pieces, analyze(text).wholes) == (pieces, wholes)


def test_a_query_for_a_name_with_a_sign_is_one_word():
    assert [word.pieces for word in split_query("C++ developer")] == [("c++",), ("developer",)]


@pytest.mark.parametrize(
    ("text", "pieces", "wholes"),
    [
        ("a Word or TWO", ("a", "word", "or", "two"), ()),
        ("camelCase HTTPServer", ("camel", "case", "http", "server"), ("camelcase", "httpserver")),
        ("file2 Abc9", ("file", "2", "abc", "9"), ("file2", "abc9")),
    ],
)
def test_words_are_split_at_changes_of_case_and_at_digits(text, pieces, wholes):
    assert (analyze(text).pieces, analyze(text).wholes) == (pieces, wholes)
