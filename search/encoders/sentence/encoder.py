"""Any sentence-transformers model as a text encoder."""

from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Protocol

import numpy as np

from search.encoders.class_names import read_classes
from search.encoders.encoder import MAX_CACHED_QUERIES
from search.encoders.lazy import LazyModel
from search.encoders.manifest import (
    ManifestEncoder,
    ManifestFolder,
    ModelManifest,
    find_folder,
    join_fingerprint,
    keep_weights,
    weigh_files,
)
from search.encoders.open_clip.imports import choose_devices
from search.encoders.runtime import Machine
from search.encoders.sentence.loading import TorchSentences, find_sentence_folder
from search.records import Retriever, Vectors

# JSON files below this size are settings and part of the fingerprint; larger files are vocabularies.
MAX_SETTINGS_BYTES = 100_000
WEIGHTS = ("*.safetensors", "*.bin")
# English vocabularies have about 30,000 tokens, multilingual vocabularies more than 100,000.
MIN_MULTILINGUAL_TOKENS = 60_000


class SentenceModel(Protocol):
    """A loaded model in any runtime."""

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed queries; shape (n, d), float32, unit length."""

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Embed passages; shape (n, d), float32, unit length."""


class SentenceEncoder(ManifestEncoder):
    """A model with a manifest; loaded at its first use."""

    def __init__(self, manifest: ModelManifest, folder: ManifestFolder, models: Path, machine: Machine) -> None:
        """Create an encoder without loading the model.

        Args:
            manifest: The manifest of the model.
            folder: The folder of the manifest.
            models: The models folder of the home.
            machine: The resources for the model.
        """
        super().__init__(manifest, folder)
        self._model: LazyModel[SentenceModel] = LazyModel(
            partial(load_sentences, manifest, folder, models, machine), machine.idle
        )
        self._encode_query = lru_cache(maxsize=MAX_CACHED_QUERIES)(self._encode_one)

    @property
    def parts(self) -> tuple[int, ...]:
        """A vector has one part."""
        return (self.dimension,)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed queries with a cache; shape (n, d), float32, unit length."""
        return np.stack([self._encode_query(text) for text in texts])

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Embed passages; shape (n, d), float32, unit length."""
        with self._model.use() as model:
            return model.encode_passages(texts)

    def _encode_one(self, text: str) -> Vectors:
        with self._model.use() as model:
            row: Vectors = model.encode_queries([text])[0]
        return row


def describe_sentence_model(name: str, models: Path, machine: Machine) -> ModelManifest:
    """Load a model once to write its manifest.

    Args:
        name: The model's name, or the path of its folder.
        models: The models folder of the home.
        machine: The resources for the model.

    Raises:
        ModelError: The model is not on this machine, or cannot be loaded.
    """
    folder = find_sentence_folder(name, models)
    files = sorted(path for pattern in WEIGHTS for path in folder.rglob(pattern))
    weights = weigh_files(files)
    loaded = TorchSentences(folder, machine)
    bank = loaded.encode_queries([entry.names["en"][0] for entry in read_classes()])
    small_files = [path for path in sorted(folder.glob("*.json")) if path.stat().st_size < MAX_SETTINGS_BYTES]
    settings = [path.read_text(encoding="utf-8") for path in small_files]
    manifest = ModelManifest(
        name=name,
        role=Retriever.SEMANTIC,
        fingerprint=join_fingerprint([digest for _, _, digest in weights.values()], settings),
        dimension=bank.shape[1],
        weights=weights,
        languages=("en",) if len(loaded.model.tokenizer) < MIN_MULTILINGUAL_TOKENS else (),
    )
    find_folder(models, name).write(manifest, bank)
    return manifest


def load_sentences(manifest: ModelManifest, folder: ManifestFolder, models: Path, machine: Machine) -> SentenceModel:
    """Load a model in its fastest runtime.

    Args:
        manifest: The manifest of the model.
        folder: The folder of the manifest.
        models: The models folder of the home.
        machine: The resources for the model.

    Raises:
        ModelError: The weights are missing or have changed, or the model cannot be loaded.
    """
    keep_weights(manifest, folder)
    device = choose_devices(machine.device)[0]
    if manifest.is_exported_for(device):
        from search.encoders.sentence.exported import ExportedSentences

        return ExportedSentences(manifest, folder.path, manifest.precision, machine.threads, device)
    return TorchSentences(find_sentence_folder(manifest.name, models), machine)
