"""Encoding of a query: every part as a vector of the semantic space and a scorer of images."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from search.errors import NoSpeechError, UsageError
from search.open_home import OpenHome
from search.query.correction import correct_query
from search.query.filters import leave_out
from search.query.folders import NamedFolder
from search.query.intent.reading import Reading, apply_recognized, hide_request, read_query, recognize, remove_words
from search.query.named import keep_folder, loses_places, read_named
from search.query.part_encoding import EncodedPart, decode_part, encode_part, encode_text
from search.query.places import NamedPlaces
from search.query.readable_words import list_readable_words
from search.query.voice import make_key, write_as_typed
from search.records import Filters, Query, QueryPart, Recognized, Retriever, VoiceTranscript
from search.retrieval.semantic import SemanticPart
from search.retrieval.visual_scoring import VisualPart
from search.scoring.presence import QueryWording
from search.text.analysis import AnalyzedWord, split_query
from search.text.language import detect_language
from search.text.terms import Term, list_ignored, read_terms


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
        recognized: The words that are used as filters.
        named: The places that it names, if items of the library were captured there; or the folder.
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
    recognized: tuple[Recognized, ...] = ()
    named: NamedPlaces | NamedFolder | None = None

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


def encode_query(library: OpenHome, query: Query, reads_places: bool = True) -> EncodedQuery:
    """Parse and encode a query.

    Args:
        library: The library to search.
        query: The query.
        reads_places: Whether to look for names of places in its text.

    Raises:
        UsageError: The query is empty, not valid, or exceeds a limit.
        UnreadableMediaError: An image or a recording cannot be read.
        NoSpeechError: A voice query contains no speech.
        NotFoundError: An item or an uploaded image does not exist.
        BusyError: Too many other queries are being encoded, or the deadline of the request has passed.
    """
    library.limits.check(query)
    corrected = (
        correct_query(query.text or "", list_readable_words(library), detect_language) if query.correct else None
    )
    reading = read_query(query, corrected)
    if corrected and reads_places and loses_places(library, query, reading):
        corrected, reading = None, read_query(query)
    voice = _transcribe(library, query, query.voice) if query.voice is not None else None
    kept = keep_folder(library, query, reading, corrected, voice.searched if voice is not None else "")
    if kept is not query:
        query, reading = kept, read_query(kept, corrected)
    parsed = reading.parsed
    spoken, recognized, filters = _read_spoken(voice, query, reading)
    named = read_named(library, query, reading, spoken) if reads_places else None
    parts = [QueryPart(text=text) for text in (parsed.text, spoken) if text.strip()]
    parts += [QueryPart(text=text, weight=weight) for text, weight in parsed.added]
    parts += query.parts
    _check_parts(parts, filters)
    filters = leave_out(filters, query.without)
    excluded = [text.strip() for text in (*query.exclude, *parsed.excluded) if text.strip()]
    library.limits.check_parts(len(parts) + len(excluded))
    language = _find_language(" ".join(part.text for part in parts if part.text), voice)
    wanted = [part.text for part in parts if part.text and part.weight > 0]
    terms = read_terms(wanted, language)
    library.limits.check_terms(len(terms))
    pixels = [decode_part(library, part) for part in parts]
    with library.encoding.enter():
        encoded = [
            replace(encode_part(library, part, one), weight=part.weight)
            for part, one in zip(parts, pixels, strict=True)
        ]
        encoded_excluded = [encode_text(library, text) for text in excluded]
        wording = _measure_wording(library, parts)
    return EncodedQuery(
        parts=encoded,
        excluded=encoded_excluded,
        words=[term.word for term in terms],
        terms=terms,
        ignored=(*reading.asked, *list_ignored(wanted, language)),
        excluded_words=[split_query(text) for text in excluded],
        coverage=_compute_coverage(parts, encoded),
        weights={retriever: query.weights.get(retriever, 1.0) for retriever in Retriever},
        filters=filters,
        voice=voice,
        language=language,
        only_english=_list_english_models(library) if language not in (None, "en") else (),
        wording=wording,
        corrected=corrected,
        recognized=recognized,
        named=named,
    )


def _read_spoken(
    voice: VoiceTranscript | None, query: Query, reading: Reading
) -> tuple[str, tuple[Recognized, ...], Filters]:
    """Return the spoken words to search for, and all recognized words and filters with those of the spoken words."""
    if voice is None:
        return "", reading.recognized, reading.filters
    text = write_as_typed(voice.searched)
    text, _ = hide_request(text, query, [(0, len(text))])
    words = recognize(text, [(0, len(text))], query, reading.filters)
    text = remove_words(text, words) if words else text
    return text.strip(), (*reading.recognized, *words), apply_recognized(reading.filters, words)


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


def _transcribe(library: OpenHome, query: Query, voice: bytes) -> VoiceTranscript:
    """Transcribe a voice query, and translate it if a chosen model only understands English."""
    english = _list_english_models(library)
    languages = query.voice_languages if query.voice_language is None else (query.voice_language,)
    key = make_key(voice, library.models.transcriber.name, f"languages={','.join(languages)}", *english)
    return library.spoken.transcribe(key, lambda: _recognize(library, voice, languages, bool(english)))


def _recognize(library: OpenHome, voice: bytes, languages: Sequence[str], translate: bool) -> VoiceTranscript:
    """Return the transcript of a recording in one of some languages, or in any."""
    from search.media.on_demand import decode_voice

    transcriber = library.models.transcriber
    samples = library.media.call(decode_voice, voice, library.limits.seconds)
    transcript = transcriber.transcribe_query(samples, languages)
    if not transcript.text:
        raise NoSpeechError(
            "No speech was recognized in the voice query. Speak closer to the microphone, or type the words."
        )
    if transcript.language in (None, "en") or not translate or not transcriber.can_translate:
        return VoiceTranscript(transcript.text, transcript.language)
    translated = transcriber.transcribe_query(samples, (transcript.language,), translate=True)
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
