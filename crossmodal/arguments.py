"""The arguments of a search, the same on this machine and for a server, and their conversion."""

import os
import posixpath
from collections.abc import Callable, Iterable
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from search.errors import UsageError

if TYPE_CHECKING:
    from search.records import Query, State

PathName = str | PathLike[str]
Media = str | PathLike[str] | bytes
# Called with what is done, what there is to do, and the path of the file that is being read.
ProgressCallback = Callable[[int, int, str], None]


class SearchOptions(TypedDict, total=False):
    """What a search can have besides its text. Where several values are possible, one may be passed without a list.

    Attributes:
        images: Images to search by: paths, or the bytes of image files.
        voice: A recording of a spoken query: a path, or the bytes of the file.
        voice_language: The ISO 639-1 code of the language of the recording; it is detected by default.
        voice_languages: The languages that it can be in, to detect only these.
        like: Ids of items that the results should resemble.
        exclude: Texts that describe what the results must not show or say.
        types: Item types: `image`, `audio`, `video`, `document`.
        formats: Endings of file names, such as `pdf`.
        picture_kinds: Kinds of pictures: `screenshot`.
        sources: Root folders that were indexed.
        path: A folder or file, or the name of a folder somewhere in the path.
        date: A year, month, day or period, such as `2024-05` or `2018..2020`, or words such as `last month`.
        after: The first date, such as `2024` or `2024-05-31`.
        before: The first date that is excluded.
        longer: Minimum duration in seconds, inclusive.
        shorter: Maximum duration in seconds, exclusive.
        languages: ISO 639-1 codes of spoken languages.
        camera: Part of the camera's name.
        artist: Part of the artist's name.
        album: Part of the title of the album that a recording belongs to.
        tags: Keywords, all of which an item must have.
        machine_tags: Tags of the machine, all of which an item must have.
        places: Names or codes of countries, regions and cities: items that were captured in one of them.
        rating: Minimum rating, 1 to 5 stars.
        albums: Ids of albums, in all of which an item must be.
        phrases: Word sequences, all of which an item must contain.
        sort: `relevance`, `newest`, `oldest`, `longest` or `shortest`: the order of the relevant results.
        limit: The number of results per page, at most 1,000; default 20. Iterating loads further pages.
        correct: Correct typing errors in the text (the default).
        recognize: Use words of the text that name a date or a kind of item as filters (the default).
        literal: Words of the text that are searched for although they name a date or a kind of item.
        stack: Join near-duplicate images to one result (the default).
        diversity: From 0 to 1: prefer results that differ from those above them.
        explain: Add to each evidence the terms that its score consists of.
    """

    images: Media | Iterable[Media]
    voice: Media | None
    voice_language: str | None
    voice_languages: str | Iterable[str]
    like: int | Iterable[int]
    exclude: str | Iterable[str]
    types: str | Iterable[str]
    formats: str | Iterable[str]
    picture_kinds: str | Iterable[str]
    sources: PathName | Iterable[PathName]
    path: PathName | None
    date: str | None
    after: str | None
    before: str | None
    longer: float | None
    shorter: float | None
    languages: str | Iterable[str]
    camera: str | None
    artist: str | None
    album: str | None
    tags: str | Iterable[str]
    machine_tags: str | Iterable[str]
    places: str | Iterable[str]
    rating: int | None
    albums: int | Iterable[int]
    phrases: str | Iterable[str]
    sort: str
    limit: int
    correct: bool
    recognize: bool
    literal: str | Iterable[str]
    stack: bool
    diversity: float
    explain: bool


# Arguments of which several values are possible; files and paths are converted separately.
_LISTS = (
    "voice_languages",
    "like",
    "exclude",
    "types",
    "languages",
    "tags",
    "machine_tags",
    "places",
    "albums",
    "phrases",
    "formats",
    "picture_kinds",
    "literal",
)


def make_query(text: str | None, options: SearchOptions, is_local: bool) -> "Query":
    """Return the query of a search.

    Args:
        text: The text.
        options: The other arguments.
        is_local: Whether folders are those of this machine, relative to the working directory, and not of a server.

    Raises:
        TypeError: There is no such argument.
        UsageError: An argument is not valid.
    """
    from search.query.request import parse_request

    fields: dict[str, Any] = dict(options)
    for name in fields:
        if name not in SearchOptions.__annotations__:
            raise TypeError(f"search() got an unexpected keyword argument {name!r}")
    images = tuple(read_media(image) for image in make_list(fields.pop("images", ())))
    voice = fields.pop("voice", None)
    fields |= {name: make_list(fields[name]) for name in _LISTS if name in fields}
    convert = resolve_path if is_local else resolve_remote
    fields["sources"] = [convert(source) for source in make_list(fields.get("sources", ()))]
    if fields.get("path") is not None:
        fields["path"] = resolve_filter(fields["path"]) if is_local else resolve_remote(fields["path"])
    recording = read_media(voice) if voice is not None else None
    return parse_request(fields | {"text": text}).make_query(images, recording)


def make_similar_query(item_id: int, limit: int) -> "Query":
    """Return the query for the items that resemble one, relevant or not.

    Raises:
        UsageError: An argument is not valid.
    """
    return replace(make_query(None, {"like": item_id, "limit": limit}, is_local=False), include_all=True)


def make_list(values: Any) -> list[Any]:
    """Return one value or several values as a list."""
    return [values] if isinstance(values, str | bytes | int | PathLike) else list(values)


def resolve_path(path: PathName) -> str:
    """Return an absolute path without `..`, with `~` replaced by the user's home folder, as it is stored.

    Raises:
        UsageError: There is no such user.
    """
    try:
        return os.path.normpath(Path(path).expanduser().absolute())
    except RuntimeError as error:
        raise UsageError(f"{path}: {error}. Check the path.") from error


def resolve_remote(path: PathName) -> str:
    """Return a path of a server, without `..` if it is absolute; the name of a folder stays as it is."""
    text = str(path)
    return posixpath.normpath(text) if text.startswith("/") else text


def resolve_filter(path: PathName) -> str:
    """Return the value of the `path` filter: an absolute path, or the name of a folder as it is."""
    is_name = isinstance(path, str) and Path(path).name == path and not path.startswith("~")
    return str(path) if is_name else resolve_path(path)


def parse_state(text: str | None) -> "State | None":
    """Return a state of the ledger.

    Raises:
        UsageError: There is no such state.
    """
    from search.records import State

    if text is not None and text not in list(State):
        raise UsageError(f"state must be one of {', '.join(State)}, not {text!r}")
    return State(text) if text is not None else None


def read_media(media: Media) -> bytes:
    """Return the content of a media file.

    Raises:
        UsageError: The file cannot be read.
    """
    if isinstance(media, bytes):
        return media
    try:
        return Path(media).expanduser().read_bytes()
    except OSError as error:
        raise UsageError(f"Cannot read {media}: {error.strerror}") from error
