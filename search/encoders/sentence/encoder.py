"""Any sentence-transformers model as a text encoder."""

from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Protocol

import numpy as np

from search.encoders.class_names import read_classes
from search.encoders.encoder import REMEMBERED_QUERIES
from search.encoders.lazy import Lazy
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

# JSON files below this size are settings; larger ones are vocabularies.
MAX_SETTINGS_BYTES = 100_000
WEIGHTS = ("*.safetensors", "*.bin")


class SentenceModel(Protocol):
    """A loaded model in any runtime."""

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed queries; shape (n, d), float32, unit length."""

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Embed passages; shape (n, d), float32, unit length."""


class SentenceEncoder(ManifestEncoder):
    """A model with a manifest; loaded at its first use."""

    def __init__(self, manifest: ModelManifest, folder: ManifestFolder, models: Path, machine: Machine) -> None:
        """folder: the folder of the manifest; models: the home's folder of models."""
        super().__init__(manifest, folder)
        self._model: Lazy[SentenceModel] = Lazy(
            partial(load_sentences, manifest, folder, models, machine), machine.idle
        )
        self._encode_query = lru_cache(maxsize=REMEMBERED_QUERIES)(self._encode_one)

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
    """Load a model once to write its manifest. Raises ModelError if it cannot be loaded."""
    folder = find_sentence_folder(name, models)
    files = sorted(path for pattern in WEIGHTS for path in folder.rglob(pattern))
    weights = weigh_files(files)
    loaded = TorchSentences(folder, machine)
    classes = [one.names["en"][0] for one in read_classes()]
    bank = loaded.encode_queries(classes)
    short = [path for path in sorted(folder.glob("*.json")) if path.stat().st_size < MAX_SETTINGS_BYTES]
    settings = [path.read_text(encoding="utf-8") for path in short]
    manifest = ModelManifest(
        name=name,
        role=Retriever.SEMANTIC,
        fingerprint=join_fingerprint([digest for _, _, digest in weights.values()], settings),
        dimension=bank.shape[1],
        weights=weights,
        # English vocabularies have about 30,000 tokens, multilingual ones more than 100,000.
        languages=("en",) if len(loaded.model.tokenizer) < 60_000 else (),
    )
    find_folder(models, name).write(manifest, bank)
    return manifest


def load_sentences(manifest: ModelManifest, folder: ManifestFolder, models: Path, machine: Machine) -> SentenceModel:
    """Load a model in its fastest runtime. Raises ModelError if the weights have changed."""
    keep_weights(manifest, folder)
    device = choose_devices(machine.device)[0]
    if manifest.is_exported_for(device):
        from search.encoders.sentence.exported import ExportedSentences

        return ExportedSentences(manifest, folder.path, manifest.precision, machine.threads, device)
    return TorchSentences(find_sentence_folder(manifest.name, models), machine)
