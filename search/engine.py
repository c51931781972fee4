"""A query becomes hits: encode, retrieve by lane, calibrate, fuse, group, explain."""

import base64
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search.errors import NothingHeardError, UsageError
from search.library import Library
from search.media.container import decode_sound
from search.media.picture import USEFUL_SIDE, open_picture
from search.ranking.calibration import (
    PICTURE_CURVE,
    RELEVANCE_CUT,
    TEXT_CURVES,
    Curve,
    calibrate,
    calibrate_words,
    measure_background,
)
from search.ranking.fusion import Ranked, fuse
from search.ranking.lanes import Candidate, Retrieved
from search.ranking.snippets import cut_snippet
from search.records import (
    Answer,
    Evidence,
    Filters,
    Hit,
    Ids,
    Lane,
    Query,
    Segment,
    Transcript,
    Vectors,
)
from search.store.filters import select_embeddings
from search.store.space import Snapshot, SpaceIndex
from search.store.words import count_words, search_words, split_words

FIRST_DEPTH = 256
MAX_LIMIT = 1000
# Candidates less likely than this are only of interest when everything is asked for.
FLOOR = 0.02


@dataclass(frozen=True)
class Probe:
    """One part of a query in one space: its vector, shape (d,), and the curve for its kind."""

    vector: Vectors
    curve: Curve


@dataclass(frozen=True)
class Encoded:
    """A query made ready: probes to find and to exclude by lane, and the words."""

    probes: dict[Lane, list[Probe]]
    excluded: dict[Lane, list[Probe]]
    words: list[str]
    excluded_words: list[list[str]]
    voice: Transcript | None
    text: str | None


