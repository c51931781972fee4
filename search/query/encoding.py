"""Encoding of a query: every part as a vector of the semantic space and a scorer of images."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from search.errors import NoSpeechError, UsageError
from search.media.image.pillow import USEFUL_SIDE, crop_box, open_image
from search.media.recording.sound import decode_sound
from search.open_home import OpenHome
from search.paths import find_file
from search.query.correction import correct_query
from search.query.filters import join_filters
from search.query.grammar import parse_query
from search.query.readable_words import list_readable_words
from search.records import Box, Filters, ItemType, Query, QueryPart, Retriever, Vectors, VoiceTranscript
from search.retrieval.semantic import SemanticPart
from search.retrieval.visual_scoring import VisualPart, score_example, score_text
from search.scoring.presence import QueryWording
from search.scoring.visual import VisualScorer
from search.text.analysis import AnalyzedWord, split_query
from search.text.language import detect_language
from search.text.terms import Term, list_ignored, read_terms


@dataclass(frozen=True)
class EncodedPart:
    """One part of a query.

    Attributes:
        visual: Scores images for the part; None for an item without an image.
        semantic: Its vector in the semantic space, shape (d,); None for an image, and for an item without text.
        weight: Its weight; a negative weight ranks similar items lower.
    """

    visual: VisualScorer | None = None
    semantic: Vectors | None = None
    weight: float = 1.0


@dataclass(frozen=True)
class EncodedQuery:
    """An encoded query.

    Attributes:
        parts: The parts that are searched for.
        excluded: The parts that results must not match.
        words: The words to highlight.
        terms: The terms that the lexical retriever searches for.
        ignored: The stop words, as typed.
        excluded_words: The words of each excluded part.
        coverage: The share of the query, by weight, that each retriever can score.
        weights: The weight of each retriever.
        filters: The filters of the query.
        voice: The transcript of a spoken query.
        language: The language (ISO 639-1), if it was detected.
        only_english: The models that only understand English, if the query is in another language.
        wording: Properties of the text; None for a query with an image or an item.
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
    wording: QueryWording | None = None
    corrected: str | None = None

    @property
    def is_browsing(self) -> bool:
        """Whether the query has only filters."""
        return not self.parts

    @property
    def visual(self) -> list[VisualPart]:
        """The parts that the visual retriever can score."""
        return [VisualPart(part.visual, part.weight) for part in self.parts if part.visual is not None]

    @property
    def semantic(self) -> list[SemanticPart]:
        """The parts that the semantic retriever can score."""
        return [SemanticPart(part.semantic, part.weight) for part in self.parts if part.semantic is not None]


def encode_query(library: OpenHome, query: Query) -> EncodedQuery:
    """Parse and encode a query.

    Raises:
        UsageError: The query is empty or not valid.
        UnreadableMediaError: An image or a recording cannot be read.
        NoSpeechError: A voice query contains no speech.
        NotFoundError: An item or an uploaded image does not exist.
    """
    corrected = (
        correct_query(query.text or "", list_readable_words(library), detect_language) if query.correct else None
    )
    parsed = parse_query(corrected or query.text or "")
    voice = _transcribe(library, query.voice) if query.voice is not None else None
    parts = [QueryPart(text=text) for text in (parsed.text, voice.searched if voice else "") if text.strip()]
    parts += [QueryPart(text=text, weight=weight) for text, weight in parsed.added]
    parts += query.parts
    filters = join_filters(query.filters, parsed.filters)
    _check_parts(parts, filters)
    excluded = [text.strip() for text in (*query.exclude, *parsed.excluded) if text.strip()]
    encoded = [replace(_encode_part(library, part), weight=part.weight) for part in parts]
    language = _find_language(" ".join(part.text for part in parts if part.text), voice)
    wanted = [part.text for part in parts if part.text and part.weight > 0]
    terms = read_terms(wanted, language)
    return EncodedQuery(
        parts=encoded,
        excluded=[_encode_text(library, text) for text in excluded],
        words=[term.word for term in terms],
        terms=terms,
        ignored=list_ignored(wanted, language),
        excluded_words=[split_query(text) for text in excluded],
        coverage=_compute_coverage(parts, encoded),
        weights={retriever: query.weights.get(retriever, 1.0) for retriever in Retriever},
        filters=filters,
        voice=voice,
        language=language,
        only_english=_list_english_models(library) if language not in (None, "en") else (),
        wording=_measure_wording(library, parts),
        corrected=corrected,
    )


