"""Retrieval for one query: the segments that each retriever finds, with calibrated probabilities."""

from collections.abc import Callable, Sequence
from functools import cached_property, partial

import numpy as np

from search.deadline import check_deadline
from search.open_home import OpenHome
from search.query.encoding import EncodedQuery
from search.records import Flags, Ids, Retriever, Sample, Vectors
from search.retrieval.nearest import Nearest
from search.retrieval.text_candidates import TextQuery, find_embeddings
from search.retrieval.text_retriever import EXCLUSION_CUT, TextRetriever
from search.retrieval.text_scorer import TAIL
from search.retrieval.visual_scoring import (
    ScoredImages,
    VisualCandidates,
    explain_parts,
    gather_candidates,
    make_search_vector,
    score_parts,
)
from search.scoring.candidates import Retrieved, make_empty, to_probability
from search.scoring.presence import Presence, decide_presence
from search.storage.embedding_rows import to_float32
from search.storage.filters import mark_items, select_missing
from search.storage.snapshot import Snapshot
from search.text.dates.reading import get_today

# Segments less likely than this cannot make an item relevant, unless all results are requested.
SEGMENT_CUT = 0.1
# The images of items whose text is at least this likely to be relevant are scored too, up to a number of images. So an
# image that is not scored and less likely than `VISUAL_CUT` cannot make its item relevant, because the text is less
# likely than the cut: 1 - (1 - 1/4) * (1 - 1/3) = 1/2.
TEXT_MATCH_CUT = 0.25
MAX_TEXT_MATCH_IMAGES = 2_048
VISUAL_CUT = 1 / 3
# The visual index is searched for at least this many images, which is hardly slower than a search for fewer.
MIN_SEARCHED = 2_048
# The number of segments in the sample that totals are estimated from.
ESTIMATE_SAMPLE = 1_024
# Subtracted from the log-odds of a text segment, per unit of `QueryWording.excess_oddness`.
ODDNESS_PENALTY = 3.0