class Engine:
    """Answers queries over one library. Safe to share between threads."""

    def __init__(self, library: Library) -> None:
        self.library = library

    def warm_up(self) -> None:
        """Load what a text query takes."""
        self._probe_texts(["a photo"])

    def search(self, query: Query) -> Answer:
        """Answer a query.

        Raises UsageError for a request that cannot be meant, UnreadableMediaError for a picture or voice
        that cannot be read, NothingHeardError for a silent voice, NotFoundError for an unknown item.
        """
        began = time.perf_counter()
        offset = _read_cursor(query)
        encoded = self._encode(query)
        ranked = self._rank(query, encoded, offset + query.limit + 1)
        relevant = [one for one in ranked if one.score >= RELEVANCE_CUT]
        shown = ranked if query.include_all else relevant
        page = shown[offset : offset + query.limit]
        more = len(shown) > offset + query.limit
        return Answer(
            text=query.text,
            voice_text=encoded.voice.text if encoded.voice else None,
            voice_language=encoded.voice.language if encoded.voice else None,
            hits=self._make_hits(page, offset, encoded.words),
            total=len(relevant),
            next=_write_cursor(offset + query.limit) if more else None,
            nothing_relevant=not relevant,
            coverage=self.library.catalogue.read_coverage(),
            took_ms=(time.perf_counter() - began) * 1000,
        )

    def _encode(self, query: Query) -> Encoded:
        models = self.library.models
        voice = None
        texts = [query.text.strip()] if query.text and query.text.strip() else []
        if query.voice is not None:
            voice = models.speech.transcribe(decode_sound(query.voice))
            if not voice.text:
                raise NothingHeardError("nothing was heard in the voice query: speak closer, or type the words")
            texts.append(voice.text)
        if not (texts or query.images or query.like):
            raise UsageError("the query is empty: give text, a picture, a voice recording or an item")
        probes = self._probe_texts(texts)
        for image in query.images:
            picture, _ = open_picture(image, USEFUL_SIDE)
            vector = models.picture.encode_pictures([models.picture.prepare(picture)])[0]
            probes[Lane.PICTURE].append(Probe(vector, PICTURE_CURVE))
        for item_id in query.like:
            self._probe_item(item_id, probes)
        excluded = [text.strip() for text in query.exclude if text.strip()]
        return Encoded(
            probes,
            self._probe_texts(excluded),
            split_words(" ".join(texts)),
            [split_words(text) for text in excluded],
            voice,
            query.text,
        )

    def _probe_texts(self, texts: Sequence[str]) -> dict[Lane, list[Probe]]:
        if not texts:
            return {lane: [] for lane in TEXT_CURVES}
        rows = {
            Lane.PICTURE: self.library.models.picture.encode_texts(texts),
            Lane.MEANING: self.library.models.meaning.encode_queries(texts),
        }
        return {lane: [Probe(row, TEXT_CURVES[lane]) for row in rows[lane]] for lane in rows}

    def _probe_item(self, item_id: int, probes: dict[Lane, list[Probe]]) -> None:
        """Add what an indexed item looks and sounds like to the query."""
        self.library.catalogue.get_item(item_id)
        curves = {Lane.PICTURE: PICTURE_CURVE, Lane.MEANING: TEXT_CURVES[Lane.MEANING]}
        for lane, space in self.library.spaces.items():
            rows = self.library.catalogue.read_vectors(item_id, space.space_id)
            if len(rows):
                mean = rows.mean(axis=0)
                probes[lane].append(Probe(mean / np.linalg.norm(mean), curves[lane]))

    def _rank(self, query: Query, encoded: Encoded, wanted: int) -> list[Ranked]:
        """Look deeper into every lane until it holds nothing more that could matter."""
        depth = max(FIRST_DEPTH, 2 * wanted)
        revision = self.library.catalogue.read_revision()
        lanes = [lane for lane in Lane if query.weights.get(lane, 1.0) > 0]
        while True:
            found = {lane: self._retrieve(lane, query, encoded, depth, revision) for lane in lanes}
            ranked = fuse({lane: one.candidates for lane, one in found.items()}, query.weights)
            floor = 0.0 if query.include_all and len(ranked) < wanted else FLOOR
            open_lanes = [one for one in found.values() if not one.exhausted and _last_probability(one) >= floor]
            if not open_lanes:
                return ranked
            depth *= 4

    def _retrieve(self, lane: Lane, query: Query, encoded: Encoded, depth: int, revision: int) -> Retrieved:
        if lane is Lane.WORDS:
            return self._retrieve_words(query.filters, encoded, depth)
        space = self.library.spaces[lane]
        probes = encoded.probes[lane]
        if not probes:
            return Retrieved([], True)
        snapshot = space.refresh(revision)
        allowed = None
        if not query.filters.is_empty:
            allowed = select_embeddings(self.library.catalogue.database, space.space_id, query.filters)
        vector, curve = _combine(probes, snapshot)
        ids, scores = space.search(snapshot, vector[None], depth, allowed)[0]
        probabilities = calibrate(scores, measure_background(vector, snapshot.sample, curve), curve)
        owners = space.read_segments(ids)
        unwanted = self._find_unwanted(encoded.excluded[lane], space, snapshot, ids)
        candidates = [
            Candidate(lane, *owners[embedding], float(raw), float(probability))
            for embedding, raw, probability in zip(ids.tolist(), scores, probabilities, strict=True)
            if embedding in owners and embedding not in unwanted
        ]
        return Retrieved(candidates, len(ids) < depth)

    def _find_unwanted(self, probes: Sequence[Probe], space: SpaceIndex, snapshot: Snapshot, ids: Ids) -> set[int]:
        """Give those candidates that show what the query excludes."""
        unwanted: set[int] = set()
        if probes and len(ids):
            vectors = space.read_vectors(ids)
            for probe in probes:
                background = measure_background(probe.vector, snapshot.sample, probe.curve)
                shown = calibrate(vectors @ probe.vector, background, probe.curve) >= RELEVANCE_CUT
                unwanted |= set(ids[shown].tolist())
        return unwanted

    def _retrieve_words(self, filters: Filters, encoded: Encoded, depth: int) -> Retrieved:
        words = list(dict.fromkeys(encoded.words))
        if not words:
            return Retrieved([], True)
        database = self.library.catalogue.database
        hits = search_words(database, words, filters, depth)
        counts, total = count_words(database, words)
        weight = {word: math.log(1 + (total + 0.5) / (counts[word] + 0.5)) for word in words}
        mass = sum(weight.values())
        held = [set(split_words(hit.text)) for hit in hits]
        matched = [[word for word in words if word in one] for one in held]
        shares = np.array([sum(weight[word] for word in one) / mass for one in matched], np.float32)
        lengths = np.array([len(one) for one in matched], np.float32)
        candidates = [
            Candidate(Lane.WORDS, hit.segment_id, hit.item_id, hit.bm25, float(probability))
            for hit, words_held, probability in zip(hits, held, calibrate_words(shares, lengths), strict=True)
            if not any(one and words_held.issuperset(one) for one in encoded.excluded_words)
        ]
        candidates.sort(key=lambda one: (-one.probability, -one.raw))
        return Retrieved(candidates, len(hits) < depth)

    def _make_hits(self, page: Sequence[Ranked], offset: int, words: Sequence[str]) -> tuple[Hit, ...]:
        catalogue = self.library.catalogue
        items = catalogue.read_items([one.item_id for one in page])
        wanted = [candidate.segment_id for one in page for candidate in one.candidates]
        segments = catalogue.read_segments(wanted)
        hits = []
        for place, one in enumerate(page):
            if one.item_id not in items:
                continue  # forgotten since it was retrieved
            evidence = tuple(
                _make_evidence(candidate, segments[candidate.segment_id].segment, words)
                for candidate in one.candidates
                if candidate.segment_id in segments
            )
            item = items[one.item_id]
            hits.append(Hit(offset + place + 1, one.score, one.score >= RELEVANCE_CUT, item, evidence))
        return tuple(hits)


