"""Short phrases from captions ("a child", "red shirt", "running"), with the training photos that show them.

With captions only, a head learns to find the single photo that a sentence describes. Most queries are one or two words
about something that many photos show.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from torch import Tensor

from search.records import Ids

# Words that a phrase does not begin or end with.
# fmt: off
STOP_WORDS = frozenset({
    "a", "an", "and", "another", "are", "around", "as", "at", "back", "be", "being", "both", "by", "down", "each",
    "for", "from", "front", "has", "have", "he", "her", "him", "his", "holding", "in", "into", "is", "it", "its",
    "look", "looking", "looks", "many", "near", "next", "of", "off", "on", "one", "onto", "or", "other", "out",
    "over", "several", "she", "side", "some", "standing", "that", "the", "their", "them", "there", "they", "this",
    "three", "through", "to", "top", "two", "under", "up", "very", "wearing", "which", "while", "who", "with",
})
# fmt: on
# The minimum length of the first and the last word of a phrase.
MIN_LETTERS = 3
# The minimum number of photos whose captions use a phrase.
MIN_PHOTOS = 12
# The number of captions of a photo.
MAX_MENTIONS = 5
# A photo shows a phrase if at least this many of its captions use it; with one caption it may show it.
SHOWN = 2


class PhraseEmbedder(Protocol):
    """Embeds phrases for training."""

    def embed(self, values: list[str]) -> Tensor:
        """Return text vectors of unit length, shape (n, t)."""


@dataclass(frozen=True)
class Phrases:
    """Phrases with the photos that show them.

    Attributes:
        bare: The text vectors of the phrases, shape (p, t).
        articled: The text vectors of the phrases with the article "a", shape (p, t).
        mentions: How many captions of each photo use each phrase, shape (photos, p), int8.
    """

    bare: Tensor
    articled: Tensor
    mentions: np.typing.NDArray[np.int8]

    @property
    def shares(self) -> np.typing.NDArray[np.float64]:
        """The probability of drawing each phrase, shape (p,): proportional to the square root of its photos."""
        counts = np.sqrt((self.mentions > 0).sum(axis=0))
        result: np.typing.NDArray[np.float64] = counts / counts.sum()
        return result

    def select(self, photos: Ids) -> "Phrases":
        """Return the phrases for some of the photos, by their indexes."""
        return Phrases(self.bare, self.articled, self.mentions[photos])


def read_phrases(captions: Sequence[Sequence[str]], vocabulary: PhraseEmbedder) -> Phrases:
    """Find the phrases that the captions of at least `MIN_PHOTOS` photos use.

    Args:
        captions: The captions of each photo.
        vocabulary: Embeds the phrases.
    """
    counts = [Counter(phrase for caption in group for phrase in set(split_phrases(caption))) for group in captions]
    photo_counts = Counter(phrase for photo in counts for phrase in photo)
    frequent = sorted(phrase for phrase, count in photo_counts.items() if count >= MIN_PHOTOS)
    columns = {phrase: column for column, phrase in enumerate(frequent)}
    mentions = np.zeros((len(counts), len(frequent)), np.int8)
    for row, photo in enumerate(counts):
        for phrase, count in photo.items():
            if phrase in columns:
                mentions[row, columns[phrase]] = min(count, MAX_MENTIONS)
    joined = mentions.copy()
    for phrase, column in columns.items():  # singular and plural forms count for each other
        for plural in (columns[form] for form in (f"{phrase}s", f"{phrase}es") if form in columns):
            joined[:, column] = np.minimum(MAX_MENTIONS, joined[:, column] + mentions[:, plural])
            joined[:, plural] = np.minimum(MAX_MENTIONS, joined[:, plural] + mentions[:, column])
    return Phrases(vocabulary.embed(frequent), vocabulary.embed([f"a {phrase}" for phrase in frequent]), joined)


def split_phrases(caption: str) -> Iterator[str]:
    """Yield the phrases of one to three words in a caption that begin and end with a content word."""
    words = re.findall(r"[a-z]+", caption.lower())
    is_content = [word not in STOP_WORDS and len(word) >= MIN_LETTERS for word in words]
    for start in range(len(words)):
        for length in (1, 2, 3):
            end = start + length
            if end <= len(words) and is_content[start] and is_content[end - 1]:
                yield " ".join(words[start:end])
