"""Tokenize texts with a tokenizer file, for exported models."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from search.errors import ModelError
from search.records import Ids


@dataclass(frozen=True)
class TokenizerConfig:
    """How texts are truncated and padded.

    Attributes:
        max_tokens: The maximum number of tokens, including start and end tokens.
        pad_id: The id of the padding token.
        is_fixed: Pad every batch to `max_tokens` instead of to its longest text.
    """

    max_tokens: int
    pad_id: int
    is_fixed: bool = False


class Tokens:
    """A tokenizer of the `tokenizers` library, loaded from its JSON file."""

    def __init__(self, path: Path, config: TokenizerConfig) -> None:
        """Load the file.

        Raises:
            ModelError: The file cannot be read.
        """
        from tokenizers import Tokenizer

        try:
            self._tokenizer: Any = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises Exception itself
            raise ModelError(f"Cannot load the tokenizer {path}: {error}") from error
        self._tokenizer.enable_truncation(config.max_tokens)
        self._tokenizer.enable_padding(pad_id=config.pad_id, length=config.max_tokens if config.is_fixed else None)

    def cut(self, texts: Sequence[str]) -> dict[str, Ids]:
        """Tokenize texts; return `input_ids`, `attention_mask` and `token_type_ids`, each (n, tokens), int64."""
        encodings = self._tokenizer.encode_batch(list(texts))
        return {
            "input_ids": np.array([encoding.ids for encoding in encodings], np.int64),
            "attention_mask": np.array([encoding.attention_mask for encoding in encodings], np.int64),
            "token_type_ids": np.array([encoding.type_ids for encoding in encodings], np.int64),
        }
