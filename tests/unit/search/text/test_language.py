"""The language of a query is detected if that is possible, and otherwise not guessed."""

import pytest

from search.text.language import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("perro en la playa", "es"),
        ("two people riding bicycles", "en"),
        ("un chien qui court dans la neige", "fr"),
        ("Kinder spielen Fußball", "de"),
        ("狗在海滩上", "zh"),
        ("海辺の犬", "ja"),
        ("강아지", "ko"),
        ("sunset", None),
        ("Hund", None),
        ("2024", None),
        ("", None),
    ],
)
def test_the_language_of_a_query(text, language):
    assert detect_language(text) == language
