"""Which of two models serves a library better: both answer what it can ask by itself."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from search.encoders.encoder import ImageEncoder, TextEncoder
from search.evaluation.metrics import bootstrap
from search.evaluation.synthetic_queries import Captioned, Cloze, Copied, open_items
from search.records import Vectors

T = TypeVar("T")

BATCH = 32
# Fewer questions than this say nothing.
MIN_SAMPLE = 10


@dataclass(frozen=True)
class ModelResult:
    """How one model did.

    ranks: of the right answer to each question, from 1; rate: pictures or passages a second; query_ms: for a text that
    was not asked before; megabytes: that it takes, None where that cannot be told; copies: so many questions,
    the last ones, are pictures.
    """

    name: str
    dimension: int
    ranks: tuple[int, ...]
    rate: float
    query_ms: float
    megabytes: float | None
    copies: int = 0

    def recall(self, k: int) -> float:
        """Return the share of the questions whose answer is among the first k."""
        return float(np.mean([rank <= k for rank in self.ranks]))

    @property
    def reciprocal(self) -> float:
        """The mean reciprocal rank."""
        return float(np.mean([1 / rank for rank in self.ranks]))


@dataclass(frozen=True)
class Comparison:
    """What is to be said of two models.

    gain: of the second over the first in mean reciprocal rank, with its 95 % interval over questions drawn again
    (paired bootstrap).
    """

    gain: float
    low: float
    high: float

    @property
    def better(self) -> int | None:
        """0 or 1 for the first or the second model; None when this library cannot tell them apart."""
        return 1 if self.low > 0 else 0 if self.high < 0 else None


def compare_results(first: ModelResult, second: ModelResult) -> Comparison:
    """Say which did better on the same questions."""
    gains = [1 / b - 1 / a for a, b in zip(first.ranks, second.ranks, strict=True)]
    return Comparison(float(np.mean(gains)), *bootstrap(gains))


def rank_images(
    load: Callable[[], ImageEncoder], captioned: Sequence[Captioned], copied: Sequence[Copied]
) -> ModelResult:
    """Ask a picture model for every caption, and by every copy, among all the pictures."""
    asked_for = [one.item for one in captioned] + [one.item for one in copied]
    pictures = open_items({item.id: item for item in asked_for}.values())
    copies = open_items(one.copy for one in copied)
    place = {item_id: at for at, item_id in enumerate(pictures)}
    captions = [(one.caption, place[one.item.id]) for one in captioned if one.item.id in place]
    asking = [
        (copies[one.copy.id], place[one.item.id]) for one in copied if one.item.id in place and one.copy.id in copies
    ]
    before = read_memory()
    encoder = load()
    prepared = [encoder.transform(picture) for picture in pictures.values()]
    encoder.encode_images(prepared[:1])
    encoder.encode_texts(["a warm-up"])
    taken = _subtract(read_memory(), before)
    began = time.perf_counter()
    rows = _embed(encoder.encode_images, prepared)
    rate = len(prepared) / (time.perf_counter() - began)
    queries, query_ms = _ask([caption for caption, _ in captions], encoder.encode_texts)
    if asking:
        shown = [encoder.transform(picture) for picture, _ in asking]
        queries = np.concatenate([queries, _embed(encoder.encode_images, shown)])
    answers = [at for _, at in (*captions, *asking)]
    ranks = rank_answers(queries, rows, answers)
    return ModelResult(encoder.name, encoder.dimension, ranks, rate, query_ms, taken, copies=len(asking))


def rank_texts(load: Callable[[], TextEncoder], clozes: Sequence[Cloze]) -> ModelResult:
    """Ask a text model for every passage by its end."""
    before = read_memory()
    encoder = load()
    passages = [one.beginning for one in clozes]
    encoder.encode_passages(passages[:1])
    encoder.encode_queries(["a warm-up"])
    taken = _subtract(read_memory(), before)
    began = time.perf_counter()
    rows = _embed(encoder.encode_passages, passages)
    rate = len(passages) / (time.perf_counter() - began)
    queries, query_ms = _ask([one.end for one in clozes], encoder.encode_queries)
    ranks = rank_answers(queries, rows, range(len(passages)))
    return ModelResult(encoder.name, encoder.dimension, ranks, rate, query_ms, taken)


def _subtract(now: float | None, before: float | None) -> float | None:
    return None if now is None or before is None else now - before


def _embed(encode: Callable[[Sequence[T]], Vectors], inputs: Sequence[T]) -> Vectors:
    return np.concatenate([encode(inputs[start : start + BATCH]) for start in range(0, len(inputs), BATCH)])


def _ask(texts: Sequence[str], encode: Callable[[Sequence[str]], Vectors]) -> tuple[Vectors, float]:
    """Return the vectors of texts, and the milliseconds that one takes."""
    seconds, queries = [], []
    for text in texts:
        began = time.perf_counter()
        queries.append(encode([text])[0])
        seconds.append(time.perf_counter() - began)
    return np.stack(queries), statistics.median(seconds) * 1000


def rank_answers(queries: Vectors, rows: Vectors, answers: Sequence[int]) -> tuple[int, ...]:
    """Return for each query the rank of the row that answers it among all rows; equals count as being before it."""
    scores = queries @ rows.T
    right = scores[np.arange(len(queries)), answers][:, None]
    ranks = (scores >= right).sum(axis=1)
    return tuple(int(rank) for rank in np.maximum(ranks, 1))


def read_memory() -> float | None:
    """Return what this process holds in memory, in MiB; None where the system does not say."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), None)
