"""Which language a text is in. Home of py3langid (Lui and Baldwin, "langid.py", ACL 2012)."""

import threading
from functools import cache
from typing import Any

# The languages that are told apart: with fewer to choose from, short texts are told better.
KNOWN = (
    "ar", "bg", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr", "hu", "id", "it", "ja",
    "ko", "lt", "lv", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "th", "tr", "uk", "vi", "zh",
)  # fmt: skip
# Less sure than this, nothing is said: one or two words could be of several languages.
SURE = 0.6
_LOADING = threading.Lock()


def detect_language(text: str) -> str | None:
    """Return the language of a text (ISO 639-1), or None where it is too short to be told."""
    if not any(letter.isalpha() for letter in text):
        return None
    with _LOADING:
        identifier = _load()
    language, sureness = identifier.classify(text.lower())
    return str(language) if sureness >= SURE else None


@cache
def _load() -> Any:
    from py3langid import langid

    identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(KNOWN))
    return identifier