class Retrieval:
    """Retrieves segments for one query at one revision of the catalog, and caches intermediate results."""

    def __init__(
        self, library: OpenHome, encoded: EncodedQuery, explain: bool, revision: int, decides_presence: bool = True
    ) -> None:
        """Prepare the retrieval.

        Args:
            library: The library to search.
            encoded: The query.
            explain: Whether candidates list the terms of their probabilities.
            revision: The revision of the catalog.
            decides_presence: Whether to decide if any image shows what the query describes, and to change the
                probabilities accordingly.
        """
        self._library = library
        self._encoded = encoded
        self._explain = explain
        self._revision = revision
        self._allowed: dict[Retriever, Ids] = {}
        self._decides_presence = decides_presence
        self._presence = Presence()
        self._scored: ScoredImages | None = None
        self._nearest = Nearest(library.indexes[Retriever.VISUAL], MIN_SEARCHED)

    def retrieve(self, retriever: Retriever, depth: int) -> Retrieved:
        """Return the best segments of a retriever.

        Args:
            retriever: The retriever.
            depth: The number of segments; more are returned if they were scored anyway.

        Raises:
            UsageError: The parts of the query cancel each other out.
            DeadlineError: The deadline of the request has passed.
        """
        check_deadline()
        if retriever is not Retriever.VISUAL:
            return self._text.retrieve(retriever, depth, self._explain)
        has_visual_part = any(part.weight > 0 for part in self._encoded.visual)
        return self._retrieve_visual(depth) if has_visual_part else make_empty(retriever)

    @cached_property
    def _text(self) -> TextRetriever:
        return make_text_retriever(
            self._library, self._encoded, self._revision, partial(self._select, Retriever.SEMANTIC), self._is_allowed
        )

    def _retrieve_visual(self, depth: int) -> Retrieved:
        retriever = Retriever.VISUAL
        snapshot = self._library.indexes[retriever].refresh(self._revision)
        vector = make_search_vector(self._encoded.visual, snapshot.sample)
        nearest = self._nearest.find(snapshot, vector, depth, partial(self._select, Retriever.VISUAL))
        self._score_further(snapshot, vector, nearest)
        found = self._score_further(snapshot, vector, self._find_images_of_text_matches(snapshot, depth))
        probabilities = self._apply_presence(found.logits)
        max_remaining = float(probabilities[np.isin(found.ids, nearest[-TAIL:])].max(initial=0.0))
        probabilities *= found.not_excluded
        order = np.argsort(-probabilities, kind="stable")
        order = order[found.not_excluded[order] > 1 - EXCLUSION_CUT]
        metadata = found.metadata[order]
        return Retrieved(
            retriever,
            metadata["segment"],
            metadata["item"],
            found.products[order],
            probabilities[order],
            exhausted=self._nearest.is_exhausted(depth),
            max_remaining=max_remaining,
            read_vector=lambda at: to_float32(found.vectors[order[at]]),
            phashes=metadata["phash"],
            has_phash=metadata["has_phash"],
            explain=(lambda at: self._explain_visual(snapshot, found.ids[order[at]])) if self._explain else None,
        )

    def _find_images_of_text_matches(self, snapshot: Snapshot, depth: int) -> Ids:
        """Return the embedding ids of the images of items whose text may be relevant."""
        ids = find_embeddings(snapshot, "item", self._text.list_likely_items(TEXT_MATCH_CUT, depth))
        return ids[~np.isin(ids, snapshot.denied)][:MAX_TEXT_MATCH_IMAGES]

    def _score_further(self, snapshot: Snapshot, vector: Vectors, ids: Ids) -> ScoredImages:
        """Score images that were not scored before, and return all that were scored."""
        known = self._scored
        new_ids = ids if known is None else ids[~np.isin(ids, known.ids)]
        if known is not None and not len(new_ids):
            return known
        stored, metadata, baselines = snapshot.gather(new_ids)
        found = VisualCandidates(to_float32(stored), baselines, metadata)
        logits = score_parts(self._encoded.visual, found, snapshot.sample)
        if known is None:
            # Decided once, from the nearest images. Images found later do not match better.
            self._presence = self._decide_presence(logits, found)
        scored = ScoredImages(
            new_ids, metadata, stored, found.vectors @ vector, logits, self._compute_not_excluded(found)
        )
        self._scored = scored if known is None else known.join(scored)
        return self._scored

    def _decide_presence(self, logits: Vectors, found: VisualCandidates) -> Presence:
        """Decide whether any image shows what the query describes."""
        wording = self._encoded.wording
        if wording is None or not self._decides_presence:
            return Presence()
        scorer = next(part.scorer for part in self._encoded.visual if part.weight > 0)
        return decide_presence(logits, scorer.measure_images(found.vectors, found.baselines), wording)

    def _apply_presence(self, logits: Vectors) -> Vectors:
        probabilities: Vectors = self._presence.apply(logits) * self._encoded.coverage[Retriever.VISUAL]
        return probabilities

    def estimate_counts(self, retriever: Retriever, cuts: Sequence[float]) -> list[float]:
        """Estimate how many segments of a vector retriever reach each cut, from a fixed random sample.

        Args:
            retriever: The visual or the semantic retriever.
            cuts: Probabilities of relevance.

        Returns:
            One number for each cut.
        """
        snapshot = self._library.indexes[retriever].refresh(self._revision)
        ids = self._select(retriever, snapshot)
        if ids is None:
            indexed = snapshot.generation.rows.ids if snapshot.generation is not None else snapshot.denied[:0]
            ids = np.concatenate([indexed, snapshot.delta.ids])
        ids = ids[~np.isin(ids, snapshot.denied)]
        if retriever is Retriever.VISUAL and self._encoded.filters.is_empty and len(snapshot.sample):
            # A sample of the whole library is in memory already.
            probabilities = self._score_visual(snapshot, snapshot.sample)
        else:
            drawn = ids[np.sort(np.random.default_rng(0).permutation(len(ids))[:ESTIMATE_SAMPLE])]
            if retriever is Retriever.VISUAL:
                probabilities = self._score_visual(snapshot, gather_candidates(snapshot, drawn))
            else:
                probabilities = self._text.score_embeddings(drawn)
        return [float((probabilities >= cut).sum()) * len(ids) / max(len(probabilities), 1) for cut in cuts]

    def _score_visual(self, snapshot: Snapshot, found: VisualCandidates | Sample) -> Vectors:
        """Compute the probabilities of relevance of images; 0 for those that show what is excluded."""
        not_excluded = self._compute_not_excluded(found)
        probabilities = self._apply_presence(score_parts(self._encoded.visual, found, snapshot.sample))
        result: Vectors = probabilities * not_excluded * (not_excluded > 1 - EXCLUSION_CUT)
        return result

    def _select(self, retriever: Retriever, snapshot: Snapshot) -> Ids | None:
        """Return the ids of the embeddings that match the filters, ascending, or None for all."""
        if self._encoded.filters.is_empty:
            return None
        if retriever not in self._allowed:
            self._allowed[retriever] = snapshot.select(self._allowed_items)
        return self._allowed[retriever]

    @cached_property
    def _allowed_items(self) -> Flags:
        """Whether each item matches the filters, by item id. The last flag, False, is for all higher ids."""
        return mark_items(self._library.catalog.database, self._revision, get_today(), self._encoded.filters)

    def _compute_not_excluded(self, found: VisualCandidates | Sample) -> Vectors:
        """Compute the probability that each candidate shows nothing that the query excludes, shape (n,)."""
        not_excluded = np.ones(len(found.vectors), np.float32)
        for part in self._encoded.excluded:
            if part.visual is not None:
                not_excluded *= 1 - to_probability(part.visual.score(found.vectors, found.baselines))
        return not_excluded

    def _explain_visual(self, snapshot: Snapshot, embedding_id: int) -> dict[str, float]:
        """Return every term of an image's score by name."""
        found = gather_candidates(snapshot, np.array([embedding_id], np.int64))
        retriever = Retriever.VISUAL
        terms = {"coverage": self._encoded.coverage[retriever], "retriever weight": self._encoded.weights[retriever]}
        return terms | explain_parts(self._encoded.visual, found, snapshot.sample)

    def _is_allowed(self, segments: Ids) -> Flags:
        """Return which segments match the filters, contain no excluded words and belong to a file that exists."""
        index = self._library.words
        allowed = np.ones(len(segments), bool)
        for words in self._encoded.excluded_words:
            allowed &= ~np.isin(segments, index.find_all(words))
        missing = select_missing(self._library.catalog.database)
        if len(missing) or not self._encoded.filters.is_empty:
            items = index.find_items(segments)
            allowed &= ~np.isin(items, missing)
            if not self._encoded.filters.is_empty:
                allowed &= self._allowed_items[np.minimum(items, len(self._allowed_items) - 1)]
        return allowed


