"""JSON documents of the server as records: the reverse of `search.serializers`."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from pydantic import TypeAdapter

from search.records import (
    Album,
    Answer,
    Coverage,
    Evidence,
    FoundSegment,
    Hit,
    Item,
    ItemPlace,
    Job,
    MediaFacts,
    Segment,
    Task,
    VoiceTranscript,
)
from web.schemas.library import Status

Document = Mapping[str, Any]
R = TypeVar("R")


@dataclass(frozen=True)
class StoredFile:
    """An uploaded file.

    Attributes:
        name: The name that it was sent with.
        path: Where it is stored on the server.
    """

    name: str
    path: str


@dataclass(frozen=True)
class Upload:
    """What an upload has stored.

    Attributes:
        files: The stored files, in order.
        job: The job that indexes them.
    """

    files: tuple[StoredFile, ...]
    job: Job


@dataclass(frozen=True)
class ItemPage:
    """A page of the ledger.

    Attributes:
        items: The files, in order of id.
        next: The cursor of the next page; None on the last page.
    """

    items: tuple[Item, ...]
    next: int | None


class _Adapters(dict[type[Any], TypeAdapter[Any]]):
    """The validators of records, each made when it is first used."""

    def __missing__(self, record: type[Any]) -> TypeAdapter[Any]:
        return self.setdefault(record, TypeAdapter(record))


_ADAPTERS = _Adapters()


def parse_answer(document: Document) -> Answer:
    """Return the answer to a search."""
    query = document["query"]
    voice = None
    if query["voice_text"] is not None:
        voice = VoiceTranscript(query["voice_text"], query["voice_language"], query["voice_translation"])
    return _make(
        Answer,
        {**query, **document},
        voice=voice,
        coverage=_make(Coverage, document["coverage"]),
        hits=tuple(map(_parse_hit, document["hits"])),
    )


def _parse_hit(document: Document) -> Hit:
    evidence = tuple(_make(Evidence, {"raw": None, **one}, segment_id=one["segment"]) for one in document["evidence"])
    is_guessed = document.get("date_guessed", False)
    return _make(Hit, document, item=parse_item(document["item"]), evidence=evidence, is_date_guessed=is_guessed)


def parse_item(document: Document) -> Item:
    """Return an item."""
    facts, place = _make(MediaFacts, document), _parse_place(document.get("places", []))
    return _make(Item, document, facts=facts, is_available=document["available"], place=place)


def _parse_place(places: list[Document]) -> ItemPlace | None:
    """Return where an item was captured, from its city, region and country."""
    values = {one["level"]: one["value"] for one in places}
    area = values.get("region") or values.get("country")
    return ItemPlace(area, int(values["city"]) if "city" in values else None) if area else None


def parse_item_page(document: Document) -> ItemPage:
    """Return a page of the ledger."""
    return ItemPage(tuple(map(parse_item, document["items"])), document["next"])


def parse_segments(document: Document) -> list[FoundSegment]:
    """Return the segments of an item."""
    return [FoundSegment(one["id"], document["id"], _make(Segment, one)) for one in document["segments"]]


def parse_album(document: Document) -> Album:
    """Return an album."""
    return _make(Album, document)


def parse_albums(document: Document) -> list[Album]:
    """Return a list of albums."""
    return [_make(Album, one) for one in document["albums"]]


def parse_status(document: Document) -> dict[str, Any]:
    """Return the state of the library. Raises KeyError if a part of it is missing."""
    missing = {name for name, field in Status.model_fields.items() if field.is_required()} - document.keys()
    if missing:
        raise KeyError(*missing)
    return dict(document)


def parse_job(document: Document) -> Job:
    """Return a job."""
    is_cancelling, summary = document["cancelling"], document["summary"] or {}
    return _make(Job, document, task=_make(Task, document), summary=summary, is_cancelling=is_cancelling)


def parse_jobs(document: Document) -> list[Job]:
    """Return a list of jobs."""
    return [parse_job(one) for one in document["jobs"]]


def parse_source_job(document: Document) -> Job:
    """Return the job that indexes a source."""
    return parse_job(document["job"])


def parse_upload(document: Document) -> Upload:
    """Return what an upload has stored."""
    files = tuple(_make(StoredFile, one) for one in document["files"])
    return Upload(files, parse_job(document["job"]))


def _make(record: type[R], document: Document, **values: Any) -> R:
    """Return a record of the fields of a document that it has, and of further values.

    Fields that the record does not have are ignored: a later version of the server may send them.
    """
    names = {field.name for field in fields(record)}  # type: ignore[arg-type]
    known = {name: value for name, value in document.items() if name in names}
    made: R = _ADAPTERS[record].validate_python(known | values)
    return made
