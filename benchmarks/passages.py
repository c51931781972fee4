"""Measure how many passages a second the bundled text encoder embeds, against its floor and against the exact graph.

    PYTHONPATH=. python benchmarks/passages.py [FILE.txt ...]

The texts of the files, or the documentation of the project, are cut into passages of 83 words. The exact graph runs
batches of 32 passages, as it did for all passages before the graph for passages was made. The floor is the time of the
multiplications alone, at the speed at which numpy multiplies float32 matrices of the same shapes on as many threads.
Rounds of all three alternate; each figure is the median of five rounds.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from search.encoders.compact.e5 import HEADS, INNER, LAYERS, WIDTH
from search.encoders.compact.files import CompactFiles, normalize
from search.encoders.compact.towers import CompactTextEncoder, open_e5
from search.encoders.runtime import Machine
from search.settings import count_cores

WORDS, PASSAGES, ROUNDS = 83, 64, 5


def read_passages(files: Sequence[Path]) -> list[str]:
    """Return passages from all over the texts."""
    words = " ".join(file.read_text(encoding="utf-8") for file in files).split()
    starts = np.linspace(0, len(words) - WORDS, PASSAGES).astype(int).tolist()
    return [" ".join(words[start : start + WORDS]) for start in starts]


def count_products(tokens: int) -> int:
    """Return the multiply-adds of a passage: those with weights, and those of attention."""
    with_weights = tokens * (4 * WIDTH * WIDTH + 2 * WIDTH * INNER)
    return LAYERS * (with_weights + 2 * tokens * tokens * WIDTH)


def multiply(tokens: Sequence[int]) -> Callable[[], None]:
    """Return a function that does the multiplications of all passages."""
    random = np.random.default_rng(0)
    shapes = ((WIDTH, 3 * WIDTH), (WIDTH, WIDTH), (WIDTH, INNER), (INNER, WIDTH))
    matrices = [random.standard_normal(shape, np.float32) for shape in shapes]
    heads = random.standard_normal((HEADS, max(tokens), WIDTH // HEADS), np.float32)

    def run() -> None:
        for count in tokens:
            for matrix in matrices * LAYERS:
                np.ones((count, matrix.shape[0]), np.float32) @ matrix
            part = heads[:, :count]
            for _ in range(LAYERS):
                (part @ part.transpose(0, 2, 1)) @ part

    return run


def main() -> None:
    """Print passages a second of each, and how close the vectors are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, default=sorted(Path("docs").glob("*.md")))
    options = parser.parse_args()
    passages = read_passages(options.files)
    machine, files = Machine(threads=count_cores()), CompactFiles()
    e5 = open_e5(files, machine)
    encoder = CompactTextEncoder(files, e5, machine)
    tokens = [len(window) for passage in passages for window in e5.weights.cut_windows(passage, "passage: ")]
    runs: dict[str, Callable[[], object]] = {
        "float32 products alone": multiply(tokens),
        "exact graph": lambda: e5.encode(passages, "passage: "),
        "graph for passages": lambda: encoder.encode_passages(passages),
    }
    times: dict[str, list[float]] = {name: [] for name in runs}
    for round_number in range(ROUNDS + 1):
        for name, run in runs.items():
            began = time.perf_counter()
            run()
            if round_number:  # the first round loads the models
                times[name].append(time.perf_counter() - began)
    products = sum(map(count_products, tokens)) / len(passages)
    print(f"{len(passages)} passages of {np.mean(tokens):.0f} tokens, {products / 1e9:.1f} G multiply-adds each")
    for name, taken in times.items():
        seconds = statistics.median(taken)
        print(f"{name:24} {len(passages) / seconds:6.1f} a second, {products * len(passages) / seconds / 1e9:5.0f} G/s")
    exact = normalize(e5.encode(passages, "passage: ") - files.passage_mean)
    cosines = (encoder.encode_passages(passages) * exact).sum(1)
    print(f"cosine with the exact vectors: {cosines.mean():.4f}, lowest {cosines.min():.4f}")


if __name__ == "__main__":
    main()
