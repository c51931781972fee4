"""The language of a query is detected if that is possible, and otherwise not guessed."""

import pytest

from search.text import language
from search.text.language import detect_language


@pytest.mark.parametrize(
    ("text", "expected"),
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
def test_the_language_of_a_query(text, expected):
    assert detect_language(text) == expected


@pytest.fixture
def unloaded(monkeypatch):
    """No model is loaded yet, and the one of the process is back afterwards."""
    monkeypatch.setattr(language._Loaded, "identifier", None)
    return monkeypatch


def count_files(folder):
    return len([path for path in folder.rglob("*") if path.is_file()])


def test_the_decompressed_model_is_kept_and_gives_the_same_answers(unloaded, tmp_path):
    texts = ["perro en la playa", "two people riding bicycles", "狗在海滩上", "sunset", "x" * 2_000]
    language.load_languages(tmp_path / "languages")
    packed = [language._Loaded.identifier.classify(text) for text in texts]
    unloaded.setattr(language._Loaded, "identifier", None)
    unloaded.setattr("py3langid.langid.LanguageIdentifier.from_model_file", None)  # is not read again
    language.load_languages(tmp_path / "languages")
    assert [language._Loaded.identifier.classify(text) for text in texts] == packed


def test_a_model_that_is_cut_is_replaced(unloaded, tmp_path):
    language.load_languages(tmp_path / "languages")
    (folder,) = (tmp_path / "languages").iterdir()
    (folder / "tk_nextmove.npy").write_bytes(b"")
    count = count_files(tmp_path)
    unloaded.setattr(language._Loaded, "identifier", None)
    language.load_languages(tmp_path / "languages")
    assert detect_language("two people riding bicycles") == "en"
    assert count_files(tmp_path) == count
    assert (folder / "tk_nextmove.npy").stat().st_size > 0


def test_without_a_home_nothing_is_written(unloaded, tmp_path):
    language.load_languages(tmp_path / "none" / "languages")
    assert detect_language("two people riding bicycles") == "en"
    assert list(tmp_path.iterdir()) == []
