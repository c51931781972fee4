"""The texts of the pages in each language."""

import json
from functools import lru_cache
from pathlib import Path

LANGUAGES = ("en", "zh")
_FOLDER = Path(__file__).parent


@lru_cache
def read_texts(language: str) -> dict[str, str]:
    """Return the texts of a language by key."""
    texts: dict[str, str] = json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return texts


@lru_cache
def read_reasons(language: str) -> dict[str, str]:
    """Return the reasons and messages of the ledger and of jobs in a language, by their English form.

    The catalog and the REST API have them in English, with `{}` here in place of each value.
    """
    path = _FOLDER / "reasons" / f"{language}.json"
    if not path.exists():
        return {}
    reasons: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return reasons
