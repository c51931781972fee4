"""The texts of the pages in each language."""

import json
from functools import lru_cache
from pathlib import Path

LANGUAGES = ("en", "zh")


@lru_cache
def read_texts(language: str) -> dict[str, str]:
    """Return the texts of a language by key."""
    texts: dict[str, str] = json.loads((Path(__file__).parent / f"{language}.json").read_text(encoding="utf-8"))
    return texts