def _combine(probes: Sequence[Probe], snapshot: Snapshot) -> tuple[Vectors, Curve]:
    """Join the parts of a query into one vector, each part counting equally.

    A picture is nearer to all pictures than a text is to any; dividing each part by the spread of its own
    background keeps it from drowning the other.
    """
    if len(probes) == 1:
        return probes[0].vector, probes[0].curve
    parts = [
        probe.vector / max(measure_background(probe.vector, snapshot.sample, probe.curve).deviation, 1e-6)
        for probe in probes
    ]
    total = np.sum(parts, axis=0)
    length = float(np.linalg.norm(total))
    if length == 0:
        raise UsageError("the parts of the query cancel each other out")
    return (total / length).astype(np.float32), probes[-1].curve


def _last_probability(retrieved: Retrieved) -> float:
    return retrieved.candidates[-1].probability if retrieved.candidates else 1.0


def _make_evidence(candidate: Candidate, segment: Segment, words: Sequence[str]) -> Evidence:
    return Evidence(
        lane=candidate.lane,
        segment_id=candidate.segment_id,
        kind=segment.kind,
        score=candidate.probability,
        raw=candidate.raw,
        start=segment.start,
        end=segment.end,
        page=segment.page,
        snippet=cut_snippet(segment.text, words) if segment.text else None,
    )


def _read_cursor(query: Query) -> int:
    if query.limit < 1 or query.limit > MAX_LIMIT:
        raise UsageError(f"limit must lie between 1 and {MAX_LIMIT}, not {query.limit}")
    if query.cursor is None:
        return 0
    try:
        offset = int(json.loads(base64.urlsafe_b64decode(query.cursor))["offset"])
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError("cursor is not one that this server gave out") from error
    if not 0 <= offset < 2**31:
        raise UsageError("cursor is not one that this server gave out")
    return offset


def _write_cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(json.dumps({"offset": offset}).encode()).decode()
