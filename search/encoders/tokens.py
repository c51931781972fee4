"""Tokenization by a tokenizer file, for exported models."""

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
        most: The maximum number of tokens, with start and end tokens.
        pad: The id of the padding token.
        is_fixed: Pad every batch to `most`, and not to its longest text.
    """

    most: int
    pad: int
    is_fixed: bool = False


class Tokens:
    """A tokenizer of the `tokenizers` library, loaded from its JSON file."""

    def __init__(self, path: Path, cut: TokenizerConfig) -> None:
        """Raises ModelError when the file cannot be read."""
        from tokenizers import Tokenizer

        try:
            self._tokenizer: Any = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises Exception itself
            raise ModelError(f"{path} cannot be read as a tokenizer: {error}") from error
        self._tokenizer.enable_truncation(cut.most)
        self._tokenizer.enable_padding(pad_id=cut.pad, length=cut.most if cut.is_fixed else None)

    def cut(self, texts: Sequence[str]) -> dict[str, Ids]:
        """Return `input_ids`, `attention_mask` and `token_type_ids`, each of shape (n, tokens), int64."""
        cut = self._tokenizer.encode_batch(list(texts))
        return {
            "input_ids": np.array([one.ids for one in cut], np.int64),
            "attention_mask": np.array([one.attention_mask for one in cut], np.int64),
            "token_type_ids": np.array([one.type_ids for one in cut], np.int64),
        }
