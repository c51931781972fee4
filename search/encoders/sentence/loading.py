"""Load a sentence model. Home of sentence_transformers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from search.encoders.compact.files import normalize
from search.encoders.manifest import FETCHED
from search.encoders.open_clip.imports import choose_devices
from search.encoders.open_clip.threads import count_threads
from search.encoders.runtime import Machine
from search.errors import ModelError, find_reason
from search.records import Vectors


class TorchSentences:
    """A model loaded by sentence_transformers, with the prompts of its configuration."""

    def __init__(self, folder: Path, machine: Machine) -> None:
        """Load the model.

        Args:
            folder: The folder of the model.
            machine: The resources for the model.

        Raises:
            ModelError: The `clip` extra is not installed, or the model cannot be loaded.
        """
        device = choose_devices(machine.device)[0]
        count_threads(machine.threads)
        try:
            from sentence_transformers import SentenceTransformer

            self.model: Any = SentenceTransformer(str(folder), device=device, local_files_only=True)
        except ImportError as error:
            raise ModelError(f"{error.name} is not installed. Run: pip install 'crossmodal[clip]'") from error
        except Exception as error:  # transformers raises many types
            raise ModelError(f"Cannot load {folder} as a sentence model: {find_reason(error)}") from error

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed queries; shape (n, d), float32, unit length."""
        return normalize(self.model.encode_query(list(texts), show_progress_bar=False, convert_to_numpy=True))

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Embed passages; shape (n, d), float32, unit length."""
        return normalize(self.model.encode_document(list(texts), show_progress_bar=False, convert_to_numpy=True))


def find_sentence_folder(name: str, models: Path) -> Path:
    """Return the folder of a model.

    Args:
        name: The path of the folder, or the name that the model was downloaded by.
        models: The models folder of the home.

    Raises:
        ModelError: The model is not on this machine.
    """
    for folder in (Path(name).expanduser(), models / FETCHED / name.replace("/", "--")):
        if (folder / "modules.json").is_file() or (folder / "config.json").is_file():
            return folder.absolute()
    raise ModelError(
        f"{name} is not on this machine. Download it with `crossmodal models get {name}`, or pass the folder of a "
        "sentence-transformers model."
    )