def _compute_coverage(parts: Sequence[QueryPart], encoded: Sequence[EncodedPart]) -> dict[Retriever, float]:
    """Return the share of the query, by weight, that each retriever can score."""
    total = sum(max(part.weight, 0) for part in parts) or 1.0
    covered = {
        Retriever.VISUAL: [part.weight for part in encoded if part.visual is not None],
        Retriever.SEMANTIC: [part.weight for part in encoded if part.semantic is not None],
        Retriever.LEXICAL: [part.weight for part in parts if part.text],
    }
    return {retriever: sum(max(weight, 0) for weight in weights) / total for retriever, weights in covered.items()}


def _measure_wording(library: OpenHome, parts: Sequence[QueryPart]) -> QueryWording | None:
    """Return the properties of the text of a query, or None if not all wanted parts are texts."""
    wanted = [part.text for part in parts if part.weight > 0]
    texts = [text for text in wanted if text]
    if not texts or len(texts) < len(wanted):
        return None
    query_classifier, joined = library.models.query_classifier, " ".join(texts)
    name, scene, other = query_classifier.measure_kinds([joined])[0].tolist()
    return QueryWording(query_classifier.measure_oddness(joined), name / max(name + scene, 1e-6), other)


def _transcribe(library: OpenHome, voice: bytes) -> VoiceTranscript:
    """Transcribe a voice query, and translate it if a chosen model only understands English."""
    transcriber, samples = library.models.transcriber, decode_sound(voice)
    transcript = transcriber.transcribe(samples)
    if not transcript.text:
        raise NoSpeechError(
            "No speech was recognized in the voice query. Speak closer to the microphone, or type the words."
        )
    if transcript.language in (None, "en") or not _list_english_models(library) or not transcriber.can_translate:
        return VoiceTranscript(transcript.text, transcript.language)
    translated = transcriber.transcribe(samples, transcript.language, translate=True)
    return VoiceTranscript(transcript.text, transcript.language, translated.text or None)


def _find_language(text: str, voice: VoiceTranscript | None) -> str | None:
    """Return the language (ISO 639-1) of the searched text, or None."""
    if voice is not None:
        return "en" if voice.translation else voice.language
    return detect_language(text) if text else None


def _list_english_models(library: OpenHome) -> tuple[str, ...]:
    """Return the names of the chosen models that only understand English."""
    models = (library.models.image_encoder, library.models.text_encoder)
    return tuple(model.name for model in models if not model.is_multilingual)


def _check_parts(parts: Sequence[QueryPart], filters: Filters) -> None:
    """Raise UsageError if the query is empty, or a part or a weight is not valid."""
    if not parts and not filters.are_given:
        raise UsageError("The query is empty. Pass a text, an image, a voice recording, an item or a filter.")
    if parts and all(part.weight <= 0 for part in parts):
        raise UsageError("All parts of the query have a weight of 0 or below. At least one weight must be positive.")
    for part in parts:
        if sum(value is not None for value in (part.text, part.image, part.query_image, part.item)) != 1:
            raise UsageError("Each part of a query must have exactly one of text, image, query_image or item.")


def _encode_part(library: OpenHome, part: QueryPart) -> EncodedPart:
    if part.text is not None:
        return _encode_text(library, part.text)
    image = library.query_images.read(part.query_image) if part.query_image is not None else part.image
    if image is not None:
        return EncodedPart(score_example(library, _embed_image(library, image, part.crop)))
    return _encode_item(library, part.item or 0, part.crop)


def _encode_text(library: OpenHome, text: str) -> EncodedPart:
    return EncodedPart(score_text(library, text), library.models.text_encoder.encode_queries([text])[0])


def _embed_image(library: OpenHome, image: bytes, crop: Box | None) -> Vectors:
    """Return the vector, shape (d,), of an image file or a region of it."""
    opened, _ = open_image(image, None if crop else USEFUL_SIDE)
    if crop:
        opened = crop_box(opened, crop)
    encoder = library.models.image_encoder
    vector: Vectors = encoder.encode_images([encoder.transform(opened)])[0]
    return vector


def _encode_item(library: OpenHome, item_id: int, crop: Box | None) -> EncodedPart:
    """Encode an indexed item by the mean of its vectors in each space, or by a region of its image."""
    item = library.catalog.get_item(item_id)
    if crop:
        if item.type is not ItemType.IMAGE:
            raise UsageError(f"crop: item {item_id} is not an image.")
        return EncodedPart(score_example(library, _embed_image(library, find_file(item).read_bytes(), crop)))
    means = {}
    for retriever, index in library.indexes.items():
        rows = library.catalog.read_vectors(item_id, index.space_id)
        if len(rows):
            mean = rows.mean(axis=0)
            means[retriever] = mean / np.linalg.norm(mean)
    image = means.get(Retriever.VISUAL)
    return EncodedPart(score_example(library, image) if image is not None else None, means.get(Retriever.SEMANTIC))
