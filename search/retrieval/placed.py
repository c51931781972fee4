"""Retrieval for a query that names places: items captured there are results too, and rank before others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from search.open_home import OpenHome
from search.places.names import get_code
from search.query.encoding import EncodedQuery, encode_query
from search.query.places import NamedPlaces
from search.records import Filters, Ids, Query, Retriever, Vectors
from search.retrieval.retrieval import Retrieval
from search.scoring.candidates import RELEVANCE_CUT, Retrieved
from search.storage.database import Database
from search.storage.filters import select_items
from search.storage.newest import list_newest_of
from search.storage.places import Places

# How likely an item is wanted only because it was captured in the place: for a query with nothing but the place, and
# for one that describes something else too. Names that mostly mean something else do not make an item relevant.
PLACE_PROBABILITY = {True: 0.9, False: 0.3}
PLACE_SHARE_OF_DESCRIPTION = {True: 0.3, False: 0.12}
# What shows the description and was captured in the place scores at least this much, and what shows it but was
# captured elsewhere, or nobody knows where, at most.
PLACED_CUT = 0.85


class Retrieving(Protocol):
    """What ranks results from segments: see `Retrieval`."""

    def retrieve(self, retriever: Retriever, depth: int) -> Retrieved:
        """Return the best segments of a retriever."""

    def estimate_counts(self, retriever: Retriever, cuts: Sequence[float]) -> list[float]:
        """Estimate how many segments of a retriever reach each cut."""


def open_retrieval(library: OpenHome, query: Query, encoded: EncodedQuery, revision: int) -> Retrieving:
    """Return the retrieval for a query, which considers where items were captured if it names places."""
    whole = Retrieval(library, encoded, query.explain, revision)
    if encoded.named is None:
        return whole
    filters = replace(encoded.filters, places=tuple(map(get_code, encoded.named.places)))
    return PlacedRetrieval(
        whole,
        _open_there(library, query, encoded.named, filters, revision),
        encoded.named,
        PlaceItems(library.database, select_items(library.database, filters)),
    )


def _open_there(
    library: OpenHome, query: Query, named: NamedPlaces, filters: Filters, revision: int
) -> Retrieval | None:
    """Return the retrieval of what the rest of the query describes among the items of the places."""
    if not named.rest and not query.parts:
        return None
    rest = replace(query, text=named.rest, voice=None, correct=False, recognize=False, filters=filters)
    return Retrieval(library, encode_query(library, rest, reads_places=False), query.explain, revision)


@dataclass(frozen=True)
class PlaceItems:
    """The items that were captured in some places.

    Attributes:
        database: The catalog.
        ids: Their ids, ascending, shape (n,).
    """

    database: Database
    ids: Ids

    def read_newest(self, count: int) -> dict[int, int]:
        """Return the ids of the segments with the names of the newest items, by the id of the item, newest first."""
        newest = list_newest_of(self.database, self.ids, count)
        segments = Places(self.database).read_name_segments(newest)
        return {item: segments[item] for item in newest if item in segments}


class PlacedRetrieval:
    """Retrieves segments for the whole query, and for its description among the items of the places that it names."""

    def __init__(self, whole: Retrieval, there: Retrieval | None, named: NamedPlaces, items: PlaceItems) -> None:
        """Prepare the retrieval.

        Args:
            whole: Retrieves segments for the whole query.
            there: Retrieves what the rest of the query describes among the items of the places; None for no rest.
            named: The places.
            items: The items of the places.
        """
        self._whole = whole
        self._there = there
        self._items = items
        probabilities = PLACE_PROBABILITY if there is None else PLACE_SHARE_OF_DESCRIPTION
        self._probability = probabilities[named.is_certain]
        self._prefers_places = there is not None and named.is_certain and len(items.ids) > 0

    def retrieve(self, retriever: Retriever, depth: int) -> Retrieved:
        """Return the best segments of a retriever: see `Retrieval.retrieve`."""
        found = self._whole.retrieve(retriever, depth)
        if self._prefers_places:
            is_there = np.isin(found.item_ids, self._items.ids)
            probabilities = np.where(is_there, found.probabilities, _lower(found.probabilities))
            found = replace(found, probabilities=probabilities.astype(np.float32))
        if self._there is not None:
            there = self._there.retrieve(retriever, depth)
            if self._prefers_places:
                raised = _raise(there.probabilities).astype(np.float32)
                highest = float(_raise(np.array([there.max_remaining], np.float32))[0])
                there = replace(there, probabilities=raised, max_remaining=highest)
            found = join(found, there)
        return join(found, self._list_items(depth)) if retriever is Retriever.LEXICAL else found

    def estimate_counts(self, retriever: Retriever, cuts: Sequence[float]) -> list[float]:
        """Estimate how many segments of a retriever reach each cut: see `Retrieval.estimate_counts`."""
        if retriever is Retriever.LEXICAL:
            return [float(len(self._items.ids)) if self._probability >= cut else 0.0 for cut in cuts]
        return self._whole.estimate_counts(retriever, cuts)

    def _list_items(self, depth: int) -> Retrieved:
        """Return the items of the places, newest first, by the segments with their names."""
        segments = self._items.read_newest(depth)
        items = list(segments)
        is_exhausted = depth >= len(self._items.ids)
        return Retrieved(
            Retriever.LEXICAL,
            np.array([segments[item] for item in items], np.int64),
            np.array(items, np.int64),
            np.zeros(len(items), np.float32),
            np.full(len(items), self._probability, np.float32),
            exhausted=is_exhausted,
            max_remaining=0.0 if is_exhausted else self._probability,
            explain=lambda _: {"place": self._probability},
        )


def join(first: Retrieved, second: Retrieved) -> Retrieved:
    """Return the segments of two results of one retriever, each segment once with its higher probability."""
    parts = (first, second)
    segments, probabilities = _concatenate(parts, "segment_ids"), _concatenate(parts, "probabilities")
    order = np.argsort(-probabilities, kind="stable")
    order = np.sort(order[np.unique(segments[order], return_index=True)[1]])
    order = order[np.argsort(-probabilities[order], kind="stable")]

    def find(at: int) -> tuple[Retrieved, int]:
        place = int(order[at])
        return (first, place) if place < len(first.segment_ids) else (second, place - len(first.segment_ids))

    def read_vector(at: int) -> Vectors:
        part, place = find(at)
        assert part.read_vector is not None
        return part.read_vector(place)

    def explain(at: int) -> Mapping[str, float]:
        part, place = find(at)
        return part.explain(place) if part.explain is not None else {}

    has_vectors = first.read_vector is not None and second.read_vector is not None
    has_phashes = first.phashes is not None and second.phashes is not None
    return Retrieved(
        first.retriever,
        segments[order],
        _concatenate(parts, "item_ids")[order],
        _concatenate(parts, "raw")[order],
        probabilities[order],
        exhausted=first.exhausted and second.exhausted,
        max_remaining=max(first.max_remaining, second.max_remaining),
        read_vector=read_vector if has_vectors else None,
        phashes=_concatenate(parts, "phashes")[order] if has_phashes else None,
        has_phash=_concatenate(parts, "has_phash")[order] if has_phashes else None,
        explain=explain if first.explain is not None else None,
    )


def _concatenate(parts: Sequence[Retrieved], name: str) -> Any:
    return np.concatenate([getattr(part, name) for part in parts])


def _raise(probabilities: Vectors) -> Vectors:
    """Return probabilities with the relevant ones between `PLACED_CUT` and 1."""
    share = (1 - PLACED_CUT) / (1 - RELEVANCE_CUT)
    return np.where(probabilities < RELEVANCE_CUT, probabilities, PLACED_CUT + (probabilities - RELEVANCE_CUT) * share)


def _lower(probabilities: Vectors) -> Vectors:
    """Return probabilities with the relevant ones between the relevance cut and `PLACED_CUT`."""
    share = (PLACED_CUT - RELEVANCE_CUT) / (1 - RELEVANCE_CUT)
    lowered = RELEVANCE_CUT + (probabilities - RELEVANCE_CUT) * share
    return np.where(probabilities < RELEVANCE_CUT, probabilities, lowered)
