"""The encoders of the bundled model `compact`, run by ONNX Runtime."""

import re
import threading
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from search.encoders.batching import Batcher
from search.encoders.compact.e5 import PAD, WIDTH, E5Weights, find_weights
from search.encoders.compact.files import CompactFiles, normalize, open_files
from search.encoders.compact.graph import list_initializers
from search.encoders.compact.passages import PassageGraph, pool_windows
from search.encoders.encoder import MAX_CACHED_QUERIES
from search.encoders.lazy import LazyModel
from search.encoders.onnx import TEXT_BATCH, StreamedGraph, open_session
from search.encoders.runtime import Machine
from search.media.image.transform import TwoViews
from search.records import Pixels, Vectors

# The oddness of an ordinary text in nats per letter, and the scripts without spaces, for which it is always returned.
ORDINARY_ODDNESS = 3.5
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]")
# How many queries are embedded together, of at most how many characters.
MAX_BATCHED_QUERIES, MAX_BATCHED_LENGTH = 16, 200
# How many views one thread runs at once, and the preferred number of images per call.
VIEWS = 2
COMPACT_BATCH = 16


class E5Encoder:
    """The text encoder of `compact`, multilingual-e5-small. The vectors have unit length and are not centered."""

    def __init__(self, graph: Path, machine: Machine, verify: Callable[[], None] = lambda: None) -> None:
        """Create an encoder without loading the model.

        Args:
            graph: The file written by `build_text_graph`.
            machine: The resources for the model.
            verify: Called before anything is read; raises ModelError if a file is damaged.
        """
        self._graph = graph
        self._verify = verify
        self._threads = machine.threads
        self._session = LazyModel(self._open, machine.idle)
        self._lock = threading.Lock()
        self._batcher = Batcher[str, Vectors](lambda texts: list(self.encode(texts, "query: ")), MAX_BATCHED_QUERIES)
        self._encode_query = lru_cache(maxsize=MAX_CACHED_QUERIES)(self._encode_one)

    @cached_property
    def weights(self) -> E5Weights:
        """The memory-mapped weights and the tokenizer."""
        self._verify()
        return E5Weights(find_weights())

    def load(self) -> None:
        """Load what a short query needs. Raises ModelError if a file is damaged."""
        self.weights.tokenize(["query: "])
        with self._session.use():
            pass

    def _open(self) -> Any:
        return open_session(self._graph, self._threads, list_initializers(self.weights))

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed queries; shape (n, 384), float32, unit length. Vectors of a few are cached.

        Short queries of several threads are embedded together, in half of the time.
        """
        if len(texts) > MAX_BATCHED_QUERIES:
            return self.encode(texts, "query: ")
        rows: Vectors = np.stack([self._encode_query(text) for text in texts])
        return rows

    def encode(self, texts: Sequence[str], prefix: str) -> Vectors:
        """Embed texts; for a text longer than 512 tokens, the mean of its windows, weighted by their length.

        Args:
            texts: The texts.
            prefix: `query: ` or `passage: `.

        Returns:
            Shape (n, 384), float32, unit length.
        """
        with self._lock:
            windows = self.weights.cut_texts(texts, prefix)
            rows = self._encode_windows([window for text_windows in windows for window in text_windows])
        return pool_windows(windows, rows)

    def _encode_windows(self, windows: list[list[int]]) -> Vectors:
        rows = np.empty((len(windows), WIDTH), np.float32)
        # Windows of similar length share a batch, to compute less padding.
        order = sorted(range(len(windows)), key=lambda index: len(windows[index]))
        for start in range(0, len(order), TEXT_BATCH):
            batch = order[start : start + TEXT_BATCH]
            rows[batch] = self._run([windows[index] for index in batch])
        return rows

    def _encode_one(self, text: str) -> Vectors:
        # A long text would make all others in its batch as long.
        return self._batcher.call(text) if len(text) <= MAX_BATCHED_LENGTH else self.encode([text], "query: ")[0]

    def _run(self, windows: list[list[int]]) -> Vectors:
        length = max(map(len, windows))
        ids = np.full((len(windows), length), PAD, np.int64)
        mask = np.zeros((len(windows), length), np.int32)
        for row, window in enumerate(windows):
            ids[row, : len(window)] = window
            mask[row, : len(window)] = 1
        with self._session.use() as session:
            result: Vectors = session.run(None, {"words": self.weights.read_words(ids), "mask": mask})[0]
        return result


def open_e5(files: CompactFiles, machine: Machine) -> E5Encoder:
    """Return the packaged text encoder. Its files are checked at the first use."""
    return E5Encoder(files.text_graph, machine, files.verify_text_tower)


_SHARED: WeakValueDictionary[Machine, E5Encoder] = WeakValueDictionary()


def share_e5(machine: Machine) -> E5Encoder:
    """Return the packaged text encoder for some resources; while one is in use, it is the same one."""
    found = _SHARED.get(machine)
    return found if found is not None else _SHARED.setdefault(machine, open_e5(open_files(), machine))


class CompactTextEncoder:
    """The bundled text encoder of the `semantic` space: centered vectors of multilingual-e5-small."""

    name = "multilingual-e5-small"
    is_multilingual = True

    def __init__(self, files: CompactFiles, e5: E5Encoder, machine: Machine) -> None:
        """Create an encoder without loading the model.

        Args:
            files: The files of `compact`.
            e5: The text encoder, for queries.
            machine: The resources for the graph of passages.
        """
        self._files = files
        self._e5 = e5
        self._passages = LazyModel(lambda: PassageGraph(files, e5.weights, machine.threads), machine.idle)

    @property
    def fingerprint(self) -> str:
        """The hash of everything that shapes the vectors."""
        return self._files.text_fingerprint

    @property
    def dimension(self) -> int:
        """The length of a vector, 384."""
        return self._files.text_dimension

    @property
    def parts(self) -> tuple[int, ...]:
        """A vector has one part."""
        return (self.dimension,)

    @property
    def bank(self) -> Vectors:
        """The vectors of the texts of the 1,000 ImageNet classes, shape (1000, 384), unit length."""
        return self._files.class_texts

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed queries; shape (n, 384), float32, unit length."""
        return center_queries(self._files, self._e5, texts)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Embed passages; shape (n, 384), float32, unit length."""
        with self._passages.use() as graph:
            return normalize(graph.encode(texts) - self._files.passage_mean)


class CompactImageEncoder:
    """The bundled image encoder of the `visual` space: EfficientNet-Lite2 with a trained head, and e5 for queries."""

    name = "compact/flickr8k"
    is_multilingual = True

    def __init__(self, files: CompactFiles, e5: E5Encoder, machine: Machine) -> None:
        """Create an encoder without loading the model.

        Args:
            files: The files of `compact`.
            e5: The text encoder.
            machine: The resources for the model.
        """
        self._files = files
        self._e5 = e5
        self._graph = LazyModel(
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
        """The lengths of the parts of a vector: scene part, object part."""
        return self._files.image_parts

    @property
    def bank(self) -> Vectors:
        """The vectors of the query bank as `encode_text_parts` returns them, shape (b, d)."""
        return self._files.image_bank

    @cached_property
    def reference(self) -> Vectors:
        """The vectors of fixed images that queries are compared with, shape (r, d), unit length."""
        return self._files.reference

    @property
    def batch(self) -> int:
        """The preferred number of images per call."""
        return COMPACT_BATCH

    @cached_property
    def transform(self) -> TwoViews:
        """The image transform, which returns two views of an image, shape (2, 260, 260, 3), uint8."""
        return TwoViews(self._files.side, self._files.zoom)

    def encode_images(self, prepared: Sequence[Pixels]) -> Vectors:
        """Embed transformed images, each part as the mean of its views; shape (n, d), float32, unit length."""
        views = np.concatenate(prepared)
        with self._graph.use() as graph:
            # A single image is a query: its two views run concurrently.
            rows = graph.run(views, VIEWS if len(prepared) > 1 else 1)
        means = rows.reshape(len(prepared), -1, rows.shape[1]).mean(1)
        scene_parts, object_parts = np.split(means, [self.parts[0]], axis=1)
        return normalize(np.concatenate([normalize(scene_parts), normalize(object_parts)], axis=1))

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed queries to compare with images; shape (n, d), float32, unit length."""
        return self._files.project(center_queries(self._files, self._e5, texts))

    def encode_text_parts(self, texts: Sequence[str]) -> Vectors:
        """Embed texts for the scene and the object part, each at its full length; shape (n, d), float32."""
        return self._files.project_parts(center_queries(self._files, self._e5, texts))


