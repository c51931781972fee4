"""The lexical and the semantic retriever: what either finds is scored with the features of both."""

from collections.abc import Callable
from functools import cached_property

import numpy as np

from search.open_home import OpenHome
from search.records import Flags, Ids, Retriever, RowMetadata, Vectors
from search.retrieval.semantic import SemanticPart, SemanticQuery, get_reference_texts
from search.retrieval.text_candidates import (
    NO_MATCH,
    CandidateSet,
    TextQuery,
    find_embeddings,
    find_phrases,
    match_terms,
)
from search.scoring.candidates import Retrieved, make_nothing, to_probability
from search.scoring.lexical import LexicalMatches
from search.scoring.text import (
    TextFeatures,
    TextWeights,
    Weights,
    compute_log_odds,
    make_lexical_features,
    read_weights,
)
from search.storage.embedding_rows import to_float32
from search.storage.space_index import Snapshot

# Segments less likely than this by their words are scored only if few segments are found.
FLOOR = 0.1
# The number of lexical matches that are compared by their embeddings as well. The others are scored by their words.
MAX_COMPARED = 256
# Deeper segments are not retrieved if they are less likely than this, or after this many scored segments: a smaller
# probability makes no result relevant.
MIN_FLOOR = 0.3
MAX_SCORED = 4096
# The last segments that the vector index returned show how likely the next ones are.
TAIL = 16
# Speech recognized with less confidence than this counts less, in proportion, unless it holds the words of the query.
SURE_SPEECH = 0.5
# What is excluded need not be the main topic to be unwanted, so this is lower than the cut of a result. See
# benchmarks/evaluation/exclusion.py.
EXCLUSION_CUT = 0.15


