"""A sentence model that was exported to ONNX: run without torch."""

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
    """Runs what `export_sentences` wrote. Safe to share between threads."""

    def __init__(self, manifest: ModelManifest, folder: Path, precision: str, threads: int, device: str) -> None:
        """folder: the folder of the manifest. Raises ModelError when a file is missing, or cannot run on the device."""
        settings = manifest.settings
        self._prompts = (str(settings["query_prompt"]), str(settings["passage_prompt"]))
        self._tokens = Tokens(folder / TOKENIZER, TokenizerConfig(int(settings["most"]), int(settings["pad"])))
        path, is_half = sentence_file(folder, precision), precision == "fp16"
        self._session = open_session(path, threads, is_half=is_half, device=device)
        self._inputs = {one.name for one in self._session.get_inputs()}

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed queries; shape (n, d), float32, unit length."""
        return self._encode([self._prompts[0] + text for text in texts])

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Embed passages; shape (n, d), float32, unit length."""
        return self._encode([self._prompts[1] + text for text in texts])

    def _encode(self, texts: Sequence[str]) -> Vectors:
        # Texts of like length share a batch, so that little is computed for padding.
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        parts = []
        for start in range(0, len(order), TEXT_BATCH):
            cut = self._tokens.cut([texts[at] for at in order[start : start + TEXT_BATCH]])
            parts.append(self._session.run(None, {name: cut[name] for name in self._inputs})[0])
        rows = np.empty((len(texts), parts[0].shape[1]), np.float32)
        rows[order] = np.concatenate(parts)
        return normalize(rows)


def sentence_file(folder: Path, precision: str) -> Path:
    """Return the path of a model in the folder of its manifest."""
    return folder / f"sentence-{precision}.onnx"
