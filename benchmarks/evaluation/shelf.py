"""The vectors of one space in memory, and what the fitting asks of them."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from search.library import Library
from search.ranking.calibration import (
    Background,
    Candidates,
    Curve,
    Part,
    compute_features,
    measure_spread,
    score_parts,
)
from search.records import Flags, Lane, Owners, Vectors
from search.store.generations import SAMPLE
from search.store.rows import find_spoken


@dataclass(frozen=True)
class Shelf:
    """Vectors (n, d), their hubness (n,), the path of the file each is from, which are speech (n,), the space's parts.

    share: how much what is irrelevant in it weighs, where the same is asked in several such libraries.
    """

    vectors: Vectors
    hubs: Vectors
    paths: list[str]
    spoken: Flags
    parts: tuple[int, ...]
    share: float = 1.0

    def select(self, places: Sequence[int]) -> "Shelf":
        """Give a smaller library."""
        chosen = list(places)
        paths = [self.paths[at] for at in chosen]
        return Shelf(self.vectors[chosen], self.hubs[chosen], paths, self.spoken[chosen], self.parts)

    def split(self, spoken: bool) -> "Shelf":
        """Give what was said, or all else."""
        return self.select(np.flatnonzero(self.spoken == spoken).tolist())

    def find(self, path: str) -> list[int]:
        """Give where the vectors of a file are."""
        return [at for at, one in enumerate(self.paths) if one == path]

    def sample(self) -> Vectors:
        """Give a random sample as a generation keeps one."""
        chosen = np.random.default_rng(0).permutation(len(self.vectors))[:SAMPLE]
        rows: Vectors = self.vectors[np.sort(chosen)]
        return rows

    def measure(self, query: Vectors, background: Background, curve: Curve, places: Sequence[int]) -> Vectors:
        """Give the features of some vectors for a query, shape (n, parts + 2)."""
        chosen = list(places)
        candidates = Candidates(self.vectors[chosen], self.hubs[chosen], len(self.vectors))
        return compute_features(query, candidates, background, curve)


def read_space(library: Library, lane: Lane) -> tuple[Vectors, Owners, Vectors]:
    """Give all vectors of a space, their owners and their hubness."""
    space = library.spaces[lane]
    snapshot = space.refresh(library.catalogue.read_revision())
    return snapshot.gather(np.array(sorted(snapshot.read_ids()), np.int64))


def read_shelf(library: Library, lane: Lane) -> Shelf:
    """Read a whole space."""
    vectors, owners, hubs = read_space(library, lane)
    items = library.catalogue.read_items(owners["item"].tolist())
    names = [items[item_id].path for item_id in owners["item"].tolist()]
    encoder = library.models.picture if lane is Lane.PICTURE else library.models.meaning
    parts = library.models.picture.parts if lane is Lane.PICTURE else (encoder.dimension,)
    return Shelf(vectors, hubs, names, find_spoken(owners), parts)


def make_libraries(shelf: Shelf, folder: str, sizes: Sequence[int]) -> list[Shelf]:
    """Give libraries of growing size that all hold what lies in a folder."""
    core = [at for at, path in enumerate(shelf.paths) if path.startswith(folder)]
    rest = sorted(set(range(len(shelf.paths))) - set(core))
    random.Random(5).shuffle(rest)
    return [shelf.select(core + rest[: max(0, size - len(core))]) for size in sizes]


def make_small_libraries(shelf: Shelf, count: int, weight: float = 1.0) -> list[Shelf]:
    """Cut a library into small ones of the same size, each with its share of a weight."""
    places = list(range(len(shelf.paths)))
    random.Random(6).shuffle(places)
    return [replace(shelf.select(places[start::count]), share=weight / count) for start in range(count)]


def measure_priors(shelf: Shelf, queries: Sequence[Vectors]) -> Curve:
    """Give a curve without weights whose parts hold the usual background of such queries."""
    blank = Curve(tuple(Part(length, 0.0, 1.0, 0.0) for length in shelf.parts), 0.0, 0.0, 0.0)
    sample = shelf.sample()
    spreads = [measure_spread(score_parts(query, sample, blank)) for query in queries]
    medians, deviations = [one.medians for one in spreads], [one.deviations for one in spreads]
    usual = zip(shelf.parts, np.median(medians, axis=0), np.median(deviations, axis=0), strict=True)
    parts = tuple(Part(length, round(float(m), 4), round(max(float(d), 1e-3), 4), 0.0) for length, m, d in usual)
    return Curve(parts, 0.0, 0.0, 0.0)


def fit_logistic(features: Vectors, label: Vectors, weight: Vectors, known: Vectors, decay: float = 1e-4) -> Vectors:
    """Fit a logistic regression by Newton's method; give the weights with the bias last, shape (k + 1,).

    known: a term of the log-odds (n,) that is not to be fitted. A weight that comes out negative where more must not
    mean less (the standard scores) is for the caller to drop.
    """
    x = np.concatenate([features, np.ones((len(features), 1), np.float32)], axis=1).astype(np.float64)
    w = np.zeros(x.shape[1])
    # From where the known term is made up for, so that the steps do not leap.
    w[-1] = -float(known.mean())
    ridge = np.full(x.shape[1], decay)
    ridge[-1] = 0
    for _ in range(100):
        p = 1 / (1 + np.exp(-np.clip(x @ w + known, -30, 30)))
        gradient = x.T @ (weight * (p - label)) + ridge * w
        hessian = (x * (weight * p * (1 - p))[:, None]).T @ x + np.diag(ridge + 1e-9)
        step = np.linalg.solve(hessian, gradient)
        w = w - step
        if np.abs(step).max() < 1e-8:
            break
    return w.astype(np.float32)


def name_of(path: str) -> str:
    """Give the WordNet id of a photo named `wnid_class.jpg`."""
    return Path(path).name.split("_")[0]
