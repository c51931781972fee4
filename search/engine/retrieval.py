"""What each lane has to say to a query: candidates with calibrated probabilities."""

import math
from collections.abc import Callable
from functools import cached_property, partial

import numpy as np

from search.engine.encoding import Encoded
from search.engine.judging import Pool, combine_probes, explain, judge, judge_all
from search.library import Library
from search.ranking.calibration import to_probability
from search.ranking.lanes import Retrieved, make_nothing
from search.records import Flags, Ids, Lane, Owners, Vectors
from search.retrieval.candidates import TextQuery
from search.retrieval.semantic import SemanticPart
from search.retrieval.text import TextRetriever
from search.store.filters import select_items, select_missing
from search.store.rows import find_spoken, mark_ids
from search.store.space import Snapshot

# Candidates less likely than this cannot make an item relevant, unless everything is asked for.
FLOOR = 0.1
# Speech recognised with less confidence than this counts less, in proportion.
SURE_SPEECH = 0.5
# What was excluded need not be the main thing in a picture to be unwanted, so less is enough than makes a hit:
# benchmarks/evaluation/exclusion.py.
EXCLUSION_CUT = 0.15


class Retriever:
    """Retrieves for one query at one revision of the catalogue; what can be used again is kept."""

    def __init__(self, library: Library, encoded: Encoded, explain: bool, revision: int) -> None:
        self._library = library
        self._encoded = encoded
        self._explain = explain
        self._revision = revision
        self._allowed: dict[Lane, Ids] = {}

    def retrieve(self, lane: Lane, depth: int) -> Retrieved:
        """Give the best `depth` segments of a lane; more where the lane knows that more could be relevant."""
        if lane is not Lane.PICTURE:
            return self._text.retrieve(lane, depth, self._explain)
        is_asked = any(probe.weight > 0 for probe in self._encoded.probes[lane])
        return self._retrieve_near(lane, depth) if is_asked else make_nothing(lane)

    @cached_property
    def _text(self) -> TextRetriever:
        return make_text_retriever(
            self._library, self._encoded, self._revision, partial(self._select, Lane.MEANING), self._is_wanted
        )

    def _retrieve_near(self, lane: Lane, depth: int) -> Retrieved:
        probes = self._encoded.probes[lane]
        space = self._library.spaces[lane]
        snapshot = space.refresh(self._revision)
        vector = combine_probes(probes, snapshot.sample)
        ids, _ = space.search(snapshot, vector[None], depth, self._select(lane, snapshot))[0]
        pool, owners = _gather(snapshot, ids)
        logits = judge_all(probes, pool, snapshot.sample)
        kept = self._exclude(lane, pool, snapshot)
        chances = to_probability(logits) * self._encoded.coverage[lane] * _discount(owners["confidence"])
        floor = float(chances[-16:].max(initial=0.0))
        chances *= kept
        order = np.argsort(-chances, kind="stable")
        order = order[kept[order] > 1 - EXCLUSION_CUT]
        chosen = owners[order]
        return Retrieved(
            lane,
            chosen["segment"],
            chosen["item"],
            (pool.vectors @ vector)[order],
            chances[order],
            exhausted=len(ids) < depth,
            floor=floor,
            vectors=pool.vectors[order],
            looks=chosen["look"],
            pictured=chosen["pictured"],
            explain=(lambda at: self._take_apart(lane, snapshot, ids[order[at]])) if self._explain else None,
        )

    def _select(self, lane: Lane, snapshot: Snapshot) -> Ids | None:
        if self._encoded.filters.is_empty:
            return None
        if lane not in self._allowed:
            self._allowed[lane] = snapshot.select(self._allowed_items)
        return self._allowed[lane]

    @cached_property
    def _allowed_items(self) -> Flags:
        """Give a flag for every item id: whether it satisfies the filters; the last stands for all beyond."""
        ids = select_items(self._library.catalogue.database, self._encoded.filters)
        return mark_ids(ids, int(ids.max(initial=0)) + 2)

    def _exclude(self, lane: Lane, pool: Pool, snapshot: Snapshot) -> Vectors:
        """Give the probability of each candidate to show nothing of what the query excludes."""
        kept = np.ones(len(pool.vectors), np.float32)
        for probe in self._encoded.excluded[lane]:
            kept *= 1 - to_probability(judge(probe, pool, snapshot.sample))
        return kept

    def _take_apart(self, lane: Lane, snapshot: Snapshot, embedding_id: int) -> dict[str, float]:
        """Give every term of a candidate's score by name."""
        pool, owners = _gather(snapshot, np.array([embedding_id], np.int64))
        terms = {"coverage": self._encoded.coverage[lane], "lane weight": self._encoded.weights[lane]}
        terms |= explain(self._encoded.probes[lane], pool, snapshot.sample)
        confidence = float(owners["confidence"][0])
        if not math.isnan(confidence):
            terms["confidence"] = confidence
        return terms

    def _is_wanted(self, segments: Ids) -> Flags:
        """Tell which segments the filters let through and no excluded words are in."""
        index = self._library.words
        wanted = np.ones(len(segments), bool)
        for words in self._encoded.excluded_words:
            wanted &= ~np.isin(segments, index.find_all(words))
        missing = select_missing(self._library.catalogue.database)
        if len(missing) or not self._encoded.filters.is_empty:
            items = index.find_items(segments)
            wanted &= ~np.isin(items, missing)
            if not self._encoded.filters.is_empty:
                wanted &= self._allowed_items[np.minimum(items, len(self._allowed_items) - 1)]
        return wanted


def make_text_retriever(
    library: Library,
    encoded: Encoded,
    revision: int,
    select: Callable[[Snapshot], Ids | None] = lambda _: None,
    is_wanted: Callable[[Ids], Flags] = lambda segments: np.ones(len(segments), bool),
) -> TextRetriever:
    """Return what retrieves text for a query: the lexical and the semantic retriever, unless one is turned off."""
    parts = [SemanticPart(probe.vector, probe.weight) for probe in encoded.probes[Lane.MEANING]]
    is_semantic = encoded.weights[Lane.MEANING] > 0 and any(part.weight > 0 for part in parts)
    query = TextQuery(
        terms=encoded.terms if encoded.weights[Lane.WORDS] > 0 else (),
        parts=parts if is_semantic else (),
        excluded=[probe.vector for probe in encoded.excluded[Lane.MEANING]],
        phrases=encoded.filters.phrases,
        language=encoded.language,
        coverage=encoded.coverage,
    )
    return TextRetriever(library, query, revision, select, is_wanted)


def _gather(snapshot: Snapshot, ids: Ids) -> tuple[Pool, Owners]:
    """Give what is judged of ids (n,) that a search of the snapshot gave, and whose they are."""
    vectors, owners, hubs = snapshot.gather(ids)
    return Pool(vectors, hubs, find_spoken(owners), snapshot.counts), owners


def _discount(confidence: Vectors) -> Vectors:
    """Give the factor for speech that may have been heard wrongly; 1 for all else, whose confidence is NaN."""
    factors: Vectors = np.nan_to_num(np.minimum(1.0, confidence / SURE_SPEECH), nan=1.0)
    return factors
