"""The text retriever. Lexical and semantic matches are found separately and scored with the features of both."""

from collections.abc import Callable
from functools import cached_property

import numpy as np

from search.open_home import OpenHome
from search.records import Flags, Ids, Retriever, RowMetadata, Vectors
from search.retrieval.nearest import Nearest
from search.retrieval.semantic import SemanticQuery, compute_not_excluded, get_reference_texts
from search.retrieval.text_candidates import (
    NO_MATCH,
    CandidateSet,
    TextQuery,
    find_embeddings,
    find_phrases,
    match_terms,
)
from search.retrieval.text_scorer import TextScorer
from search.scoring.candidates import POSSIBLE_CUT, Retrieved, make_empty, to_probability
from search.scoring.lexical import LexicalMatches
from search.scoring.text import (
    TextFeatures,
    compute_confidence_factors,
    compute_length_factors,
    compute_log_odds,
    make_lexical_features,
)
from search.storage.embedding_rows import find_spoken, to_float32
from search.storage.snapshot import Snapshot
from search.text.analysis import count_words

# Lexical matches less likely than this are scored only if fewer segments are found than requested.
LEXICAL_CUT = 0.1
# This many lexical matches are also compared by their embeddings. The others are scored by lexical features only.
MAX_COMPARED = 256
# The semantic index is searched for at least this many embeddings.
MIN_SEARCHED = 1_024
# Segments at least this likely to match an excluded part are not results. Lower than the cut of relevant results,
# because an excluded thing need not be the main topic. Measured by benchmarks/evaluation/exclusion.py.
EXCLUSION_CUT = 0.15


