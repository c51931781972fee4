"""Detect the language of a text. Home of py3langid (Lui and Baldwin, "langid.py", ACL 2012).

The package has its model compressed, and decompressing it takes longer than a search. It is therefore kept
decompressed in the home, without the languages that are not used, and only the parts that a text needs are read.
"""

import os
import shutil
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

# With fewer languages to choose from, short texts are classified better.
LANGUAGES = (
    "ar", "bg", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr", "hu", "id", "it", "ja",
    "ko", "lt", "lv", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "th", "tr", "uk", "vi", "zh",
)  # fmt: skip
# One or two words may belong to several languages; below this probability the language is unknown.
MIN_PROBABILITY = 0.6
# The arrays of the model, each in a file.
ARRAYS = ("nb_ptc", "nb_pc", "nb_classes", "tk_nextmove", "tk_row", "tk_output")
_LOCK = threading.Lock()


class _Loaded:
    """The model of this process.

    Attributes:
        identifier: The `LanguageIdentifier`; None before the first use.
    """

    identifier: Any = None


def detect_language(text: str) -> str | None:
    """Return the language of a text (ISO 639-1), or None when it is uncertain."""
    if not any(character.isalpha() for character in text):
        return None
    load_languages()
    with _LOCK:
        language, probability = _Loaded.identifier.classify(text.lower())
    return str(language) if probability >= MIN_PROBABILITY else None


def load_languages(folder: Path | None = None) -> None:
    """Load the model, unless it is loaded.

    Args:
        folder: Where the decompressed model is kept; it is written if it is missing. None to read the package.
    """
    with _LOCK:
        if _Loaded.identifier is None:
            _Loaded.identifier = _read_model(None if folder is None else folder / _name_model())


def load_in_background(folder: Path) -> None:
    """Load the model in a thread, while something else is loaded.

    Args:
        folder: As of `load_languages`.
    """
    threading.Thread(target=load_languages, args=(folder,)).start()


def _read_model(folder: Path | None) -> Any:
    """Return the model in a folder; without one, or if it cannot be read, that of the package."""
    from py3langid import langid

    if folder is not None:
        with suppress(OSError, ValueError, EOFError):
            return _open_arrays(folder)
    identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LANGUAGES))
    if folder is not None:
        with suppress(OSError):  # the home may be read-only or full
            _write_arrays(identifier, folder)
    return identifier


def _open_arrays(folder: Path) -> Any:
    """Return the model in a folder. Raises OSError, ValueError or EOFError if a file is missing or cut."""
    import numpy as np
    from py3langid import langid

    ptc, pc, classes, moves, rows, output = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in ARRAYS)
    return langid.LanguageIdentifier(
        np.array(ptc), np.array(pc), classes.tolist(), moves, output, norm_probs=True, tk_row=rows.tolist()
    )


def _write_arrays(identifier: Any, folder: Path) -> None:
    """Keep a model in a folder, in place of those of other versions."""
    import numpy as np

    folder.parent.mkdir(mode=0o700, exist_ok=True)  # not its parents: a search creates no home
    for earlier in folder.parent.iterdir():
        shutil.rmtree(earlier, ignore_errors=True)
    partial = folder.with_name(f".{folder.name}.{os.getpid()}")
    partial.mkdir()
    for name in ARRAYS:
        with (partial / f"{name}.npy").open("wb") as stream:
            np.save(stream, np.asarray(getattr(identifier, name)))
            stream.flush()
            os.fsync(stream.fileno())
    partial.replace(folder)


def _name_model() -> str:
    """Return a name that changes with the model of the package and with the languages."""
    from hashlib import sha256

    from py3langid import langid

    facts = (langid.MODEL_DIR / langid.MODEL_FILE).stat()
    return sha256(f"{facts.st_size} {facts.st_mtime_ns} {' '.join(LANGUAGES)}".encode()).hexdigest()[:16]
