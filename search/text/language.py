"""Detect the language of a text. Home of py3langid (Lui and Baldwin, "langid.py", ACL 2012)."""

import threading
from functools import cache
from typing import Any

# With fewer languages to choose from, short texts are classified better.
LANGUAGES = (
    "ar", "bg", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr", "hu", "id", "it", "ja",
    "ko", "lt", "lv", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "th", "tr", "uk", "vi", "zh",
)  # fmt: skip
# One or two words may belong to several languages; below this probability the language is unknown.
MIN_PROBABILITY = 0.6
_LOAD_LOCK = threading.Lock()


def detect_language(text: str) -> str | None:
    """Return the language of a text (ISO 639-1), or None when it is uncertain."""
    if not any(character.isalpha() for character in text):
        return None
    with _LOAD_LOCK:
        identifier = _load()
    language, probability = identifier.classify(text.lower())
    return str(language) if probability >= MIN_PROBABILITY else None


def load_in_background() -> None:
    """Load the model in a thread, while something else is loaded."""
    threading.Thread(target=detect_language, args=("text",), daemon=True).start()


@cache
def _load() -> Any:
    from py3langid import langid

    identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LANGUAGES))
    return identifier