def make_text_retriever(
    library: OpenHome,
    encoded: EncodedQuery,
    revision: int,
    select: Callable[[Snapshot], Ids | None] = lambda _: None,
    is_allowed: Callable[[Ids], Flags] = lambda segments: np.ones(len(segments), bool),
) -> TextRetriever:
    """Return the retriever that searches text for a query, lexically and semantically.

    A weight of 0 turns either of them off.

    Args:
        library: The library to search.
        encoded: The query.
        revision: The revision of the catalog.
        select: Returns the ids of the embeddings that match the filters, ascending, or None for all.
        is_allowed: Returns for each segment whether the filters and the excluded words allow it.
    """
    parts = encoded.semantic
    is_semantic = encoded.weights[Retriever.SEMANTIC] > 0 and any(part.weight > 0 for part in parts)
    query = TextQuery(
        terms=encoded.terms if encoded.weights[Retriever.LEXICAL] > 0 else (),
        parts=parts if is_semantic else (),
        excluded=[part.semantic for part in encoded.excluded if part.semantic is not None],
        phrases=encoded.filters.phrases,
        language=encoded.language,
        oddness_penalty=ODDNESS_PENALTY * encoded.wording.excess_oddness if encoded.wording is not None else 0.0,
        coverage=encoded.coverage,
    )
    return TextRetriever(library, query, revision, select, is_allowed)
