"""What a language model can ask a library. Nothing here changes it.

The docstrings and the descriptions of the parameters are what the model reads.
"""

from collections import Counter
from typing import Annotated, Any

from pydantic import Field

from crossmodal.arguments import SearchOptions, make_query, make_similar_query
from crossmodal.protocol import AnyLibrary
from crossmodal.results import make_further_query
from search.errors import UsageError
from search.locations import FULL_DISCLOSURE
from search.records import Answer, FoundSegment, ItemType, Query, SegmentKind
from search.serializers import serialize_answer, serialize_item, serialize_segment

DEFAULT_RESULTS, MAX_RESULTS = 10, 50
# Characters of the text that one answer contains; a model reads the rest with further calls.
MAX_CHARACTERS = 20_000
# Of an item, what only programs use.
_LEFT_OUT = {"placeholder", "mtime_ns", "is_date_guessed", "date_precision", "orientation", "belongs_to"}
_TEXT_FIELDS = {"id", "kind", "text", "start", "end", "page"}

ItemId = Annotated[int, Field(description="The id of an item, as in the results of a search.", ge=1)]
Limit = Annotated[int, Field(description="The number of results.", ge=1, le=MAX_RESULTS)]


class SearchTools:
    """The tools over one library."""

    def __init__(self, library: AnyLibrary) -> None:
        self._library = library

    def search(  # noqa: PLR0913, PLR0917
        self,
        text: Annotated[
            str,
            Field(
                description="What to find, in any language: what an image or a film shows, what is said in a recording "
                'or words of a document. "Quoted words" must appear as they are; -word excludes.'
            ),
        ],
        types: Annotated[list[ItemType], Field(description="Only items of these types; all if empty.")] = [],  # noqa: B006
        path: Annotated[str | None, Field(description="Only items in this folder: a name or a whole path.")] = None,
        after: Annotated[str | None, Field(description="Only items from this date on: 2024 or 2024-05-31.")] = None,
        before: Annotated[str | None, Field(description="Only items before this date.")] = None,
        languages: Annotated[list[str], Field(description="Only items in these languages: ISO 639-1.")] = [],  # noqa: B006
        tags: Annotated[list[str], Field(description="Only items with all of these keywords.")] = [],  # noqa: B006
        machine_tags: Annotated[
            list[str], Field(description="Only pictures and films in which the machine recognized all of these tags.")
        ] = [],  # noqa: B006
        albums: Annotated[list[int], Field(description="Only items in all of these albums, by id.")] = [],  # noqa: B006
        limit: Limit = DEFAULT_RESULTS,
    ) -> dict[str, Any]:
        """Search the user's library of images, recordings, videos and documents by meaning.

        The best result is first. `score` is the probability that a result is what was asked for; below 0.5 it is less
        certain. `evidence` says why an item is a result: the moment (`start` and `end` in seconds), the page, or a
        part of the text. With `nothing_relevant`, the results are only the closest that the library has.
        """
        options: SearchOptions = {
            "types": types,
            "path": path,
            "after": after,
            "before": before,
            "languages": languages,
            "tags": tags,
            "machine_tags": machine_tags,
            "albums": albums,
            "limit": limit,
        }
        return self._find(make_query(text, options, is_local=False))

    def find_similar(self, item_id: ItemId, limit: Limit = DEFAULT_RESULTS) -> dict[str, Any]:
        """Find the items of the library that resemble an item, the most similar first."""
        query = make_similar_query(item_id, limit)
        return _describe(query, self._library.answer(query))

    def get_item(self, item_id: ItemId) -> dict[str, Any]:
        """Return what is known about an item: its file, title, date, place, duration, camera, description and so on.

        `segments` is the number of its indexed parts of each kind. If it has `speech` or `passage`, `read_text` returns
        what is said or written.
        """
        kinds = Counter(str(found.segment.kind) for found in self._library.segments(item_id))
        return {
            "item": _describe_item(serialize_item(self._library.get(item_id), FULL_DISCLOSURE)),
            "segments": dict(kinds),
        }

    def read_text(
        self,
        item_id: ItemId,
        after: Annotated[
            int, Field(description="0, or the `next` of the answer before, to read on in a long text.", ge=0)
        ] = 0,
    ) -> dict[str, Any]:
        """Return the text of an item: the transcript of a recording with times in seconds, or a document's passages.

        A long text comes in several answers. If `next` is not null, pass it as `after` to read on.
        """
        item = self._library.get(item_id)
        texts = [found for found in self._library.segments(item_id) if _has_text(found)]
        if after >= max(len(texts), 1):
            raise UsageError(f"after: the text of item {item_id} has only {len(texts)} parts")
        end, size = after, 0
        # At least one part, so that reading on always ends.
        while end < len(texts) and (end == after or size + len(texts[end].segment.text or "") <= MAX_CHARACTERS):
            size += len(texts[end].segment.text or "")
            end += 1
        parts = [serialize_segment(found, FULL_DISCLOSURE) for found in texts[after:end]]
        return {
            "path": item.path,
            "language": item.facts.language,
            "parts": [{name: value for name, value in part.items() if name in _TEXT_FIELDS} for part in parts],
            "next": end if end < len(texts) else None,
        }

    def list_albums(self) -> dict[str, Any]:
        """Return the albums of the library: named collections that a search can be limited to."""
        albums = self._library.albums()
        return {"albums": [{"id": album.id, "name": album.name, "count": album.count} for album in albums]}

    def list_machine_tags(self) -> dict[str, Any]:
        """Return the tags by which pictures and films can be filtered: what the machine recognized, which can be wrong.

        `count` is the number of items with a tag.
        """
        used = [tag for tag in self._library.machine_tags() if tag["count"]]
        return {"tags": [{"name": tag["name"], "count": tag["count"]} for tag in used]}

    def _find(self, query: Query) -> dict[str, Any]:
        """Return the relevant results, then the less certain ones, or the closest if nothing is relevant."""
        answer = self._library.answer(query)
        document = _describe(query, answer)
        further = make_further_query(query, answer)
        if further is not None:
            document["hits"] += _describe(further, self._library.answer(further))["hits"]
        return document


def _describe(query: Query, answer: Answer) -> dict[str, Any]:
    """Return what a model needs of an answer, under the names of the REST API."""
    document = serialize_answer(query, answer, FULL_DISCLOSURE)
    return {
        "nothing_relevant": document["nothing_relevant"],
        "total": document["total"],
        "corrected": document["query"]["corrected"],
        "recognized": document["query"]["recognized"],
        "hits": [_describe_hit(hit) for hit in document["hits"]],
    }


def _describe_hit(hit: dict[str, Any]) -> dict[str, Any]:
    return {
        "score": hit["score"],
        "relevant": hit["relevant"],
        "item": _describe_item(hit["item"]),
        "evidence": [{name: value for name, value in one.items() if value is not None} for one in hit["evidence"]],
    }


def _describe_item(item: dict[str, Any]) -> dict[str, Any]:
    described = item | {"machine_tags": [tag["name"] for tag in item["machine_tags"]]}
    return {name: value for name, value in described.items() if name not in _LEFT_OUT and value not in (None, (), [])}


def _has_text(found: FoundSegment) -> bool:
    return bool(found.segment.text) and found.segment.kind is not SegmentKind.NAME
