"""The fixed texts that passages and questions are compared with, as a sentence model embeds them.

They are packaged for the bundled model. For any other they are embedded once and kept in the home.
"""

import hashlib
import os
import threading
from contextlib import suppress
from pathlib import Path

import numpy as np

from search.encoders.encoder import TextEncoder
from search.library import Library
from search.scoring.semantic import Reference, make_reference

FOLDER = Path(__file__).parent / "reference"
PACKAGED_FILE = FOLDER / "compact.npz"
TEXT_FILES = ("parallel.tsv", "passages.txt", "questions.txt")
_LOADING = threading.Lock()
_KNOWN: dict[str, Reference] = {}


def get_reference(library: Library) -> Reference:
    """Return the reference of the library's sentence model, embedding the fixed texts if it is new."""
    encoder = library.models.text_encoder
    key = name_reference(encoder.fingerprint)
    reference = _KNOWN.get(key)
    if reference is None:
        with _LOADING:
            if key not in _KNOWN:
                _KNOWN[key] = _open_reference(library, encoder, key)
            reference = _KNOWN[key]
    return reference


def name_reference(fingerprint: str) -> str:
    """Return a name that changes with the model and with the fixed texts."""
    digest = hashlib.sha256(fingerprint.encode())
    for name in TEXT_FILES:
        digest.update((FOLDER / name).read_bytes())
    return digest.hexdigest()[:16]


def embed_reference(encoder: TextEncoder) -> Reference:
    """Embed the fixed texts."""
    lines = (FOLDER / "parallel.tsv").read_text(encoding="utf-8").splitlines()[1:]
    languages, sentences = zip(*(line.split("\t") for line in lines), strict=True)
    passages, questions = (read_lines(name) for name in TEXT_FILES[1:])
    parallel = [encoder.encode_passages(list(sentences)), encoder.encode_queries(list(sentences))]
    return make_reference(
        languages,
        parallel,
        np.concatenate([encoder.encode_passages(passages), parallel[0]]),
        encoder.encode_queries(questions),
    )


def read_lines(name: str) -> list[str]:
    """Return the lines of a packaged text."""
    return (FOLDER / name).read_text(encoding="utf-8").splitlines()


def write_reference(path: Path, key: str, reference: Reference) -> None:
    """Write a reference whole or not at all. Raises OSError when it cannot be written."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    values = vars(reference)
    arrays = {name: values[name].astype(np.float16) for name in ("directions", "passages", "questions")}
    hub = np.array([reference.hub_center, reference.hub_spread])
    with temporary.open("wb") as stream:
        np.savez(stream, key=np.array(key), hub=hub, **arrays)
    temporary.replace(path)


def read_reference(path: Path, key: str) -> Reference | None:
    """Return a written reference; None when there is none, or it is of another model or of other texts."""
    try:
        with np.load(path) as stored:
            if str(stored["key"]) != key:
                return None
            arrays = [stored[name].astype(np.float32) for name in ("directions", "passages", "questions")]
            center, spread = stored["hub"].tolist()
    except (OSError, ValueError, KeyError):
        return None
    return Reference(arrays[0], arrays[1], arrays[2], center, spread)


def _open_reference(library: Library, encoder: TextEncoder, key: str) -> Reference:
    kept = library.home.models / f"reference-{key}.npz"
    for path in (PACKAGED_FILE, kept):
        found = read_reference(path, key)
        if found is not None:
            return found
    made = embed_reference(encoder)
    # A home that cannot be written answers all the same.
    with suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_reference(kept, key, made)
    return made