class TextRetriever:
    """Retrieves text for one query at one revision of the catalog. Results are kept for the next call."""

    def __init__(
        self,
        library: OpenHome,
        query: TextQuery,
        revision: int,
        select: Callable[[Snapshot], Ids | None],
        is_wanted: Callable[[Ids], Flags],
        weights: TextWeights | None = None,
    ) -> None:
        """Prepare the retrieval.

        Args:
            library: The library to search.
            query: The query.
            revision: The revision of the catalog.
            select: Returns the ids of the embeddings that match the filters, ascending, or None for all.
            is_wanted: Returns for each segment whether the filters and the excluded words allow it.
            weights: Replaces the packaged weights.
        """
        self._library = library
        self._query = query
        self._revision = revision
        self._select = select
        self._is_wanted = is_wanted
        self._weights = weights or read_weights()
        self._known: dict[int, CandidateSet] = {}

    def retrieve(self, retriever: Retriever, depth: int, explain: bool = False) -> Retrieved:
        """Return what one retriever found: at least the best `depth` segments, if there are that many."""
        if not (self._query.terms if retriever is Retriever.LEXICAL else self._query.parts):
            return make_nothing(retriever)
        found = self.collect(depth)
        here = found.places != NO_MATCH if retriever is Retriever.LEXICAL else ~np.isnan(found.cosines)
        chances = found.probabilities * np.float32(self._query.coverage.get(retriever, 1.0))
        order = np.flatnonzero(here)
        order = order[np.argsort(-chances[order], kind="stable")]
        lexical = retriever is Retriever.LEXICAL
        return Retrieved(
            retriever,
            found.segments[order],
            found.items[order],
            self._lexical.bm25[found.places[order]] if lexical else found.cosines[order],
            chances[order],
            exhausted=found.exhausted[retriever],
            floor=0.0 if lexical else found.floor,
            read_vector=None if lexical else lambda at: found.vectors[order[at]].copy(),
            explain=(lambda at: self._explain(retriever, found, int(order[at]))) if explain else None,
        )

    def score_embeddings(self, ids: Ids) -> Vectors:
        """Compute the probabilities of relevance of embeddings, given by their ids, shape (n,)."""
        stored, owners, _ = self._snapshot.gather(ids)
        vectors = to_float32(stored)
        features, _ = self._measure(vectors, 0)
        places, lexical = self._measure_words(owners["segment"])
        features |= lexical
        exact = self._find_exact(owners["segment"], places)
        logits = self._weigh(features, exact, len(vectors))
        logits += self._semantic.penalize(vectors, self._weights.semantic) if self._query.parts else 0
        kept = self._keep(vectors, 0)
        chances = to_probability(logits) * _discount(owners["confidence"], features.get("coverage")) * kept
        result: Vectors = (
            chances * np.float32(self._query.coverage.get(Retriever.SEMANTIC, 1.0)) * (kept > 1 - EXCLUSION_CUT)
        )
        return result

    def collect(self, depth: int) -> CandidateSet:
        """Return what both retrievers found, scored; the arrays are in no particular order."""
        if depth not in self._known:
            self._known[depth] = self._collect(depth)
        return self._known[depth]

    def list_likely_items(self, cut: float, depth: int) -> Ids:
        """Return the items of what was found last that is at least this likely, the most likely first, each once.

        If nothing was searched for yet, it is searched at this depth.
        """
        if not self._query.terms and not self._query.parts:
            return np.zeros(0, np.int64)
        found = next(reversed(self._known.values())) if self._known else self.collect(depth)
        likely = np.flatnonzero(found.probabilities >= cut)
        items = found.items[likely[np.argsort(-found.probabilities[likely], kind="stable")]]
        _, first = np.unique(items, return_index=True)
        return items[np.sort(first)]

    @cached_property
    def _snapshot(self) -> Snapshot:
        return self._library.indexes[Retriever.SEMANTIC].refresh(self._revision)

    @cached_property
    def _semantic(self) -> SemanticQuery:
        return SemanticQuery(self._query.parts, get_reference_texts(self._library))

    @cached_property
    def _lexical(self) -> LexicalMatches:
        found = match_terms(self._library.words, self._query.terms, self._query.language)
        return found.select(self._is_wanted(found.segments))

    @cached_property
    def _phrases(self) -> Ids:
        return find_phrases(self._library.words, self._query.phrases)

    def _collect(self, depth: int) -> CandidateSet:
        ids, ended = self._search(depth)
        chosen, complete = self._choose_lexical(depth)
        segments = self._lexical.segments[chosen] if len(chosen) else np.zeros(0, np.int64)
        vectors, owners = self._gather(ids, segments[:MAX_COMPARED])
        rest = segments[~np.isin(segments, owners["segment"])]
        segments = np.concatenate([owners["segment"], rest])
        items = np.concatenate([owners["item"], self._library.words.find_items(rest)])
        features, cosines = self._measure(vectors, len(rest))
        places, lexical = self._measure_words(segments)
        features |= lexical
        exact = self._find_exact(segments, places)
        logits = self._weigh(features, exact, len(vectors))
        if len(vectors):
            logits[: len(vectors)] += self._semantic.penalize(vectors, self._weights.semantic)
        factors = _discount(owners["confidence"], features.get("coverage"))
        chances = to_probability(logits)
        chances[: len(factors)] *= factors
        kept = self._keep(vectors, len(rest))
        floor = self._find_floor(features, len(ids))
        shown = kept > 1 - EXCLUSION_CUT
        return CandidateSet(
            segments[shown],
            items[shown],
            places[shown],
            cosines[shown],
            (chances * kept)[shown],
            vectors[shown[: len(vectors)]],
            TextFeatures({name: values[shown] for name, values in features.items()}, exact[shown]),
            floor,
            {Retriever.SEMANTIC: ended, Retriever.LEXICAL: complete},
        )

    def _search(self, depth: int) -> tuple[Ids, bool]:
        """Return the ids of the nearest embeddings, and whether there are no more."""
        if not self._query.parts:
            return np.zeros(0, np.int64), True
        snapshot = self._snapshot
        vector = self._semantic.make_search_vector()
        ids, _ = self._library.indexes[Retriever.SEMANTIC].search(
            snapshot, vector[None], depth, self._select(snapshot)
        )[0]
        return ids, len(ids) < depth

    def _choose_lexical(self, depth: int) -> tuple[Ids, bool]:
        """Return the indexes of the most likely lexical matches, best first, and whether these are all."""
        if not self._query.terms:
            return np.zeros(0, np.int64), True
        found = self._lexical
        features = make_lexical_features(found.strength, found.coverage, len(self._query.terms))
        exact = found.exact | np.isin(found.segments, self._phrases)
        chances = to_probability(compute_log_odds(TextFeatures(features, exact), self._weights.lexical))
        count = max(depth, int((chances >= FLOOR).sum()))
        order = np.argsort(-chances, kind="stable")[:count]
        return order, len(order) == len(found.segments)

    def _gather(self, ids: Ids, segments: Ids) -> tuple[Vectors, RowMetadata]:
        """Return the vectors and owners of embeddings, then those of the embeddings of some segments.

        Args:
            ids: Ids of embeddings.
            segments: Ids of segments.
        """
        if self._query.parts:
            found = find_embeddings(self._snapshot, "segment", segments)
            ids = np.concatenate([ids, found[~np.isin(found, ids)]])
        stored, owners, _ = self._snapshot.gather(ids)
        return to_float32(stored), owners

    def _measure(self, vectors: Vectors, others: int) -> tuple[dict[str, Vectors], Vectors]:
        """Return the semantic features and cosines of vectors, followed by `others` segments without any."""
        if not self._query.parts:
            return {}, np.full(others, np.nan, np.float32)
        features, cosines = self._semantic.compute_features(vectors)
        padded = {name: np.pad(values, (0, others)) for name, values in features.items()}
        return padded, np.pad(cosines, (0, others), constant_values=np.nan)

    def _measure_words(self, segments: Ids) -> tuple[Ids, dict[str, Vectors]]:
        """Return the indexes of segments among the lexical matches, and their lexical features."""
        if not self._query.terms:
            return np.full(len(segments), NO_MATCH), {}
        found, count = self._lexical, len(self._query.terms)
        places, here = found.find(segments)
        if not len(found.segments):
            nothing = np.zeros(len(segments), np.float32)
            return np.full(len(segments), NO_MATCH), make_lexical_features(nothing, nothing, count)
        strength, coverage = (np.where(here, one[places], np.float32(0)) for one in (found.strength, found.coverage))
        return np.where(here, places, NO_MATCH), make_lexical_features(strength, coverage, count)

    def _find_exact(self, segments: Ids, places: Ids) -> Flags:
        exact: Flags = np.isin(segments, self._phrases)
        held = places != NO_MATCH
        if held.any():
            exact[held] |= self._lexical.exact[places[held]]
        return exact

    def _weigh(self, features: dict[str, Vectors], exact: Flags, compared: int) -> Vectors:
        """Compute log-odds, shape (n,).

        Args:
            features: The features of n segments.
            exact: Which segments match exactly, shape (n,).
            compared: The number of segments, from the first, with semantic features. The others are scored by words.
        """
        known = TextFeatures(features, exact)
        if not self._query.terms:
            logits = compute_log_odds(known, self._weights.semantic)
        elif not self._query.parts:
            logits = compute_log_odds(known, self._weights.lexical)
        else:
            both = compute_log_odds(known, self._weights.both)
            logits = np.where(np.arange(len(exact)) < compared, both, compute_log_odds(known, self._weights.lexical))
        return logits - np.where(exact, np.float32(0), np.float32(self._query.doubt))

    def _keep(self, vectors: Vectors, others: int) -> Vectors:
        """Compute the probability that a segment is none of what is excluded; 1 where that is unknown."""
        kept = np.ones(len(vectors) + others, np.float32)
        for one in self._query.excluded if len(vectors) else ():
            features, _ = SemanticQuery([SemanticPart(one)], get_reference_texts(self._library)).compute_features(
                vectors
            )
            kept[: len(vectors)] *= 1 - to_probability(compute_log_odds(TextFeatures(features), self._weights.semantic))
        return kept

    def _find_floor(self, features: dict[str, Vectors], count: int) -> float:
        """Return how likely the last segments of the vector index are if they hold no word of the query."""
        if not count:
            return 0.0
        tail = {
            name: values[max(0, count - TAIL) : count] * (name not in ("strength", "coverage"))
            for name, values in features.items()
        }
        logits = compute_log_odds(TextFeatures(tail), self._function)
        floor = float(to_probability(logits).max(initial=0.0))
        return floor if floor >= MIN_FLOOR and count < MAX_SCORED else 0.0

    @property
    def _function(self) -> Weights:
        if self._query.terms and self._query.parts:
            return self._weights.both
        return self._weights.lexical if self._query.terms else self._weights.semantic

    def _explain(self, retriever: Retriever, found: CandidateSet, at: int) -> dict[str, float]:
        """Return the terms of the log-odds of a segment by name."""
        function = self._function
        if np.isnan(found.cosines[at]) and self._query.terms:
            function = self._weights.lexical
        terms = {"coverage": self._query.coverage.get(retriever, 1.0), "bias": function.bias}
        for name, weight in function.weights.items():
            terms[name] = float(found.features.values[name][at])
            terms[f"{name} weight"] = weight
        return terms


def _discount(confidence: Vectors, held: Vectors | None) -> Vectors:
    """Return a factor below 1 for speech that may be recognized wrongly, and 1 for everything else, shape (n,)."""
    factors: Vectors = np.nan_to_num(np.minimum(1.0, confidence / SURE_SPEECH), nan=1.0).astype(np.float32)
    return factors if held is None else np.maximum(factors, held[: len(factors)])
