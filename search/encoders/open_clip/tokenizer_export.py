"""Export the tokenizers of open_clip to files, so that an exported model needs neither open_clip nor torch."""

import html
import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from search.encoders.class_names import read_classes
from search.encoders.tokens import TokenizerConfig, Tokens
from search.records import Ids

FILE = "tokenizer.json"
# How open_clip cleans texts, by the names of its functions.
CLEANING_MODES = {"_clean_lower": "lower", "_clean_whitespace": "whitespace", "_clean_canonicalize": "canonicalize"}
PUNCTUATION = str.maketrans("", "", string.punctuation)
# How CLIP splits a text into words, in the regular expression syntax of `tokenizers`.
WORD_PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
# An export is checked on these texts and on the class names in six languages.
UNUSUAL_TEXTS = (
    "",
    "  A  Photo\tof\na DOG's  ball, isn't it?  ",
    "&amp;lt;3 cafés naïve coöperate ﬁne ½ x² №5",
    "“quoted” — dashes… and 😀 emoji 👩‍👩‍👧",
    "snake_case CamelCase 12345 3.14 C++ #hash @at",
    "日本語の写真 한국어 العربية हिन्दी ไทย Ελληνικά",
    "word " * 200,
)


class ExportedTokenizer:
    """Tokenizes texts as open_clip does."""

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        """Load the tokenizer.

        Args:
            folder: The folder that `write_tokenizer` wrote to.
            settings: The settings that `write_tokenizer` returned.

        Raises:
            ModelError: The file is missing or damaged.
        """
        self._mode = settings["clean"]
        self._tokens = Tokens(folder / FILE, TokenizerConfig(settings["most"], settings["pad"], is_fixed=True))

    def __call__(self, texts: Sequence[str]) -> Ids:
        """Return token ids, shape (n, context length), int64."""
        return self._tokens.cut([normalize_text(text, self._mode) for text in texts])["input_ids"]


def normalize_text(text: str, mode: str) -> str:
    """Clean a text as open_clip does. mode: `lower`, `whitespace` or `canonicalize`."""
    import ftfy

    text = html.unescape(html.unescape(ftfy.fix_text(text)))
    if mode == "canonicalize":
        text = text.replace("_", " ").translate(PUNCTUATION)
    text = " ".join(text.split())
    return text if mode == "whitespace" else text.lower()


def write_tokenizer(tokenizer: Any, folder: Path) -> dict[str, Any]:
    """Write an open_clip tokenizer as a file.

    Args:
        tokenizer: The tokenizer.
        folder: The folder to write to.

    Returns:
        The settings for `ExportedTokenizer`. They are empty if the tokenizer cannot be exported, or if the export
        differs for any of the test texts.
    """
    mode = CLEANING_MODES.get(getattr(getattr(tokenizer, "clean_fn", None), "__name__", ""))
    conversion = _convert(tokenizer)
    if mode is None or conversion is None:
        return {}
    converted, pad = conversion
    converted.no_padding()
    converted.no_truncation()
    converted.save(str(folder / FILE))
    settings = {"clean": mode, "most": tokenizer.context_length, "pad": pad}
    texts = [*UNUSUAL_TEXTS, *(names[0] for entry in read_classes() for names in entry.names.values())]
    if not np.array_equal(ExportedTokenizer(folder, settings)(texts), tokenizer(texts).numpy()):
        (folder / FILE).unlink()
        return {}
    return settings


def _convert(tokenizer: Any) -> tuple[Any, int] | None:
    """Return an open_clip tokenizer as a `tokenizers.Tokenizer`, and the id of its padding token.

    The result is None if the conversion of this kind of tokenizer is not supported.
    """
    if hasattr(tokenizer, "bpe_ranks") and tokenizer.reduction_fn is None:
        return _convert_clip(tokenizer), 0
    inner = getattr(tokenizer, "tokenizer", None)
    if (
        inner is not None
        and hasattr(inner, "backend_tokenizer")
        and not tokenizer.strip_sep_token
        and not tokenizer.tokenizer_mode
    ):
        from tokenizers import Tokenizer

        return Tokenizer.from_str(inner.backend_tokenizer.to_str()), inner.pad_token_id
    return None


def _convert_clip(tokenizer: Any) -> Any:
    """Convert the byte-pair encoding of the original CLIP to a `tokenizers.Tokenizer`."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors

    merges = sorted(tokenizer.bpe_ranks, key=tokenizer.bpe_ranks.__getitem__)
    converted = Tokenizer(models.BPE(vocab=tokenizer.encoder, merges=merges, end_of_word_suffix="</w>"))
    words = pre_tokenizers.Split(Regex(WORD_PATTERN), behavior="removed", invert=True)
    converted.pre_tokenizer = pre_tokenizers.Sequence(
        [words, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    start, end = tokenizer.sot_token_id, tokenizer.eot_token_id
    converted.post_processor = processors.BertProcessing(
        (tokenizer.decoder[end], end), (tokenizer.decoder[start], start)
    )
    return converted
