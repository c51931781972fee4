"""The embedded texts of the tags, stored in the home: a new process would embed a hundred texts to tag one image."""

import io
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from search.encoders.registry import Models
from search.paths import write_atomically
from search.records import Vectors


@dataclass(frozen=True)
class TagTexts:
    """What a scorer of images needs of each text.

    Attributes:
        vectors: The texts for the parts of the image space, shape (n, d).
        kinds: The probabilities that each names a thing, describes a scene, or does neither, shape (n, 3).
        likeness: The cosine of each with the nearest class name that `compact` was trained on, shape (n,).
    """

    vectors: Vectors
    kinds: Vectors
    likeness: Vectors


def open_tag_texts(path: Path, models: Models, texts: Sequence[str]) -> TagTexts:
    """Return the embedded texts from a file, or embed and store them.

    Args:
        path: The file, whose name identifies the models and the texts.
        models: The models.
        texts: The texts.
    """
    stored = _read(path)
    if stored is not None and len(stored.vectors) == len(texts):
        return stored
    classifier = models.query_classifier
    embedded = TagTexts(
        models.image_encoder.encode_text_parts(texts),
        classifier.measure_kinds(texts),
        classifier.measure_class_likeness(texts),
    )
    # Images can be tagged even if the home has no space left; then the next process embeds the texts again.
    with suppress(OSError):
        _write(path, embedded)
    return embedded


def _read(path: Path) -> TagTexts | None:
    """Return what a file contains; None if it is missing or damaged."""
    try:
        # numpy does not close a damaged file that it opens by name.
        with path.open("rb") as stream, np.load(stream) as stored:
            return TagTexts(stored["vectors"], stored["kinds"], stored["likeness"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _write(path: Path, texts: TagTexts) -> None:
    stream = io.BytesIO()
    np.savez(stream, **vars(texts))
    write_atomically(path, stream.getvalue())
