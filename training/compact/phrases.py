"""Short phrases of captions ("a child", "red shirt", "running"), and which training photos show what they say.

Captions alone teach a head to find the one photo that a sentence is about. People mostly ask for things that many
photos show, in a word or two.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from torch import Tensor

from search.records import Ids

# Words that say nothing by themselves.
# fmt: off
STOP_WORDS = frozenset({
    "a", "an", "and", "another", "are", "around", "as", "at", "back", "be", "being", "both", "by", "down", "each",
    "for", "from", "front", "has", "have", "he", "her", "him", "his", "holding", "in", "into", "is", "it", "its",
    "look", "looking", "looks", "many", "near", "next", "of", "off", "on", "one", "onto", "or", "other", "out",
    "over", "several", "she", "side", "some", "standing", "that", "the", "their", "them", "there", "they", "this",
    "three", "through", "to", "top", "two", "under", "up", "very", "wearing", "which", "while", "who", "with",
})
# fmt: on
MIN_LETTERS = 3
MIN_PHOTOS = 12
MAX_MENTIONS = 5
# A photo shows a phrase if at least this many of its captions use it; with one caption it may show it.
SHOWN = 2


class PhraseEmbedder(Protocol):
    """Embeds phrases for training."""

    def embed(self, values: list[str]) -> Tensor:
        """Return text vectors of unit length, shape (n, t)."""


@dataclass(frozen=True)
class Phrases:
    """Phrases, bare and with an article, with what photos show of them.

    Attributes:
        bare: Text vectors, shape (p, t).
        articled: The same texts behind "a ", shape (p, t).
        mentions: How many captions of each photo use each, shape (photos, p), int8.
    """

    bare: Tensor
    articled: Tensor
    mentions: np.typing.NDArray[np.int8]

    @property
    def shares(self) -> np.typing.NDArray[np.float64]:
        """How often each is drawn in training, shape (p,): by the square root of the photos that mention it."""
        counts = np.sqrt((self.mentions > 0).sum(axis=0))
        result: np.typing.NDArray[np.float64] = counts / counts.sum()
        return result

    def select(self, photos: Ids) -> "Phrases":
        """Return the phrases with what some of the photos show."""
        return Phrases(self.bare, self.articled, self.mentions[photos])


def read_phrases(captions: Sequence[Sequence[str]], vocabulary: PhraseEmbedder) -> Phrases:
    """Find the phrases that captions of at least 12 photos use. captions: of each photo."""
    told = [Counter(phrase for caption in group for phrase in set(split_phrases(caption))) for group in captions]
    found = Counter(phrase for one in told for phrase in one)
    kept = sorted(phrase for phrase, count in found.items() if count >= MIN_PHOTOS)
    places = {phrase: at for at, phrase in enumerate(kept)}
    mentions = np.zeros((len(told), len(kept)), np.int8)
    for row, one in enumerate(told):
        for phrase, count in one.items():
            if phrase in places:
                mentions[row, places[phrase]] = min(count, MAX_MENTIONS)
    joined = mentions.copy()
    for phrase, at in places.items():  # who asks for "dog" is answered by "dogs"
        for other in (places[one] for one in (f"{phrase}s", f"{phrase}es") if one in places):
            joined[:, at] = np.minimum(MAX_MENTIONS, joined[:, at] + mentions[:, other])
            joined[:, other] = np.minimum(MAX_MENTIONS, joined[:, other] + mentions[:, at])
    return Phrases(vocabulary.embed(kept), vocabulary.embed([f"a {phrase}" for phrase in kept]), joined)


def split_phrases(caption: str) -> Iterator[str]:
    """Return the words of a caption, and pairs and triples of words that begin and end with one that says something."""
    words = re.findall(r"[a-z]+", caption.lower())
    tells = [word not in STOP_WORDS and len(word) >= MIN_LETTERS for word in words]
    for at in range(len(words)):
        for length in (1, 2, 3):
            end = at + length
            if end <= len(words) and tells[at] and tells[end - 1]:
                yield " ".join(words[at:end])