class TextRetriever:
    """Retrieves text for one query at one revision of the catalog. Results are cached for the next call."""

    def __init__(
        self,
        library: OpenHome,
        query: TextQuery,
        revision: int,
        select: Callable[[Snapshot], Ids | None],
        is_allowed: Callable[[Ids], Flags],
    ) -> None:
        """Prepare the retrieval.

        Args:
            library: The library to search.
            query: The query.
            revision: The revision of the catalog.
            select: Returns the ids of the embeddings that match the filters, ascending, or None for all.
            is_allowed: Returns for each segment whether the filters and the excluded words allow it.
        """
        self._library = library
        self._query = query
        self._revision = revision
        self._select = select
        self._is_allowed = is_allowed
        self._known: dict[int, CandidateSet] = {}
        self._nearest = Nearest(library.indexes[Retriever.SEMANTIC], MIN_SEARCHED)

    def retrieve(self, retriever: Retriever, depth: int, explain: bool = False) -> Retrieved:
        """Return what one retriever found: at least the best `depth` segments, if there are that many.

        Args:
            retriever: The lexical or the semantic retriever.
            depth: The number of segments.
            explain: Whether candidates list the terms of their probabilities.

        Raises:
            UsageError: The parts of the query cancel each other out.
        """
        if not (self._query.terms if retriever is Retriever.LEXICAL else self._query.parts):
            return make_empty(retriever)
        found = self.collect(depth)
        is_lexical = retriever is Retriever.LEXICAL
        is_found = found.places != NO_MATCH if is_lexical else ~np.isnan(found.cosines)
        probabilities = found.probabilities * np.float32(self._query.coverage.get(retriever, 1.0))
        order = np.flatnonzero(is_found)
        order = order[np.argsort(-probabilities[order], kind="stable")]
        return Retrieved(
            retriever,
            found.segment_ids[order],
            found.item_ids[order],
            self._lexical.bm25[found.places[order]] if is_lexical else found.cosines[order],
            probabilities[order],
            exhausted=found.exhausted[retriever],
            max_remaining=0.0 if is_lexical else found.max_remaining,
            read_vector=None if is_lexical else lambda at: found.vectors[order[at]].copy(),
            explain=(lambda at: self._scorer.explain(retriever, found, int(order[at]))) if explain else None,
        )

    def score_embeddings(self, ids: Ids) -> Vectors:
        """Compute the probabilities of relevance of embeddings, given by their ids, shape (n,)."""
        stored, metadata, _ = self._snapshot.gather(ids)
        vectors = to_float32(stored)
        features, _ = self._measure_semantic(vectors, 0)
        places, lexical_features = self._measure_lexical(metadata["segment"])
        features |= lexical_features
        exact = self._find_exact(metadata["segment"], places)
        logits = self._scorer.compute_logits(features, exact, vectors)
        not_excluded = self._compute_not_excluded(vectors)
        probabilities = self._reduce_unsure(to_probability(logits), metadata, features)
        coverage = np.float32(self._query.coverage.get(Retriever.SEMANTIC, 1.0))
        is_shown = not_excluded > 1 - EXCLUSION_CUT
        result: Vectors = probabilities * not_excluded * coverage * is_shown
        return result

    def collect(self, depth: int) -> CandidateSet:
        """Return the candidates that both retrievers found, with scores, in no particular order."""
        if depth not in self._known:
            self._known[depth] = self._collect(depth)
        return self._known[depth]

    def list_likely_items(self, cut: float, depth: int) -> Ids:
        """Return the ids of items with a text that is at least this likely to be relevant, the most likely first.

        Args:
            cut: The probability.
            depth: The number of segments to retrieve, if none were retrieved before.
        """
        if not self._query.terms and not self._query.parts:
            return np.zeros(0, np.int64)
        found = next(reversed(self._known.values())) if self._known else self.collect(depth)
        likely = np.flatnonzero(found.probabilities >= cut)
        items = found.item_ids[likely[np.argsort(-found.probabilities[likely], kind="stable")]]
        _, first = np.unique(items, return_index=True)
        return items[np.sort(first)]

    @cached_property
    def _snapshot(self) -> Snapshot:
        return self._library.indexes[Retriever.SEMANTIC].refresh(self._revision)

    @cached_property
    def _semantic(self) -> SemanticQuery:
        return SemanticQuery(self._query.parts, get_reference_texts(self._library))

    @cached_property
    def _scorer(self) -> TextScorer:
        return TextScorer(self._query, self._semantic if self._query.parts else None)

    @cached_property
    def _lexical(self) -> LexicalMatches:
        """All segments that contain a term of the query and match the filters."""
        rights = self._library.catalog.rights
        found = match_terms(self._library.words, self._query.terms, self._query.language, rights, self._revision)
        return found.select(self._is_allowed(found.segment_ids))

    @cached_property
    def _phrase_segments(self) -> Ids:
        return find_phrases(self._library.words, self._query.phrases)

    def _collect(self, depth: int) -> CandidateSet:
        ids, is_semantic_exhausted = self._search_semantic(depth)
        chosen, is_lexical_exhausted = self._choose_lexical(depth)
        segments = self._lexical.segment_ids[chosen] if len(chosen) else np.zeros(0, np.int64)
        vectors, metadata = self._gather(ids, segments[:MAX_COMPARED])
        rest = segments[~np.isin(segments, metadata["segment"])]
        segments = np.concatenate([metadata["segment"], rest])
        items = np.concatenate([metadata["item"], self._library.words.find_items(rest)])
        features, cosines = self._measure_semantic(vectors, len(rest))
        places, lexical_features = self._measure_lexical(segments)
        features |= lexical_features
        exact = self._find_exact(segments, places)
        probabilities = to_probability(self._scorer.compute_logits(features, exact, vectors))
        probabilities[: len(metadata)] = self._reduce_unsure(probabilities[: len(metadata)], metadata, features)
        not_excluded = np.pad(self._compute_not_excluded(vectors), (0, len(rest)), constant_values=1)
        flags = not_excluded > 1 - EXCLUSION_CUT
        # Nothing is copied if nothing is excluded.
        is_shown: Flags | slice = slice(None) if flags.all() else flags
        return CandidateSet(
            segments[is_shown],
            items[is_shown],
            places[is_shown],
            cosines[is_shown],
            (probabilities * not_excluded)[is_shown],
            vectors[slice(None) if flags.all() else flags[: len(vectors)]],
            TextFeatures({name: values[is_shown] for name, values in features.items()}, exact[is_shown]),
            self._scorer.estimate_floor(features, len(ids)),
            {Retriever.SEMANTIC: is_semantic_exhausted, Retriever.LEXICAL: is_lexical_exhausted},
        )

    def _search_semantic(self, depth: int) -> tuple[Ids, bool]:
        """Return the ids of the nearest embeddings, and whether there are no more."""
        if not self._query.parts:
            return np.zeros(0, np.int64), True
        vector = self._semantic.make_search_vector()
        ids = self._nearest.find(self._snapshot, vector, depth, self._select)
        return ids, self._nearest.is_exhausted(depth)

    def _choose_lexical(self, depth: int) -> tuple[Ids, bool]:
        """Return the indexes of the most likely lexical matches, best first, and whether these are all."""
        if not self._query.terms:
            return np.zeros(0, np.int64), True
        probabilities = self._lexical_probabilities
        count = max(depth, int((probabilities >= LEXICAL_CUT).sum()))
        return self._lexical_order[:count], count >= len(probabilities)

    @cached_property
    def _lexical_probabilities(self) -> Vectors:
        """The probabilities of the lexical matches, from lexical features only."""
        found = self._lexical
        features = make_lexical_features(found.strength, found.contained_share, len(self._query.terms))
        exact = found.exact | np.isin(found.segment_ids, self._phrase_segments)
        return to_probability(compute_log_odds(TextFeatures(features, exact), self._scorer.weights.lexical))

    @cached_property
    def _lexical_order(self) -> Ids:
        """The indexes of the lexical matches, the most likely first."""
        return np.argsort(-self._lexical_probabilities, kind="stable")

    def _gather(self, ids: Ids, segments: Ids) -> tuple[Vectors, RowMetadata]:
        """Return the vectors and the metadata of embeddings, then those of the embeddings of some segments.

        Args:
            ids: Ids of embeddings.
            segments: Ids of segments.
        """
        if self._query.parts:
            found = find_embeddings(self._snapshot, "segment", segments)
            ids = np.concatenate([ids, found[~np.isin(found, ids)]])
        stored, metadata, _ = self._snapshot.gather(ids)
        return to_float32(stored), metadata

    def _measure_semantic(self, vectors: Vectors, others: int) -> tuple[dict[str, Vectors], Vectors]:
        """Return the semantic features and cosines of vectors, padded for `others` segments without a vector."""
        if not self._query.parts:
            return {}, np.full(others, np.nan, np.float32)
        features, cosines = self._semantic.compute_features(vectors)
        padded = {name: np.pad(values, (0, others)) for name, values in features.items()}
        return padded, np.pad(cosines, (0, others), constant_values=np.nan)

    def _measure_lexical(self, segments: Ids) -> tuple[Ids, dict[str, Vectors]]:
        """Return the indexes of segments among the lexical matches, and their lexical features."""
        if not self._query.terms:
            return np.full(len(segments), NO_MATCH), {}
        found, count = self._lexical, len(self._query.terms)
        places, is_match = found.find(segments)
        if not len(found.segment_ids):
            zeros = np.zeros(len(segments), np.float32)
            return np.full(len(segments), NO_MATCH), make_lexical_features(zeros, zeros, count)
        strength = np.where(is_match, found.strength[places], np.float32(0))
        contained_share = np.where(is_match, found.contained_share[places], np.float32(0))
        return np.where(is_match, places, NO_MATCH), make_lexical_features(strength, contained_share, count)

    def _reduce_unsure(self, probabilities: Vectors, metadata: RowMetadata, features: dict[str, Vectors]) -> Vectors:
        """Return the probabilities of embeddings, lower for recognized text that may be wrong or says too little.

        Args:
            probabilities: The probabilities, shape (m,).
            metadata: The rows of the embeddings, shape (m,).
            features: The features of at least the same m segments.
        """
        contained_share = features.get("contained_share")
        reduced: Vectors = probabilities * compute_confidence_factors(metadata["confidence"], contained_share)
        # Only of those that could be a result, since their texts must be read.
        doubtful = np.flatnonzero(find_spoken(metadata) & (reduced >= POSSIBLE_CUT))
        if not len(doubtful):
            return reduced
        texts = self._library.catalog.read_texts(metadata["segment"][doubtful].tolist())
        words = np.full(len(reduced), np.inf, np.float32)
        words[doubtful] = [count_words(texts.get(segment, "")) for segment in metadata["segment"][doubtful].tolist()]
        result: Vectors = reduced * compute_length_factors(words, contained_share)
        return result

    def _find_exact(self, segments: Ids, places: Ids) -> Flags:
        """Return which segments match exactly, shape (n,): see `TextFeatures`.

        Args:
            segments: Ids of the segments, shape (n,).
            places: Their indexes among the lexical matches, shape (n,).
        """
        exact: Flags = np.isin(segments, self._phrase_segments)
        is_match = places != NO_MATCH
        if is_match.any():
            exact[is_match] |= self._lexical.exact[places[is_match]]
        return exact

    def _compute_not_excluded(self, vectors: Vectors) -> Vectors:
        return compute_not_excluded(self._library, self._query.excluded, vectors, self._scorer.weights.semantic)
