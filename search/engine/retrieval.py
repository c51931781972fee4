"""What each lane has to say to a query: candidates with calibrated probabilities."""

from collections.abc import Callable, Sequence
from functools import cached_property, partial

import numpy as np

from search.engine.encoding import Encoded
from search.library import Library
from search.ranking.lanes import Retrieved, make_nothing
from search.records import Flags, Ids, Lane, Vectors
from search.retrieval.candidates import TextQuery
from search.retrieval.text import TextRetriever
from search.retrieval.visual import (
    VisualCandidates,
    explain_parts,
    gather_candidates,
    make_search_vector,
    score_parts,
)
from search.scoring.presence import Presence, decide_presence
from search.scoring.probability import to_probability
from search.store.filters import select_items, select_missing
from search.store.rows import mark_ids
from search.store.space import Snapshot

# Candidates less likely than this cannot make an item relevant, unless everything is asked for.
FLOOR = 0.1
# The last of what the vector index returned tell what is still to come.
TAIL = 16
# An estimate of how much of a lane matches is made from so many of its segments.
ESTIMATE_SAMPLE = 1_024
# What a text loses in log-odds for each unit that the words of a query are odder than words.
DOUBT = 3.0
# What was excluded need not be the main thing in a picture to be unwanted, so less is enough than makes a hit:
# benchmarks/evaluation/exclusion.py.
EXCLUSION_CUT = 0.15


class Retriever:
    """Retrieves for one query at one revision of the catalogue; what can be used again is kept."""

    def __init__(
        self, library: Library, encoded: Encoded, explain: bool, revision: int, decides: bool = True
    ) -> None:
        """Retrieve nothing yet. decides: whether it may find that no picture shows what is asked for."""
        self._library = library
        self._encoded = encoded
        self._explain = explain
        self._revision = revision
        self._allowed: dict[Lane, Ids] = {}
        self._decides = decides
        self._presence: Presence | None = None

    def retrieve(self, lane: Lane, depth: int) -> Retrieved:
        """Give the best `depth` segments of a lane; more where the lane knows that more could be relevant."""
        if lane is not Lane.PICTURE:
            return self._text.retrieve(lane, depth, self._explain)
        is_asked = any(part.weight > 0 for part in self._encoded.visual)
        return self._retrieve_pictures(depth) if is_asked else make_nothing(lane)

    @cached_property
    def _text(self) -> TextRetriever:
        return make_text_retriever(
            self._library, self._encoded, self._revision, partial(self._select, Lane.MEANING), self._is_wanted
        )

    def _retrieve_pictures(self, depth: int) -> Retrieved:
        lane, parts = Lane.PICTURE, self._encoded.visual
        space = self._library.spaces[lane]
        snapshot = space.refresh(self._revision)
        vector = make_search_vector(parts, snapshot.sample)
        ids, _ = space.search(snapshot, vector[None], depth, self._select(lane, snapshot))[0]
        found = gather_candidates(snapshot, ids)
        logits = score_parts(parts, found, snapshot.sample)
        if self._presence is None:
            # Decided once: what is found deeper is no better than what is found first.
            self._presence = self._decide_presence(logits, found)
        chances = self._presence.apply(logits) * self._encoded.coverage[lane]
        floor = float(chances[-TAIL:].max(initial=0.0))
        kept = self._keep(found)
        chances *= kept
        order = np.argsort(-chances, kind="stable")
        order = order[kept[order] > 1 - EXCLUSION_CUT]
        chosen = found.owners[order]
        return Retrieved(
            lane,
            chosen["segment"],
            chosen["item"],
            (found.vectors @ vector)[order],
            chances[order],
            exhausted=len(ids) < depth,
            floor=floor,
            vectors=found.vectors[order],
            looks=chosen["look"],
            pictured=chosen["pictured"],
            explain=(lambda at: self._explain_picture(snapshot, ids[order[at]])) if self._explain else None,
        )

    def _decide_presence(self, logits: Vectors, found: VisualCandidates) -> Presence:
        """Return how probabilities are moved so that they say whether any picture shows what is asked for."""
        wording = self._encoded.wording
        if wording is None or not self._decides:
            return Presence()
        scorer = next(part.scorer for part in self._encoded.visual if part.weight > 0)
        return decide_presence(logits, scorer.measure(found.vectors, found.baselines), wording)

    def estimate_counts(self, lane: Lane, cuts: Sequence[float]) -> list[float]:
        """Estimate how many segments of a vector lane score at least each cut, by scoring a fixed random sample."""
        snapshot = self._library.spaces[lane].refresh(self._revision)
        ids = self._select(lane, snapshot)
        if ids is None:
            built = snapshot.generation.rows.ids if snapshot.generation is not None else snapshot.denied[:0]
            ids = np.concatenate([built, snapshot.delta.ids])
        ids = ids[~np.isin(ids, snapshot.denied)]
        drawn = ids[np.sort(np.random.default_rng(0).permutation(len(ids))[:ESTIMATE_SAMPLE])]
        chances = self._score_pictures(snapshot, drawn) if lane is Lane.PICTURE else self._text.score_embeddings(drawn)
        return [float((chances >= cut).sum()) * len(ids) / max(len(drawn), 1) for cut in cuts]

    def _score_pictures(self, snapshot: Snapshot, ids: Ids) -> Vectors:
        """Compute the probabilities of relevance of pictures; 0 for those that show what is excluded."""
        found = gather_candidates(snapshot, ids)
        kept = self._keep(found)
        chances = (self._presence or Presence()).apply(score_parts(self._encoded.visual, found, snapshot.sample)) * kept
        result: Vectors = chances * self._encoded.coverage[Lane.PICTURE] * (kept > 1 - EXCLUSION_CUT)
        return result

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

    def _keep(self, found: VisualCandidates) -> Vectors:
        """Return the probability of each candidate to show nothing of what the query excludes."""
        kept = np.ones(len(found.vectors), np.float32)
        for part in self._encoded.excluded:
            if part.visual is not None:
                kept *= 1 - to_probability(part.visual.score(found.vectors, found.baselines))
        return kept

    def _explain_picture(self, snapshot: Snapshot, embedding_id: int) -> dict[str, float]:
        """Return every term of a picture's score by name."""
        found = gather_candidates(snapshot, np.array([embedding_id], np.int64))
        lane = Lane.PICTURE
        terms = {"coverage": self._encoded.coverage[lane], "retriever weight": self._encoded.weights[lane]}
        return terms | explain_parts(self._encoded.visual, found, snapshot.sample)

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
    parts = encoded.semantic
    is_semantic = encoded.weights[Lane.MEANING] > 0 and any(part.weight > 0 for part in parts)
    query = TextQuery(
        terms=encoded.terms if encoded.weights[Lane.WORDS] > 0 else (),
        parts=parts if is_semantic else (),
        excluded=[one.semantic for one in encoded.excluded if one.semantic is not None],
        phrases=encoded.filters.phrases,
        language=encoded.language,
        doubt=DOUBT * encoded.wording.oddity if encoded.wording is not None else 0.0,
        coverage=encoded.coverage,
    )
    return TextRetriever(library, query, revision, select, is_wanted)
