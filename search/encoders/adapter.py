"""A small residual adapter for an image encoder, trained on the captions of a library and run by NumPy.

The form is that of CLIP-Adapter (Gao et al., IJCV 2024): v' = v + out(relu(in(v))), scaled to unit length. Only image
vectors change. Text vectors stay the same, so that the baselines of the model remain valid.
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
    """The weights of an adapter.

    Attributes:
        inward: Shape (d, h), where d is the length of the first part of a vector; only that part changes.
        outward: Shape (h, d).
        base: The fingerprint of the model that the adapter was trained for.
    """

    inward: Vectors
    outward: Vectors
    base: str

    @property
    def fingerprint(self) -> str:
        """A hash that changes when the vectors change."""
        return join_fingerprint(self.base, self.inward.tobytes().hex(), self.outward.tobytes().hex())

    def apply(self, vectors: Vectors) -> Vectors:
        """Adapt vectors of the base model.

        Args:
            vectors: Shape (n, d or more); only the first d columns change.

        Returns:
            The adapted vectors, same shape, float32, unit length.
        """
        width = len(self.inward)
        first, other_parts = vectors[:, :width], vectors[:, width:]
        moved = normalize(first) + np.maximum(normalize(first) @ self.inward, 0) @ self.outward
        # The first part keeps its length, which is its weight relative to the other parts.
        scaled = normalize(moved) * np.linalg.norm(first, axis=1, keepdims=True)
        return normalize(np.concatenate([scaled, other_parts], axis=1))

    def write(self, name: str, models: Path) -> None:
        """Write the adapter to the models folder of a home, under the name of the adapted model."""
        folder = find_folder(models, name).path
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(folder / FILE, inward=self.inward, outward=self.outward, base=self.base, name=name)


def read_adapter(name: str, models: Path) -> Adapter:
    """Return the adapter of an adapted model.

    Args:
        name: The name of the adapted model.
        models: The models folder of the home.

    Raises:
        ModelError: The adapter is missing or damaged.
    """
    path = find_folder(models, name).path / FILE
    try:
        with np.load(path) as stored:
            return Adapter(stored["inward"], stored["outward"], str(stored["base"]))
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"Cannot load {name}: {path} is missing or damaged. Train the adapter again.") from error


class AdaptedImageEncoder:
    """An image encoder with an adapter."""

    def __init__(self, name: str, base: ImageEncoder, adapter: Adapter) -> None:
        """Combine a model with an adapter.

        Args:
            name: The name of the adapted model.
            base: The base model.
            adapter: The adapter.

        Raises:
            ModelError: The adapter was trained for another model.
        """
        if adapter.base != base.fingerprint:
            raise ModelError(f"{name} was trained for another version of {base.name}. Train the adapter again.")
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
        """The query bank of the base model."""
        return self.base.bank

    @cached_property
    def reference(self) -> Vectors:
        """The adapted reference images of the base model."""
        return self.adapter.apply(self.base.reference)

    @property
    def batch(self) -> int:
        """The preferred number of images per call."""
        return self.base.batch

    @property
    def is_multilingual(self) -> bool:
        """Whether the base model supports languages other than English."""
        return self.base.is_multilingual

    @property
    def transform(self) -> ImageTransform:
        """The resizing and cropping of the base model."""
        return self.base.transform

    def encode_images(self, prepared: Sequence[Pixels]) -> Vectors:
        """Embed prepared images; shape (n, d), float32, unit length."""
        return self.adapter.apply(self.base.encode_images(prepared))

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed texts; shape (n, d), float32, unit length."""
        return self.base.encode_texts(texts)

    def encode_text_parts(self, texts: Sequence[str]) -> Vectors:
        """Embed texts for each part; shape (n, d), float32."""
        return self.base.encode_text_parts(texts)