class CompactQueryClassifier:
    """Classifies queries by their e5 vectors, in about 100 languages."""

    def __init__(self, files: CompactFiles, e5: E5Encoder) -> None:
        """Create a classifier without loading the model.

        Args:
            files: The files of `compact`.
            e5: The text encoder.
        """
        self._files = files
        self._e5 = e5

    def measure_kinds(self, texts: Sequence[str]) -> Vectors:
        """Return the probabilities that texts are a name, a description or neither; shape (n, 3)."""
        return self._files.measure_kinds(center_queries(self._files, self._e5, texts))

    def measure_class_likeness(self, texts: Sequence[str]) -> Vectors:
        """Return the cosine of each text with the nearest class name of the image encoder; shape (n,)."""
        return self._files.measure_class_likeness(center_queries(self._files, self._e5, texts))

    def measure_oddness(self, text: str) -> float:
        """Return the negative log-likelihood of a text in nats per letter, by the unigram vocabulary of e5.

        Scripts without spaces have tokens of one or two letters, which are not informative. For them the result is
        always `ORDINARY_ODDNESS`.
        """
        if UNSPACED.search(text):
            return ORDINARY_ODDNESS
        return self._e5.weights.measure_surprise(text)


def center_queries(files: CompactFiles, e5: E5Encoder, texts: Sequence[str]) -> Vectors:
    """Embed queries, centered by the mean of all queries; shape (n, 384), float32, unit length."""
    return normalize(e5.encode_queries(texts) - files.query_mean)
