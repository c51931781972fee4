"""Embed the texts of the training as centered vectors, each once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from search.encoders.class_names import LANGUAGES, ClassNames
from search.encoders.compact.e5 import E5Weights, find_weights
from search.encoders.compact.towers import E5Encoder
from search.encoders.runtime import Machine
from search.records import Vectors
from search.settings import count_cores
from training.compact.data import PROMPTS, CaptionedPhotos, read_sentences
from training.compact.network import CLASSES, normalize

# The probability of drawing the first name of a class instead of any of its names, and of drawing an English name.
FIRST_NAME_SHARE = 0.7
ENGLISH_SHARE = 0.3


@dataclass(frozen=True)
class Means:
    """The mean vectors that are subtracted to center vectors.

    Attributes:
        query: The mean of queries, shape (384,), float32.
        passage: The mean of passages, shape (384,), float32.
    """

    query: Vectors
    passage: Vectors


class VectorCache:
    """Vectors of texts, cached in a file between runs."""

    def __init__(self, path: Path) -> None:
        """Read the file, if an earlier run wrote it."""
        self._path = path
        self._rows: dict[str, Vectors] = {}
        if path.exists():
            with np.load(path) as stored:
                self._rows = dict(zip(str(stored["texts"]).split("\n"), stored["vectors"], strict=True))

    def read(self, texts: Sequence[str], compute: Callable[[list[str]], Vectors]) -> Vectors:
        """Return the vectors of texts, shape (n, d). Compute missing ones and write them to the file.

        Args:
            texts: The texts.
            compute: Embeds texts, shape (n, d).
        """
        new = sorted(set(texts) - self._rows.keys())
        if new:
            self._rows.update(zip(new, compute(new), strict=True))
            self._path.parent.mkdir(parents=True, exist_ok=True)
            np.savez(self._path, texts=np.array("\n".join(self._rows)), vectors=np.stack([*self._rows.values()]))
        return np.stack([self._rows[text] for text in texts])


class TextCache:
    """Embeds texts with e5, with a cache."""

    def __init__(self, encoder: E5Encoder, cache: Path) -> None:
        """Open the cache.

        Args:
            encoder: The text encoder.
            cache: The folder of the cache file.
        """
        self._encoder = encoder
        self._cache = VectorCache(cache / "texts.npz")

    def encode(self, texts: list[str], prefix: str = "query: ") -> Vectors:
        """Return vectors of unit length, not centered, shape (n, 384)."""
        return self._cache.read(
            [prefix + text for text in texts],
            lambda new: self._encoder.encode([text.removeprefix(prefix) for text in new], prefix),
        )


def measure_means(texts: TextCache, captioned: CaptionedPhotos) -> Means:
    """Return the mean vectors of all captions, embedded as queries and as passages."""
    captions = [caption for group in captioned.captions for caption in group]
    return Means(texts.encode(captions).mean(0), texts.encode(captions, "passage: ").mean(0))


class ClassVocabulary:
    """The class names in six languages and the broader words, as centered vectors.

    Attributes:
        broader: The broader words of all classes, sorted.
        is_broader: Whether a word is a broader word of a class, 1 or 0, shape (1000, words).
    """

    def __init__(self, texts: TextCache, means: Means, classes: list[ClassNames]) -> None:
        self._texts = texts
        self._mean = means.query
        self._classes = classes
        self.broader = sorted({word for one in classes for word in one.broader})
        place = {word: at for at, word in enumerate(self.broader)}
        self.is_broader = torch.zeros(CLASSES, len(self.broader))
        for number, one in enumerate(classes):
            self.is_broader[number, [place[word] for word in one.broader]] = 1
        texts.encode(self._list_all())

    def embed(self, values: list[str]) -> Tensor:
        """Return centered unit vectors, shape (n, 384)."""
        return normalize(torch.from_numpy(self._texts.encode(values) - self._mean))

    def make_scene_table(self) -> Tensor:
        """Return the text vectors of the classes for the scene part, shape (1000, 384), unit length.

        Half of a vector is the first English name in three phrasings, the other half the first names in the other
        languages. They are centered like captions.
        """
        phrased = [self.embed([prompt.format(one.names["en"][0]) for one in self._classes]) for prompt in PROMPTS]
        others = [self.embed([one.names[language][0] for one in self._classes]) for language in LANGUAGES]
        return normalize(normalize(torch.stack(phrased).mean(0)) + torch.stack(others).mean(0))

    def make_class_table(self) -> Tensor:
        """Return the text vectors of the classes for the object part, shape (1000, 384), unit length.

        Half of a vector is the first English name, the other half the first names in the other languages. Each is
        centered by the mean of its language, so that a name in any of the languages is near its class.
        """
        means = self.measure_languages()
        english, *others = (
            normalize(self.embed([one.names[language][0] for one in self._classes]) - mean)
            for language, mean in zip(("en", *LANGUAGES), means, strict=True)
        )
        return normalize(english + torch.stack(others).mean(0))

    def make_groups(self, table: Tensor) -> tuple[Tensor, Tensor]:
        """Return the vectors of the broader words, centered like English names, and the means of their classes.

        Args:
            table: The result of `make_class_table`.

        Returns:
            Both of shape (words, 384), unit length.
        """
        texts = normalize(self.embed(self.broader) - self.measure_languages()[0])
        return texts, normalize(self.is_broader.T @ table)

    def measure_languages(self) -> Tensor:
        """Return the mean of the first class names of each language, English first, shape (6, 384)."""
        return torch.stack(
            [self.embed([one.names[language][0] for one in self._classes]).mean(0) for language in ("en", *LANGUAGES)]
        )

    def measure_gains(self, table: Tensor) -> Tensor:
        """Return the cosine of the names of each language with their classes, relative to English, shape (6,).

        It is the mean for the first names, which are part of the table, and for the other names, which are not.

        Args:
            table: The result of `make_class_table`.
        """
        shares = []
        for language, mean in zip(("en", *LANGUAGES), self.measure_languages(), strict=True):
            cosines = []
            for chosen in (slice(0, 1), slice(1, None)):
                named = [(at, name) for at, one in enumerate(self._classes) for name in one.names[language][chosen]]
                rows = normalize(self.embed([name for _, name in named]) - mean)
                cosines.append((rows * table[[at for at, _ in named]]).sum(1).mean())
            shares.append(torch.stack(cosines))
        gains = torch.stack(shares)
        return (gains / gains[0]).mean(1)

    def draw_names(self, chance: np.random.Generator, languages: tuple[str, ...] = LANGUAGES) -> Tensor:
        """Return a name of each class in a random language and phrasing, shape (1000, 384), unit length."""
        drawn = []
        for one in self._classes:
            english = chance.random() < ENGLISH_SHARE
            names = one.names["en" if english else languages[chance.integers(len(languages))]]
            name = names[0] if chance.random() < FIRST_NAME_SHARE else names[chance.integers(len(names))]
            drawn.append(PROMPTS[chance.integers(len(PROMPTS))].format(name) if english else name)
        return self.embed(drawn)

    def draw_broader(self, chance: np.random.Generator) -> Tensor:
        """Return each broader word in a random phrasing, shape (words, 384), unit length."""
        return self.embed([PROMPTS[chance.integers(len(PROMPTS))].format(word) for word in self.broader])

    def list_names(self) -> Tensor:
        """Return all class names in all languages and all broader words, shape (n, 384), unit length."""
        return self.embed(self._list_all())

    def list_sentences(self, kind: str) -> Tensor:
        """Return the sentences of a kind with class names inserted, in all languages, shape (n, 384), unit length."""
        texts = []
        for language, sentences in read_sentences(kind).items():
            for number, sentence in enumerate(sentences):
                chosen = self._classes[number :: len(sentences)] if "{}" in sentence else self._classes[:1]
                texts += [sentence.format(one.names[language][0]) for one in chosen]
        return self.embed(texts)

    def _list_all(self) -> list[str]:
        names = [name for one in self._classes for group in one.names.values() for name in group]
        english = [name for one in self._classes for name in one.names["en"]] + self.broader
        return names + [prompt.format(name) for name in english for prompt in PROMPTS]


def make_graph_encoder(cache: Path) -> E5Encoder:
    """Return the text encoder before the package data exists; its graph is written to the cache folder."""
    from search.encoders.compact.graph import build_text_graph

    cache.mkdir(parents=True, exist_ok=True)
    graph = cache / "text.onnx"
    graph.write_bytes(build_text_graph(E5Weights(find_weights())))
    return E5Encoder(graph, Machine(count_cores()))
