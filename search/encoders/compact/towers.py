"""The towers of `compact`: images and texts to vectors, on ONNX Runtime."""

import re
import threading
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from search.encoders.compact.e5 import PAD, WIDTH, E5Weights, find_weights
from search.encoders.compact.files import CompactFiles, normalize
from search.encoders.compact.graph import list_initializers
from search.encoders.encoder import REMEMBERED_QUERIES
from search.encoders.lazy import Lazy
from search.encoders.onnx import TEXT_BATCH, StreamedGraph, open_session
from search.encoders.runtime import Machine
from search.media.image.transform import TwoViews
from search.records import Pixels, Vectors

# The oddness of an ordinary text, and the scripts for which it is always assumed.
ORDINARY = 3.5
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]")
# How many views one thread runs at once, and the preferred number of images per call.
VIEWS = 2
COMPACT_BATCH = 16


class E5Encoder:
    """The text tower of `compact`: multilingual-e5-small, its vectors of unit length, not centered."""

    def __init__(self, graph: Path, machine: Machine, verify: Callable[[], None] = lambda: None) -> None:
        """Load nothing yet; the first call does.

        Args:
            graph: The file written by `build_text_graph`.
            machine: Threads, and how long an unused model is kept.
            verify: Called before anything is read; raises ModelError when a file is damaged.
        """
        self._graph = graph
        self._verify = verify
        self._threads = machine.threads
        self._session = Lazy(self._open, machine.idle)
        self._lock = threading.Lock()
        self._encode_query = lru_cache(maxsize=REMEMBERED_QUERIES)(self._encode_one)

    @cached_property
    def weights(self) -> E5Weights:
        """The memory-mapped weights and the tokenizer."""
        self._verify()
        return E5Weights(find_weights())

    def _open(self) -> Any:
        return open_session(self._graph, self._threads, list_initializers(self.weights))

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed queries with a cache; shape (n, 384), float32."""
        rows: Vectors = np.stack([self._encode_query(text) for text in texts])
        return rows

    def encode(self, texts: Sequence[str], prefix: str) -> Vectors:
        """Embed texts with the prefix `query: ` or `passage: `; shape (n, 384), float32.

        The vector of a text longer than 512 tokens is the mean of its windows, weighted by their length.
        """
        with self._lock:
            windows = [self.weights.cut_windows(text, prefix) for text in texts]
            rows = self._encode_windows([tokens for one in windows for tokens in one])
        if len(rows) == len(texts):
            return rows
        out = np.empty((len(texts), WIDTH), np.float32)
        start = 0
        for at, one in enumerate(windows):
            lengths = np.array([len(tokens) for tokens in one], np.float32)
            out[at] = normalize(lengths @ rows[start : start + len(one)])
            start += len(one)
        return out

    def _encode_windows(self, windows: list[list[int]]) -> Vectors:
        out = np.empty((len(windows), WIDTH), np.float32)
        # Windows of similar length share a batch, to compute less padding.
        order = sorted(range(len(windows)), key=lambda at: len(windows[at]))
        for start in range(0, len(order), TEXT_BATCH):
            chosen = order[start : start + TEXT_BATCH]
            out[chosen] = self._run([windows[at] for at in chosen])
        return out

    def _encode_one(self, text: str) -> Vectors:
        row: Vectors = self.encode([text], "query: ")[0]
        return row

    def _run(self, tokens: list[list[int]]) -> Vectors:
        longest = max(map(len, tokens))
        ids = np.full((len(tokens), longest), PAD, np.int64)
        mask = np.zeros((len(tokens), longest), np.int32)
        for row, one in enumerate(tokens):
            ids[row, : len(one)] = one
            mask[row, : len(one)] = 1
        with self._session.use() as session:
            result: Vectors = session.run(None, {"words": self.weights.read_words(ids), "mask": mask})[0]
        return result


def open_e5(files: CompactFiles, machine: Machine) -> E5Encoder:
    """Return the packaged text tower; its files are checked when it is first used."""
    return E5Encoder(files.text_graph, machine, files.verify_text_tower)


class CompactTextEncoder:
    """The `semantic` space of the embedded default: centered e5 vectors."""

    name = "multilingual-e5-small"
    is_multilingual = True

    def __init__(self, files: CompactFiles, e5: E5Encoder) -> None:
        self._files = files
        self._e5 = e5

    @property
    def fingerprint(self) -> str:
        """The hash of everything that shapes the vectors."""
        return self._files.text_fingerprint

    @property
    def dimension(self) -> int:
        """384."""
        return self._files.text_dimension

    @property
    def parts(self) -> tuple[int, ...]:
        """A vector has one part."""
        return (self.dimension,)

    @property
    def bank(self) -> Vectors:
        """The texts of the 1,000 ImageNet classes, shape (1000, 384), unit length."""
        return self._files.class_texts

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed queries; shape (n, 384), float32, unit length."""
        return center_queries(self._files, self._e5, texts)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Embed passages; shape (n, 384), float32, unit length."""
        return normalize(self._e5.encode(texts, "passage: ") - self._files.passage_mean)


class CompactImageEncoder:
    """The `visual` space of the embedded default: EfficientNet-Lite2 with a trained head, and e5 texts."""

    name = "compact/flickr8k"
    is_multilingual = True

    def __init__(self, files: CompactFiles, e5: E5Encoder, machine: Machine) -> None:
        self._files = files
        self._e5 = e5
        self._graph = Lazy(
            lambda: StreamedGraph(files.verify("image.onnx"), machine.threads, is_7_bit=True), machine.idle
        )

    @property
    def fingerprint(self) -> str:
        """The hash of everything that shapes the vectors."""
        return self._files.image_fingerprint

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return sum(self._files.image_parts)

    @property
    def parts(self) -> tuple[int, ...]:
        """The lengths of the parts of a vector: scene, object."""
        return self._files.image_parts

    @cached_property
    def bank(self) -> Vectors:
        """The texts of the query bank, shape (b, d), each part of them at its full length."""
        return self._files.project_parts(self._files.bank_texts)

    @cached_property
    def reference(self) -> Vectors:
        """Fixed images that queries are compared with, shape (r, d)."""
        return self._files.reference

    @property
    def batch(self) -> int:
        """The preferred number of images per call."""
        return COMPACT_BATCH

    @cached_property
    def transform(self) -> TwoViews:
        """The two views that are embedded, shape (2, 260, 260, 3) uint8."""
        return TwoViews(self._files.side, self._files.zoom)

    def encode_images(self, prepared: Sequence[Pixels]) -> Vectors:
        """Embed transformed images, each part as the mean of its views; shape (n, d), float32, unit length."""
        views = np.concatenate(prepared)
        with self._graph.use() as graph:
            # A single image is a query: its two views run concurrently.
            rows = graph.run(views, VIEWS if len(prepared) > 1 else 1)
        means = rows.reshape(len(prepared), -1, rows.shape[1]).mean(1)
        scene, thing = np.split(means, [self.parts[0]], axis=1)
        return normalize(np.concatenate([normalize(scene), normalize(thing)], axis=1))

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed queries to compare with images; shape (n, d), float32, unit length."""
        return self._files.project(center_queries(self._files, self._e5, texts))

    def encode_text_parts(self, texts: Sequence[str]) -> Vectors:
        """Embed texts for the scene and the object part, each at its full length; shape (n, d), float32."""
        return self._files.project_parts(center_queries(self._files, self._e5, texts))


