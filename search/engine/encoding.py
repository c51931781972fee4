"""A query made ready: every part of it as vectors, each with the curves that judge it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from search.engine.curves import get_scale
from search.errors import NothingHeardError, UsageError
from search.library import Library
from search.media.container import decode_sound
from search.media.picture import USEFUL_SIDE, crop_box, open_picture
from search.models.language import detect_language
from search.ranking.calibration import Scale, read_curves
from search.ranking.grammar import join_filters, parse_query
from search.records import Box, Filters, Heard, ItemType, Lane, Query, QueryPart, Vectors
from search.store.analysis import Word, split_query

VECTOR_LANES = (Lane.PICTURE, Lane.MEANING)
PICTURED = {"picture": 1.0}


@dataclass(frozen=True)
class Probe:
    """One part of a query in one space: its vector (d,), the scales that judge it with their shares, its weight.

    trust: how likely it is that such a part means anything in this space: a question means no picture; kinds: how much
    the part is of each kind of query.
    """

    vector: Vectors
    scales: tuple[tuple[float, Scale], ...]
    kinds: Mapping[str, float]
    weight: float = 1.0
    trust: float = 1.0


@dataclass(frozen=True)
class Encoded:
    """A query made ready.

    coverage: which share of it, by weight and trust, a lane can judge at all; weights: how much a lane's word counts,
    by what was learned for such a query and what was asked for; is_browsing: nothing is asked but filters.
    """

    probes: dict[Lane, list[Probe]]
    excluded: dict[Lane, list[Probe]]
    words: list[Word]
    excluded_words: list[list[Word]]
    coverage: dict[Lane, float]
    weights: dict[Lane, float]
    filters: Filters
    voice: Heard | None
    language: str | None
    only_english: tuple[str, ...]
    is_browsing: bool


def encode_query(library: Library, query: Query) -> Encoded:
    """Encode a query.

    Raises UsageError for one that says nothing or cannot be read, UnreadableMediaError for a picture or voice
    that cannot be read, NothingHeardError for a silent voice, NotFoundError for an unknown item.
    """
    parsed = parse_query(query.text or "")
    voice = _listen(library, query.voice) if query.voice is not None else None
    parts = [QueryPart(text=text) for text in (parsed.text, voice.searched if voice else "") if text.strip()]
    parts += [QueryPart(text=text, weight=weight) for text, weight in parsed.added]
    parts += query.parts
    filters = join_filters(query.filters, parsed.filters)
    excluded = [text.strip() for text in (*query.exclude, *parsed.excluded) if text.strip()]
    _check(parts, filters)
    probes: dict[Lane, list[Probe]] = {lane: [] for lane in VECTOR_LANES}
    kinds: defaultdict[str, float] = defaultdict(float)
    for part in parts:
        made = _probe_part(library, part)
        for lane, probe in made.items():
            probes[lane].append(replace(probe, weight=part.weight))
        for kind, share in next((probe.kinds for probe in made.values()), {}).items():
            kinds[kind] += abs(part.weight) * share
    texts = [(part.text, part.weight) for part in parts if part.text]
    language = _tell_language(" ".join(text for text, _ in texts), voice)
    total = sum(max(part.weight, 0) for part in parts) or 1.0
    coverage = {lane: sum(max(one.weight, 0) * one.trust for one in probes[lane]) / total for lane in VECTOR_LANES}
    coverage[Lane.WORDS] = sum(max(weight, 0) for _, weight in texts) / total
    without = [_probe_text(library, text) for text in excluded]
    return Encoded(
        probes=probes,
        excluded={lane: [one[lane] for one in without] for lane in VECTOR_LANES},
        words=split_query(" ".join(text for text, weight in texts if weight > 0)),
        excluded_words=[split_query(text) for text in excluded],
        coverage=coverage,
        weights={lane: weigh_lane(lane, kinds) * query.weights.get(lane, 1.0) for lane in Lane},
        filters=filters,
        voice=voice,
        language=language,
        only_english=_list_english(library) if language not in (None, "en") else (),
        is_browsing=not parts,
    )


def weigh_lane(lane: Lane, kinds: Mapping[str, float]) -> float:
    """Give how much a lane's word counts for a query that is so much of each kind."""
    learned = read_curves().lanes[lane]
    total = sum(kinds.values())
    return sum(share * learned[kind] for kind, share in kinds.items()) / total if total else 1.0


