"""Names of files, folders and labels, compared in any Unicode normalization and case.

File systems return names as they were written: macOS decomposes `é` to `e` and an accent, other systems do not.
"""

import unicodedata


def compose_name(name: str | None) -> str | None:
    """Return a name in the composed form of Unicode (NFC)."""
    return name if name is None or name.isascii() else unicodedata.normalize("NFC", name)


def fold_name(name: str | None) -> str | None:
    """Return a name in the composed form and without differences of case."""
    if name is None or name.isascii():
        return name and name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())
