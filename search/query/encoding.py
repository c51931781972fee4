"""A query made ready: every part of it as vectors, with what scores pictures for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from search.errors import NothingHeardError, UsageError
from search.library import Library
from search.media.container import decode_sound
from search.media.image.picture import USEFUL_SIDE, crop_box, open_image
from search.query.correction import correct_query
from search.query.filters import join_filters
from search.query.grammar import parse_query
from search.records import Box, Filters, ItemType, Query, QueryPart, Retriever, Vectors, VoiceTranscript
from search.retrieval.calibrators import score_example, score_text
from search.retrieval.semantic import SemanticPart
from search.retrieval.visual import VisualPart
from search.scoring.presence import Wording
from search.scoring.visual import VisualScorer
from search.text.analysis import AnalyzedWord, split_query
from search.text.language import detect_language
from search.text.terms import Term, list_ignored, read_terms


@dataclass(frozen=True)
class EncodedPart:
    """One part of a query.

    Attributes:
        visual: What scores pictures for it; None for a part that cannot be seen.
        semantic: Its vector in the semantic space, shape (d,); None for a part that has no words.
        weight: How much it counts; below 0 it pushes away.
    """

    visual: VisualScorer | None = None
    semantic: Vectors | None = None
    weight: float = 1.0


@dataclass(frozen=True)
class Encoded:
    """A query made ready.

    Attributes:
        parts: What is asked for.
        excluded: What results must not show.
        words: The words to highlight.
        terms: What the lexical retriever searches.
        ignored: The stop words, as they were typed.
        excluded_words: The words of each exclusion.
        coverage: The share of the query, by weight, that each retriever can judge.
        weights: How much each retriever counts.
        wording: What the words tell; None for a query that asks by a picture or an item as well.
        corrected: The text without its typing errors, if there were any.
    """

    parts: list[EncodedPart]
    excluded: list[EncodedPart]
    words: list[AnalyzedWord]
    terms: list[Term]
    ignored: tuple[str, ...]
    excluded_words: list[list[AnalyzedWord]]
    coverage: dict[Retriever, float]
    weights: dict[Retriever, float]
    filters: Filters
    voice: VoiceTranscript | None
    language: str | None
    only_english: tuple[str, ...]
    wording: Wording | None = None
    corrected: str | None = None

    @property
    def is_browsing(self) -> bool:
        """True when nothing is asked but filters."""
        return not self.parts

    @property
    def visual(self) -> list[VisualPart]:
        """The parts that can be seen."""
        return [VisualPart(one.visual, one.weight) for one in self.parts if one.visual is not None]

    @property
    def semantic(self) -> list[SemanticPart]:
        """The parts that have words."""
        return [SemanticPart(one.semantic, one.weight) for one in self.parts if one.semantic is not None]


def encode_query(library: Library, query: Query) -> Encoded:
    """Encode a query.

    Raises UsageError for one that says nothing or cannot be read, UnreadableMediaError for a picture or voice
    that cannot be read, NothingHeardError for a silent voice, NotFoundError for an unknown item.
    """
    corrected = correct_query(query.text or "", library.words.list_words(), detect_language) if query.correct else None
    parsed = parse_query(corrected or query.text or "")
    voice = _listen(library, query.voice) if query.voice is not None else None
    parts = [QueryPart(text=text) for text in (parsed.text, voice.searched if voice else "") if text.strip()]
    parts += [QueryPart(text=text, weight=weight) for text, weight in parsed.added]
    parts += query.parts
    filters = join_filters(query.filters, parsed.filters)
    excluded = [text.strip() for text in (*query.exclude, *parsed.excluded) if text.strip()]
    _check(parts, filters)
    encoded = [replace(_encode_part(library, part), weight=part.weight) for part in parts]
    texts = [(part.text, part.weight) for part in parts if part.text]
    language = _tell_language(" ".join(text for text, _ in texts), voice)
    total = sum(max(part.weight, 0) for part in parts) or 1.0
    covered = {
        Retriever.VISUAL: [one.weight for one in encoded if one.visual is not None],
        Retriever.SEMANTIC: [one.weight for one in encoded if one.semantic is not None],
        Retriever.LEXICAL: [weight for _, weight in texts],
    }
    wanted = [text for text, weight in texts if weight > 0]
    terms = read_terms(wanted, language)
    return Encoded(
        parts=encoded,
        excluded=[_encode_text(library, text) for text in excluded],
        words=[term.word for term in terms],
        terms=terms,
        ignored=list_ignored(wanted, language),
        excluded_words=[split_query(text) for text in excluded],
        coverage={
            retriever: sum(max(weight, 0) for weight in weights) / total for retriever, weights in covered.items()
        },
        weights={retriever: query.weights.get(retriever, 1.0) for retriever in Retriever},
        filters=filters,
        voice=voice,
        language=language,
        only_english=_list_english(library) if language not in (None, "en") else (),
        wording=_read_wording(library, parts),
        corrected=corrected,
    )


def _read_wording(library: Library, parts: Sequence[QueryPart]) -> Wording | None:
    wanted = [part.text for part in parts if part.weight > 0]
    texts = [text for text in wanted if text]
    if not texts or len(texts) < len(wanted):
        return None
    query_classifier, joined = library.models.query_classifier, " ".join(texts)
    name, scene, other = query_classifier.measure_kinds([joined])[0].tolist()
    return Wording(query_classifier.measure_oddness(joined), name / max(name + scene, 1e-6), other)


def _listen(library: Library, voice: bytes) -> VoiceTranscript:
    """Return what is said, and in English too when a chosen model understands nothing else."""
    speech, samples = library.models.transcriber, decode_sound(voice)
    heard = speech.transcribe(samples)
    if not heard.text:
        raise NothingHeardError("nothing was heard in the voice query: speak closer, or type the words")
    if heard.language in (None, "en") or not _list_english(library) or not speech.can_translate:
        return VoiceTranscript(heard.text, heard.language)
    translated = speech.transcribe(samples, heard.language, translate=True)
    return VoiceTranscript(heard.text, heard.language, translated.text or None)


def _tell_language(text: str, voice: VoiceTranscript | None) -> str | None:
    """Return the language of what is searched for."""
    if voice is not None:
        return "en" if voice.translation else voice.language
    return detect_language(text) if text else None


def _list_english(library: Library) -> tuple[str, ...]:
    """Return the names of the chosen models that understand English alone."""
    models = (library.models.image_encoder, library.models.text_encoder)
    return tuple(model.name for model in models if not model.is_multilingual)


def _check(parts: Sequence[QueryPart], filters: Filters) -> None:
    if not parts and filters.is_empty:
        raise UsageError("the query is empty: give text, a picture, a voice recording, an item or a filter")
    if parts and all(part.weight <= 0 for part in parts):
        raise UsageError("every part of the query has a weight of 0 or below: one at least must be above")
    for part in parts:
        if sum(one is not None for one in (part.text, part.image, part.query_image, part.item)) != 1:
            raise UsageError("each part of a query is one of text, image, query_image or item")


def _encode_part(library: Library, part: QueryPart) -> EncodedPart:
    if part.text is not None:
        return _encode_text(library, part.text)
    image = library.query_images.read(part.query_image) if part.query_image is not None else part.image
    if image is not None:
        return EncodedPart(score_example(library, _embed_image(library, image, part.crop)))
    return _encode_item(library, part.item or 0, part.crop)


def _encode_text(library: Library, text: str) -> EncodedPart:
    return EncodedPart(score_text(library, text), library.models.text_encoder.encode_queries([text])[0])


def _embed_image(library: Library, image: bytes, crop: Box | None) -> Vectors:
    picture, _ = open_image(image, None if crop else USEFUL_SIDE)
    if crop:
        picture = crop_box(picture, crop)
    encoder = library.models.image_encoder
    vector: Vectors = encoder.encode_images([encoder.transform(picture)])[0]
    return vector


def _encode_item(library: Library, item_id: int, crop: Box | None) -> EncodedPart:
    """Encode what an indexed item looks and sounds like."""
    item = library.catalog.get_item(item_id)
    if crop:
        if item.type is not ItemType.IMAGE:
            raise UsageError(f"crop: item {item_id} is no picture")
        return EncodedPart(score_example(library, _embed_image(library, Path(item.path).read_bytes(), crop)))
    means = {}
    for retriever, space in library.indexes.items():
        rows = library.catalog.read_vectors(item_id, space.space_id)
        if len(rows):
            mean = rows.mean(axis=0)
            means[retriever] = mean / np.linalg.norm(mean)
    seen = means.get(Retriever.VISUAL)
    return EncodedPart(score_example(library, seen) if seen is not None else None, means.get(Retriever.SEMANTIC))
