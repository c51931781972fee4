"""Retrieval for a query that names places or a folder: items from there are results too, and rank before others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from search.open_home import OpenHome
from search.query.encoding import EncodedQuery, encode_query
from search.query.folders import NamedFolder
from search.query.places import NamedPlaces
from search.records import Filters, Ids, Query, Retriever, Vectors
from search.retrieval.retrieval import Retrieval
from search.scoring.candidates import POSSIBLE_CUT, RELEVANCE_CUT, Retrieved
from search.storage.database import Database
from search.storage.filters import select_items
from search.storage.newest import list_newest_of
from search.storage.places import Places

# How likely an item is wanted only because it comes from the place: for a query with nothing but the place, and for one
# that describes something else too. Names that mostly mean something else do not make an item relevant.
PLACE_PROBABILITY = {True: 0.9, False: 0.3}
PLACE_SHARE_OF_DESCRIPTION = {True: 0.3, False: 0.12}
# What shows the description and comes from the place scores at least this much. What comes from elsewhere, or nobody
# knows where from, scores at most this much.
PLACED_CUT = 0.85
# The highest score of an image that only looks like the place, or like the name of the folder, and is from elsewhere.
LOOKALIKE_CUT = RELEVANCE_CUT - POSSIBLE_CUT / 10


class Retrieving(Protocol):
    """What ranks results from segments: see `Retrieval`."""

    def retrieve(self, retriever: Retriever, depth: int) -> Retrieved:
        """Return the best segments of a retriever."""

    def estimate_counts(self, retriever: Retriever, cuts: Sequence[float]) -> list[float]:
        """Estimate how many segments of a retriever reach each cut."""


def open_retrieval(library: OpenHome, query: Query, encoded: EncodedQuery, revision: int) -> Retrieving:
    """Return the retrieval for a query, which considers where items come from if it names places or a folder."""
    whole = Retrieval(library, encoded, query.explain, revision)
    if encoded.named is None:
        return whole
    filters = encoded.named.restrict(encoded.filters)
    return PlacedRetrieval(
        whole,
        _open_there(library, query, encoded.named, filters, revision),
        encoded.named,
        PlaceItems(library.database, select_items(library.database, filters)),
    )


def _open_there(
    library: OpenHome, query: Query, named: NamedPlaces | NamedFolder, filters: Filters, revision: int
) -> Retrieval | None:
    """Return the retrieval of what the rest of the query describes among the items of the place."""
    if not named.rest and not query.parts:
        return None
    rest = replace(query, text=named.rest, voice=None, correct=False, recognize=False, filters=filters)
    return Retrieval(library, encode_query(library, rest, reads_places=False), query.explain, revision)


@dataclass(frozen=True)
class PlaceItems:
    """The items that were captured in some places, or are in a folder.

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

    def list_located(self, item_ids: Ids) -> Ids:
        """Return those of any items of which it is known where they were captured."""
        return np.array(Places(self.database).list_located(item_ids.tolist()), np.int64)


class PlacedRetrieval:
    """Retrieves segments for the whole query, and for its description among the items of what it names."""

    def __init__(
        self, whole: Retrieval, there: Retrieval | None, named: NamedPlaces | NamedFolder, items: PlaceItems
    ) -> None:
        """Prepare the retrieval.

        Args:
            whole: Retrieves segments for the whole query.
            there: Retrieves what the rest of the query describes among the items; None for no rest.
            named: The places or the folder.
            items: The items of the places or the folder.
        """
        self._whole = whole
        self._there = there
        self._items = items
        probabilities = PLACE_PROBABILITY if there is None else PLACE_SHARE_OF_DESCRIPTION
        self._probability = probabilities[named.is_certain]
        self._is_folder = isinstance(named, NamedFolder)
        self._prefers_places = named.is_certain and len(items.ids) > 0

    def retrieve(self, retriever: Retriever, depth: int) -> Retrieved:
        """Return the best segments of a retriever: see `Retrieval.retrieve`."""
        found = self._whole.retrieve(retriever, depth)
        if self._prefers_places:
            found = _replace(found, self._lower_elsewhere(found))
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

    def _lower_elsewhere(self, found: Retrieved) -> Vectors:
        """Return the probabilities of segments, lower for those that come from elsewhere."""
        is_there = np.isin(found.item_ids, self._items.ids)
        probabilities = np.where(is_there, found.probabilities, _lower(found.probabilities)).astype(np.float32)
        if found.retriever is Retriever.VISUAL and self._there is None:
            # No description is left that an image could show.
            is_lookalike = ~is_there & np.isin(found.item_ids, self._list_known(found.item_ids))
            probabilities[is_lookalike] = np.minimum(probabilities[is_lookalike], LOOKALIKE_CUT)
        return probabilities

    def _list_known(self, item_ids: Ids) -> Ids:
        """Return those of some items of which it is known where they come from."""
        return item_ids if self._is_folder else self._items.list_located(item_ids)

    def _list_items(self, depth: int) -> Retrieved:
        """Return the items of the places or the folder, newest first, by the segments with their names."""
        segments = self._items.read_newest(depth)
        items = list(segments)
        is_exhausted = depth >= len(self._items.ids)
        return Retrieved(
            Retriever.LEXICAL,
            np.array([segments[item] for item in items], np.int64),
            np.array(items, np.int64),
            # A name without a match of its words is shown as that of the place.
            np.full(len(items), float(self._is_folder), np.float32),
            np.full(len(items), self._probability, np.float32),
            exhausted=is_exhausted,
            max_remaining=0.0 if is_exhausted else self._probability,
            explain=lambda _: {"folder" if self._is_folder else "place": self._probability},
        )


def _replace(found: Retrieved, probabilities: Vectors) -> Retrieved:
    """Return a result with other probabilities, in their order."""
    order = np.argsort(-probabilities, kind="stable")
    read_vector, explain = found.read_vector, found.explain
    return replace(
        found,
        segment_ids=found.segment_ids[order],
        item_ids=found.item_ids[order],
        raw=found.raw[order],
        probabilities=probabilities[order],
        read_vector=None if read_vector is None else lambda at: read_vector(int(order[at])),
        phashes=None if found.phashes is None else found.phashes[order],
        has_phash=None if found.has_phash is None else found.has_phash[order],
        explain=None if explain is None else lambda at: explain(int(order[at])),
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
