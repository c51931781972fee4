"""The JSON form of answers and items, the same for the command line and the REST API."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from search.locations import Disclosure, limit_location
from search.places.names import describe_place, get_code, list_levels
from search.query.serializer import serialize_filter
from search.records import (
    Answer,
    Evidence,
    FoundSegment,
    Hit,
    Item,
    ItemPlace,
    Job,
    Query,
    Recognized,
    SegmentKind,
    Source,
    State,
)

# What the user can do about a file that is not indexed.
ADVICE = {
    State.PENDING: "Waiting to be indexed. Start `crossmodal index` or a worker.",
    State.FAILED: "Fix or replace the file; the next run retries it, as it does a file that could not be read. "
    "To retry it unchanged, click Retry on the library page or run `crossmodal index --retry-failed`.",
    State.MISSING: "Restore the file or mount its disk, then index again. If it is gone for good, forget it.",
}


def serialize_answer(query: Query, answer: Answer, disclosure: Disclosure) -> dict[str, Any]:
    """Return an answer as a JSON document.

    Args:
        query: The query that was answered.
        answer: The answer.
        disclosure: What the reader may see of where items are.
    """
    return {
        "query": {
            "text": query.text,
            "corrected": answer.corrected,
            "ignored": list(answer.ignored),
            "open_quote": answer.open_quote,
            "recognized": [_serialize_recognized(one) for one in answer.recognized],
            "voice_text": answer.voice.text if answer.voice else None,
            "voice_language": answer.voice.language if answer.voice else None,
            "voice_translation": answer.voice.translation if answer.voice else None,
            "language": answer.language,
            "only_english": list(answer.only_english),
            "images": sum(part.is_image for part in query.parts),
            "like": [part.item for part in query.parts if part.item is not None],
            "not": list(query.exclude),
        },
        "took_ms": round(answer.took_ms, 1),
        "nothing_relevant": answer.nothing_relevant,
        "coverage": asdict(answer.coverage),
        "total": answer.total,
        "total_is_estimate": answer.total_is_estimate,
        "possible": answer.possible,
        "possible_is_estimate": answer.possible_is_estimate,
        "next": answer.next,
        "hits": [_serialize_hit(hit, query.explain, disclosure) for hit in answer.hits],
    }


def _serialize_recognized(recognized: Recognized) -> dict[str, Any]:
    filters = {name: serialize_filter(value) for name, value in recognized.filters.items()}
    return asdict(recognized) | {"filters": filters}


def serialize_item(item: Item, disclosure: Disclosure) -> dict[str, Any]:
    """Return everything that is stored about an item; `available` is false if its disk is not mounted.

    Args:
        item: The item.
        disclosure: What the reader may see of where it is.
    """
    disclosure = disclosure.narrow(item.source)
    return {
        "id": item.id,
        "type": item.type,
        "path": disclosure.show_path(item.path),
        "source": item.source if disclosure.shows_folders else "",
        "state": item.state,
        "reason": item.reason,
        "size": item.size,
        "mtime_ns": item.mtime_ns,
        "belongs_to": disclosure.show_path(item.belongs_to) if item.belongs_to is not None else None,
        "available": item.is_available,
        "modified_at": item.modified_at,
        "machine_tags": [tag._asdict() for tag in item.machine_tags],
        "machine_description": item.machine_description,
        "places": serialize_places(item.place, disclosure),
        **asdict(limit_location(item.facts, disclosure.precision)),
    }


def serialize_places(place: ItemPlace | None, disclosure: Disclosure) -> list[dict[str, str]]:
    """Return the city, the region and the country where an item was captured, as far as the reader may see them."""
    return [
        {"value": get_code(one), "name": one.get_name(disclosure.language), "level": one.level}
        for one in list_levels(place, disclosure.precision)
    ]


def serialize_ledger_row(item: Item, disclosure: Disclosure) -> dict[str, Any]:
    """Return an item, and what to do if it is not indexed."""
    return serialize_item(item, disclosure) | {"advice": ADVICE.get(item.state)}


def serialize_attachment(file: Item, disclosure: Disclosure) -> dict[str, Any]:
    """Return a file that belongs to an item: another name of its file, a sidecar, or one of a pair."""
    return {
        "id": file.id,
        "path": disclosure.narrow(file.source).show_path(file.path),
        "type": file.type,
        "reason": file.reason,
        "size": file.size,
    }


def serialize_source(source: Source, unavailable: Mapping[str, str]) -> dict[str, Any]:
    """Return a source.

    Args:
        source: The source.
        unavailable: Why its folder, or storage inside it, is unavailable, by folder.
    """
    return {
        "id": source.id,
        "path": source.path,
        "added_at": source.added_at,
        "watched": source.is_watched,
        "exclude": list(source.exclude),
        "hidden": source.reads_hidden,
        "available": source.path not in unavailable,
        "unavailable": [{"path": path, "reason": reason} for path, reason in unavailable.items()],
        "problem": source.problem,
    }


def serialize_job(job: Job) -> dict[str, Any]:
    """Return a job and its progress."""
    # What is derived from the seconds is derived from the rounded ones: a client can then compute the same.
    job = replace(job, seconds=round(job.seconds, 1))
    seconds_left = job.seconds_left
    return {
        "id": job.id,
        "state": job.state,
        "paths": list(job.task.paths),
        "retry_failed": job.task.retry_failed,
        "model": job.task.model,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "ended_at": job.ended_at,
        "done": job.done,
        "total": job.total,
        "seconds": job.seconds,
        "rate": round(job.done / job.seconds, 2) if job.seconds else None,
        "seconds_left": round(seconds_left) if seconds_left is not None else None,
        "detail": job.detail,
        "cancelling": job.is_cancelling and not job.state.is_over,
        "summary": dict(job.summary) or None,
        "error": job.error,
    }


def serialize_segment(found: FoundSegment, disclosure: Disclosure) -> dict[str, Any]:
    """Return a segment with its position in the item, without the fields that do not apply."""
    segment = found.segment
    if segment.kind is SegmentKind.NAME and segment.text is not None:
        segment = replace(segment, text=disclosure.show_path(segment.text))
    return {"id": found.id} | {
        name: value for name, value in asdict(segment).items() if value is not None and value != ()
    }


def _serialize_hit(hit: Hit, explain: bool, disclosure: Disclosure) -> dict[str, Any]:
    disclosure = disclosure.narrow(hit.item.source)
    return {
        "rank": hit.rank,
        "score": round(hit.score, 4),
        "relevant": hit.relevant,
        "stacked": list(hit.stacked),
        "date_guessed": hit.is_date_guessed,
        "item": serialize_item(hit.item, disclosure),
        "evidence": [
            serialize_evidence(_name_place(evidence, hit.item, disclosure), disclosure, explain)
            for evidence in hit.evidence
        ],
    }


def _name_place(evidence: Evidence, item: Item, disclosure: Disclosure) -> Evidence:
    """Return evidence, that of a place with the name in the language of the reader."""
    if evidence.kind is not SegmentKind.PLACE:
        return evidence
    return replace(evidence, snippet=describe_place(item.place, disclosure.precision, disclosure.language))


def serialize_evidence(evidence: Evidence, disclosure: Disclosure, explain: bool = False) -> dict[str, Any]:
    """Return why an item is a result; with `explain`, every term of the score."""
    is_name = evidence.kind is SegmentKind.NAME and evidence.snippet is not None
    described = {
        "retriever": evidence.retriever,
        "segment": evidence.segment_id,
        "kind": evidence.kind,
        "score": round(evidence.score, 4),
        "start": evidence.start,
        "end": evidence.end,
        "page": evidence.page,
        "offset": evidence.offset,
        "snippet": disclosure.show_path(evidence.snippet or "") if is_name else evidence.snippet,
    }
    if evidence.lines:
        described["lines"] = [asdict(line) for line in evidence.lines]
    if explain and evidence.raw is not None:
        described["raw"] = round(evidence.raw, 6)
        described["terms"] = {name: round(value, 5) for name, value in (evidence.terms or {}).items()}
    return described
