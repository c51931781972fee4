"""A small residual adapter on top of a picture model: trained on a library's own captions, run by numpy.

The form is that of CLIP-Adapter (Gao et al., IJCV 2024): v' = v + out(relu(in(v))), scaled to unit length. Only
pictures are moved; texts stay where they are, so that everything else that is known of the model holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from search.encoders.compact.files import normalize
from search.encoders.encoder import ImageEncoder
from search.encoders.manifest import find_folder, join_fingerprint
from search.errors import ModelError
from search.media.image.transform import ImageTransform
from search.records import Pixels, Vectors

FILE = "adapter.npz"


@dataclass(frozen=True)
class Adapter:
    """The weights. inward: shape (d, h); outward: shape (h, d); base: fingerprint of the model it was trained on.

    d is the length of the first part of a vector, which is all that is moved.
    """

    inward: Vectors
    outward: Vectors
    base: str

    @property
    def fingerprint(self) -> str:
        """Changes when any vector would."""
        return join_fingerprint(self.base, self.inward.tobytes().hex(), self.outward.tobytes().hex())

    def apply(self, vectors: Vectors) -> Vectors:
        """Move vectors of the base model (n, d or longer); shape as it came, unit length."""
        width = len(self.inward)
        first, rest = vectors[:, :width], vectors[:, width:]
        moved = normalize(first) + np.maximum(normalize(first) @ self.inward, 0) @ self.outward
        # The part keeps its share of the length, by which parts are weighed against one another.
        scaled = normalize(moved) * np.linalg.norm(first, axis=1, keepdims=True)
        return normalize(np.concatenate([scaled, rest], axis=1))

    def write(self, name: str, models: Path) -> None:
        """Keep it under the name of the adapted model. models: the home's folder of models."""
        folder = find_folder(models, name).path
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(folder / FILE, inward=self.inward, outward=self.outward, base=self.base, name=name)


def read_adapter(name: str, models: Path) -> Adapter:
    """Return the adapter of an adapted model. Raises ModelError when it is not there."""
    path = find_folder(models, name).path / FILE
    try:
        with np.load(path) as stored:
            return Adapter(stored["inward"], stored["outward"], str(stored["base"]))
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{name} cannot be loaded: {path} is missing or damaged") from error


class AdaptedImageEncoder:
    """A picture model with an adapter on top."""

    def __init__(self, name: str, base: ImageEncoder, adapter: Adapter) -> None:
        """Raises ModelError when the adapter was trained on another model."""
        if adapter.base != base.fingerprint:
            raise ModelError(f"{name} was trained on top of another version of {base.name}: train it anew")
        self.name = name
        self.base = base
        self.adapter = adapter

    @property
    def fingerprint(self) -> str:
        """The hash of everything that shapes the vectors."""
        return self.adapter.fingerprint

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return self.base.dimension

    @property
    def parts(self) -> tuple[int, ...]:
        """The lengths of the parts of a vector."""
        return self.base.parts

    @property
    def bank(self) -> Vectors:
        """The base model's bank: texts are not moved."""
        return self.base.bank

    @cached_property
    def reference(self) -> Vectors:
        """The base model's reference pictures, moved as pictures are."""
        return self.adapter.apply(self.base.reference)

    @property
    def batch(self) -> int:
        """As the base model."""
        return self.base.batch

    @property
    def is_multilingual(self) -> bool:
        """As the base model."""
        return self.base.is_multilingual

    @property
    def transform(self) -> ImageTransform:
        """The base model's."""
        return self.base.transform

    def encode_images(self, prepared: Sequence[Pixels]) -> Vectors:
        """Embed prepared pictures; shape (n, d), float32, unit length."""
        return self.adapter.apply(self.base.encode_images(prepared))

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed texts; shape (n, d), float32, unit length."""
        return self.base.encode_texts(texts)

    def encode_text_parts(self, texts: Sequence[str]) -> Vectors:
        """Embed texts for each part; shape (n, d), float32."""
        return self.base.encode_text_parts(texts)
