"""Compare two models on queries that are derived from a library."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from search.encoders.encoder import ImageEncoder, TextEncoder
from search.evaluation.metrics import bootstrap
from search.evaluation.synthetic_queries import Captioned, Cloze, ImageCopy, open_items
from search.records import Vectors

T = TypeVar("T")

BATCH_SIZE = 32
# With fewer queries hardly any difference is significant.
MIN_SAMPLE = 10


@dataclass(frozen=True)
class ModelResult:
    """The result of one model.

    Attributes:
        name: The name of the model.
        dimension: The length of its vectors.
        ranks: The rank of the right answer to each query, from 1.
        rate: Images or passages per second.
        query_ms: Median milliseconds to encode a text query.
        megabytes: Memory it uses, in MiB; None where the system does not report it.
        copies: The number of image queries; they are the last ones.
    """

    name: str
    dimension: int
    ranks: tuple[int, ...]
    rate: float
    query_ms: float
    megabytes: float | None
    copies: int = 0

    def recall(self, k: int) -> float:
        """Return the share of the queries whose answer is among the first k."""
        return float(np.mean([rank <= k for rank in self.ranks]))

    @property
    def reciprocal(self) -> float:
        """The mean reciprocal rank."""
        return float(np.mean([1 / rank for rank in self.ranks]))


@dataclass(frozen=True)
class Comparison:
    """The difference between two models.

    Attributes:
        gain: The mean reciprocal rank of the second model minus that of the first.
        low: The lower end of the 95 % interval of the gain (paired bootstrap over queries).
        high: The upper end.
    """

    gain: float
    low: float
    high: float

    @property
    def better(self) -> int | None:
        """0 or 1 for the first or the second model; None if the difference is not significant."""
        return 1 if self.low > 0 else 0 if self.high < 0 else None


def compare_results(first: ModelResult, second: ModelResult) -> Comparison:
    """Compare the results of two models on the same queries."""
    gains = [1 / b - 1 / a for a, b in zip(first.ranks, second.ranks, strict=True)]
    return Comparison(float(np.mean(gains)), *bootstrap(gains))


def rank_images(
    load: Callable[[], ImageEncoder], captioned: Sequence[Captioned], copied: Sequence[ImageCopy]
) -> ModelResult:
    """Rank all images by every caption and by every copy, with one image encoder.

    Args:
        load: Loads the encoder; the increase in memory is measured.
        captioned: Images with captions.
        copied: Images with copies.
    """
    originals = [pair.item for pair in captioned] + [pair.item for pair in copied]
    images = open_items({item.id: item for item in originals}.values())
    copies = open_items(pair.copy for pair in copied)
    positions = {item_id: position for position, item_id in enumerate(images)}
    captions = [(pair.caption, positions[pair.item.id]) for pair in captioned if pair.item.id in positions]
    copy_queries = [
        (copies[pair.copy.id], positions[pair.item.id])
        for pair in copied
        if pair.item.id in positions and pair.copy.id in copies
    ]
    before = read_memory()
    encoder = load()
    pixels = [encoder.transform(image) for image in images.values()]
    encoder.encode_images(pixels[:1])
    encoder.encode_texts(["a warm-up"])
    memory = _subtract(read_memory(), before)
    began = time.perf_counter()
    vectors = _embed(encoder.encode_images, pixels)
    rate = len(pixels) / (time.perf_counter() - began)
    queries, query_ms = _encode_queries([caption for caption, _ in captions], encoder.encode_texts)
    if copy_queries:
        copy_pixels = [encoder.transform(image) for image, _ in copy_queries]
        queries = np.concatenate([queries, _embed(encoder.encode_images, copy_pixels)])
    answers = [position for _, position in (*captions, *copy_queries)]
    ranks = rank_answers(queries, vectors, answers)
    return ModelResult(encoder.name, encoder.dimension, ranks, rate, query_ms, memory, copies=len(copy_queries))


def rank_texts(load: Callable[[], TextEncoder], clozes: Sequence[Cloze]) -> ModelResult:
    """Rank the beginnings of all passages by the end of each passage, with one text encoder.

    Args:
        load: Loads the encoder; the increase in memory is measured.
        clozes: The passages.
    """
    before = read_memory()
    encoder = load()
    passages = [cloze.beginning for cloze in clozes]
    encoder.encode_passages(passages[:1])
    encoder.encode_queries(["a warm-up"])
    memory = _subtract(read_memory(), before)
    began = time.perf_counter()
    vectors = _embed(encoder.encode_passages, passages)
    rate = len(passages) / (time.perf_counter() - began)
    queries, query_ms = _encode_queries([cloze.end for cloze in clozes], encoder.encode_queries)
    ranks = rank_answers(queries, vectors, range(len(passages)))
    return ModelResult(encoder.name, encoder.dimension, ranks, rate, query_ms, memory)


def _subtract(now: float | None, before: float | None) -> float | None:
    return None if now is None or before is None else now - before


def _embed(encode: Callable[[Sequence[T]], Vectors], inputs: Sequence[T]) -> Vectors:
    return np.concatenate([encode(inputs[first : first + BATCH_SIZE]) for first in range(0, len(inputs), BATCH_SIZE)])


def _encode_queries(texts: Sequence[str], encode: Callable[[Sequence[str]], Vectors]) -> tuple[Vectors, float]:
    """Return the vectors of texts, shape (n, d), and the median milliseconds per text."""
    seconds, queries = [], []
    for text in texts:
        began = time.perf_counter()
        queries.append(encode([text])[0])
        seconds.append(time.perf_counter() - began)
    return np.stack(queries), statistics.median(seconds) * 1000


def rank_answers(queries: Vectors, rows: Vectors, answers: Sequence[int]) -> tuple[int, ...]:
    """Return for each query the rank of the right row, from 1; ties count against it.

    Args:
        queries: The vectors of the queries, shape (q, d).
        rows: The vectors that are ranked, shape (n, d).
        answers: The position of the right row for each query.
    """
    scores = queries @ rows.T
    right = scores[np.arange(len(queries)), answers][:, None]
    ranks = (scores >= right).sum(axis=1)
    return tuple(int(rank) for rank in np.maximum(ranks, 1))


def read_memory() -> float | None:
    """Return the resident memory of this process in MiB; None where the system does not report it."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), None)
