"""Any sentence-transformers model as the `meaning` space. Home of sentence_transformers."""

from collections.abc import Sequence
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from search.errors import ModelError
from search.models.card import Card, CardFolder, check_weights, find_folder, join_fingerprint, weigh_files
from search.models.compact import normalize
from search.models.compact.training.data import read_classes
from search.models.lazy import Lazy
from search.models.onnx import REMEMBERED_QUERIES
from search.models.open_clip import choose_devices
from search.models.open_clip.loading import count_threads
from search.models.runtime import Machine
from search.records import Lane, Vectors

FETCHED = "fetched"
# Settings are shorter than this, in bytes; vocabularies are longer.
SHORT = 100_000
WEIGHTS = ("*.safetensors", "*.bin")


class SentenceEncoder:
    """A model that a card describes; loaded when first used. It asks and answers by the prompts of its own settings."""

    def __init__(self, card: Card, folder: CardFolder, models: Path, machine: Machine) -> None:
        """folder: where the card lies; models: the home's folder of models."""
        self._card = card
        self._folder = folder
        self._model = Lazy(partial(_load_checked, card, folder, models, machine), machine.idle)
        self._encode_query = lru_cache(maxsize=REMEMBERED_QUERIES)(self._encode_one)

    @property
    def name(self) -> str:
        """The model's name, as it was chosen."""
        return self._card.name

    @property
    def fingerprint(self) -> str:
        """The hash of everything that shapes the vectors."""
        return self._card.fingerprint

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return self._card.dimension

    @property
    def is_multilingual(self) -> bool:
        """Whether the size of its vocabulary says so."""
        return self._card.is_multilingual

    @cached_property
    def bank(self) -> Vectors:
        """The names of 1,000 classes of things as questions, shape (1000, d), unit length."""
        return self._folder.read_bank()

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed what is asked, remembering the latest; shape (n, d), float32, unit length."""
        return np.stack([self._encode_query(text) for text in texts])

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Embed what is searched; shape (n, d), float32, unit length."""
        with self._model.use() as model:
            return normalize(model.encode_document(list(texts), show_progress_bar=False, convert_to_numpy=True))

    def _encode_one(self, text: str) -> Vectors:
        with self._model.use() as model:
            row: Vectors = normalize(model.encode_query([text], show_progress_bar=False, convert_to_numpy=True))[0]
        return row


def find_sentence_folder(name: str, models: Path) -> Path:
    """Give the folder of a model by its path, or by the name that it was fetched under. Raises ModelError."""
    for folder in (Path(name).expanduser(), models / FETCHED / name.replace("/", "--")):
        if (folder / "modules.json").is_file() or (folder / "config.json").is_file():
            return folder.absolute()
    raise ModelError(
        f"{name} is not on this machine: fetch it with `crossmodal models get {name}`, or name the folder of a "
        "sentence-transformers model"
    )


def describe_sentence_model(name: str, models: Path, machine: Machine) -> Card:
    """Load a model once to find out all that its card says, and keep the card. Raises ModelError."""
    folder = find_sentence_folder(name, models)
    files = sorted(path for pattern in WEIGHTS for path in folder.rglob(pattern))
    weights = weigh_files(files)
    model = _load(folder, machine)
    classes = [one.names["en"][0] for one in read_classes()]
    bank = normalize(model.encode_query(classes, show_progress_bar=False, convert_to_numpy=True))
    short = [path for path in sorted(folder.glob("*.json")) if path.stat().st_size < SHORT]
    settings = [path.read_text(encoding="utf-8") for path in short]
    card = Card(
        name=name,
        lane=Lane.MEANING,
        fingerprint=join_fingerprint([digest for _, _, digest in weights.values()], settings),
        dimension=bank.shape[1],
        weights=weights,
        # Vocabularies of English alone have some 30,000 pieces, those of many languages more than 100,000.
        languages=("en",) if len(model.tokenizer) < 60_000 else (),
    )
    find_folder(models, name).write(card, bank)
    return card


def _load_checked(card: Card, folder: CardFolder, models: Path, machine: Machine) -> Any:
    known = check_weights(card)
    if known != card:
        folder.write(known)
    return _load(find_sentence_folder(card.name, models), machine)


def _load(folder: Path, machine: Machine) -> Any:
    device = choose_devices(machine.device)[0]
    count_threads(machine.threads)
    try:
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(str(folder), device=device, local_files_only=True)
    except ImportError as error:
        raise ModelError(f"{error.name} is not installed: pip install 'crossmodal[clip]'") from error
    except Exception as error:  # transformers raises whatever its parts do
        raise ModelError(f"{folder} cannot be loaded as a sentence model: {str(error).splitlines()[0]}") from error
