"""Short texts are split exactly as the tokenizer library splits them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers

from search.encoders.compact.e5 import E5Weights, find_weights
from search.encoders.compact.unigram import PieceTable

UNKNOWN = 0
PIECES = ["<unk>", "▁", "a", "b", "ab", "▁a", "▁ab", "bab", "é", "▁日", "日本", "abab", "▁the", "t", "h", "e", "he"]
SCORES = np.linspace(-1, -9, len(PIECES), dtype=np.float32)


def make_table():
    encoded = [piece.encode() for piece in PIECES]
    starts = np.cumsum([0, *map(len, encoded)])
    return PieceTable(b"".join(encoded), starts, SCORES, UNKNOWN)


def make_tokenizer():
    tokenizer = Tokenizer(models.Unigram(list(zip(PIECES, SCORES.tolist(), strict=True)), UNKNOWN, False))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", "always")
    return tokenizer


TABLE, TOKENIZER = make_table(), make_tokenizer()


@given(st.text("abthe é日本中😀▁  \n"))
def test_texts_are_split_as_by_the_library(text):
    assert TABLE.split(text) == TOKENIZER.encode(text).ids


def test_unknown_characters_next_to_each_other_are_one_piece():
    assert TABLE.split("a中文b") == [PIECES.index("▁a"), UNKNOWN, PIECES.index("b")]


def test_half_a_surrogate_pair_is_unknown():
    assert TABLE.split("\ud800") == TABLE.split("?")


def test_the_bundled_vocabulary_is_split_as_by_the_library():
    weights, library = E5Weights(find_weights()), E5Weights(find_weights())
    assert library.tokenizer is not None  # it is built, and used from now on
    for text in ("query: a dog in the snow", "", " ▁ ", "日本語のテキスト, émile 😀😀", "don't  panic\n", "العربية"):
        assert weights.tokenize([text]) == library.tokenize([text])