def _listen(library: Library, voice: bytes) -> Heard:
    """Give what is said, and in English too when a chosen model understands nothing else."""
    speech, samples = library.models.speech, decode_sound(voice)
    heard = speech.transcribe(samples)
    if not heard.text:
        raise NothingHeardError("nothing was heard in the voice query: speak closer, or type the words")
    if heard.language in (None, "en") or not _list_english(library) or not speech.can_translate:
        return Heard(heard.text, heard.language)
    translated = speech.transcribe(samples, heard.language, translate=True)
    return Heard(heard.text, heard.language, translated.text or None)


def _tell_language(text: str, voice: Heard | None) -> str | None:
    """Give the language of what is searched for."""
    if voice is not None:
        return "en" if voice.translation else voice.language
    return detect_language(text) if text else None


def _list_english(library: Library) -> tuple[str, ...]:
    """Give the names of the chosen models that understand English alone."""
    models = (library.models.picture, library.models.meaning)
    return tuple(model.name for model in models if not model.is_multilingual)


def _check(parts: Sequence[QueryPart], filters: Filters) -> None:
    if not parts and filters.is_empty:
        raise UsageError("the query is empty: give text, a picture, a voice recording, an item or a filter")
    if parts and all(part.weight <= 0 for part in parts):
        raise UsageError("every part of the query has a weight of 0 or below: one at least must be above")
    for part in parts:
        if sum(one is not None for one in (part.text, part.image, part.picture, part.item)) != 1:
            raise UsageError("each part of a query is one of text, image, picture or item")


def _probe_part(library: Library, part: QueryPart) -> dict[Lane, Probe]:
    if part.text is not None:
        return _probe_text(library, part.text)
    image = library.asked.read(part.picture) if part.picture is not None else part.image
    if image is not None:
        return {Lane.PICTURE: _probe_picture(library, image, part.crop)}
    return _probe_item(library, part.item or 0, part.crop)


def _probe_text(library: Library, text: str) -> dict[Lane, Probe]:
    name, scene, other = library.models.reader.measure_kinds([text])[0].tolist()
    kinds = {"name": name, "scene": scene, "other": other}
    seen = ((name / (name + scene), "name"), (scene / (name + scene), "description"))
    read = ((name, "name"), (scene + other, "description"))
    return {
        Lane.PICTURE: Probe(
            library.models.picture.encode_texts([text])[0],
            tuple((share, get_scale(library, Lane.PICTURE, kind)) for share, kind in seen),
            kinds,
            trust=name + scene,
        ),
        Lane.MEANING: Probe(
            library.models.meaning.encode_queries([text])[0],
            tuple((share, get_scale(library, Lane.MEANING, kind)) for share, kind in read),
            kinds,
        ),
    }


def _probe_picture(library: Library, image: bytes, crop: Box | None) -> Probe:
    picture, _ = open_picture(image, None if crop else USEFUL_SIDE)
    if crop:
        picture = crop_box(picture, crop)
    encoder = library.models.picture
    vector = encoder.encode_pictures([encoder.preparation(picture)])[0]
    return Probe(vector, ((1.0, get_scale(library, Lane.PICTURE, "picture")),), PICTURED)


def _probe_item(library: Library, item_id: int, crop: Box | None) -> dict[Lane, Probe]:
    """Add what an indexed item looks and sounds like."""
    item = library.catalogue.get_item(item_id)
    if crop:
        if item.type is not ItemType.IMAGE:
            raise UsageError(f"crop: item {item_id} is no picture")
        return {Lane.PICTURE: _probe_picture(library, Path(item.path).read_bytes(), crop)}
    kinds = {Lane.PICTURE: "picture", Lane.MEANING: "description"}
    probes = {}
    for lane, space in library.spaces.items():
        rows = library.catalogue.read_vectors(item_id, space.space_id)
        if len(rows):
            mean = rows.mean(axis=0)
            scale = get_scale(library, lane, kinds[lane])
            probes[lane] = Probe(mean / np.linalg.norm(mean), ((1.0, scale),), PICTURED)
    return probes
