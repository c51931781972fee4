"""Run a sentence model that was exported to ONNX, without torch."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from search.encoders.compact.files import normalize
from search.encoders.manifest import ModelManifest
from search.encoders.onnx import TEXT_BATCH, open_session
from search.encoders.tokens import TokenizerConfig, Tokens
from search.records import Vectors

TOKENIZER = "tokenizer.json"


class ExportedSentences:
    """A sentence model written by `export_sentences`. Thread-safe."""

    def __init__(self, manifest: ModelManifest, folder: Path, precision: str, threads: int, device: str) -> None:
        """Open the export.

        Args:
            manifest: The manifest of the model.
            folder: The folder of the manifest.
            precision: One of `PRECISIONS`.
            threads: The number of CPU threads.
            device: `cpu`, `cuda` or `cuda:1`.

        Raises:
            ModelError: A file is missing, or the installed ONNX Runtime does not support the device.
        """
        settings = manifest.settings
        self._query_prompt, self._passage_prompt = str(settings["query_prompt"]), str(settings["passage_prompt"])
        self._tokens = Tokens(folder / TOKENIZER, TokenizerConfig(int(settings["most"]), int(settings["pad"])))
        path, is_half = sentence_file(folder, precision), precision == "fp16"
        self._session = open_session(path, threads, is_half=is_half, device=device)
        self._inputs = {tensor.name for tensor in self._session.get_inputs()}

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed queries; shape (n, d), float32, unit length."""
        return self._encode([self._query_prompt + text for text in texts])

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Embed passages; shape (n, d), float32, unit length."""
        return self._encode([self._passage_prompt + text for text in texts])

    def _encode(self, texts: Sequence[str]) -> Vectors:
        # Texts of similar length share a batch, to compute less padding.
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        parts = []
        for start in range(0, len(order), TEXT_BATCH):
            tokens = self._tokens.cut([texts[index] for index in order[start : start + TEXT_BATCH]])
            parts.append(self._session.run(None, {name: tokens[name] for name in self._inputs})[0])
        rows = np.empty((len(texts), parts[0].shape[1]), np.float32)
        rows[order] = np.concatenate(parts)
        return normalize(rows)


def sentence_file(folder: Path, precision: str) -> Path:
    """Return the path of an export in the folder of the manifest."""
    return folder / f"sentence-{precision}.onnx"