class CompactQueryClassifier:
    """Classifies queries by their e5 vectors, in many languages."""

    def __init__(self, files: CompactFiles, e5: E5Encoder) -> None:
        self._files = files
        self._e5 = e5

    def measure_kinds(self, texts: Sequence[str]) -> Vectors:
        """Return the probabilities that texts are a name, a description or neither; shape (n, 3)."""
        return self._files.measure_kinds(center_queries(self._files, self._e5, texts))

    def measure_class_likeness(self, texts: Sequence[str]) -> Vectors:
        """Return the cosine of each text with the nearest class name of the image encoder; shape (n,)."""
        return self._files.measure_class_likeness(center_queries(self._files, self._e5, texts))

    def measure_oddness(self, text: str) -> float:
        """Return the negative log-likelihood per letter, by the tokens of 100 languages.

        Scripts without spaces have tokens of one or two letters, which are not informative: they count as ordinary.
        """
        if UNSPACED.search(text):
            return ORDINARY
        return self._e5.weights.measure_surprise(text)


def center_queries(files: CompactFiles, e5: E5Encoder, texts: Sequence[str]) -> Vectors:
    """Embed queries, centered by the mean of all queries; shape (n, 384), float32, unit length."""
    return normalize(e5.encode_queries(texts) - files.query_mean)
