"""The filters of a search, each declared once.

The request schema, the query language, the command-line options, the facets and the tables of the documentation follow
from this declaration. A new filter needs a field here and its SQL condition in `search.storage.filters`.
"""

from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

from search.records.access import EVERYTHING, Rights
from search.records.media import MAX_RATING, MIN_RATING, ItemType

# A year, a month or a day, or a time on a day; dates are compared as text.
DATE_PATTERN = r"(?!0000)[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01])([T ][0-9:.Z+-]+)?)?)?"


class FilterKind(StrEnum):
    """What the value of a filter is, and how it is written as text."""

    TYPES = "types"
    TEXT = "text"
    FOLDER = "folder"
    DATE = "date"
    PERIOD = "period"
    SECONDS = "seconds"
    STARS = "stars"
    LABELS = "labels"
    TEXTS = "texts"
    IDS = "ids"

    @property
    def is_list(self) -> bool:
        """True when the filter holds several values."""
        return self in {FilterKind.TYPES, FilterKind.LABELS, FilterKind.TEXTS, FilterKind.IDS}


@dataclass(frozen=True)
class FilterField:
    """How a filter is written and described.

    Attributes:
        keyword: The word before the colon in the query language (`type` in `type:image`); also the command-line option
            (`--type`).
        kind: What its value is.
        help: What the filter does.
        expects: What to write as its value.
        example: A filter in the query language.
        facet: The name of its counts in the facets; None when its values are not counted.
        max_values: The largest number of values in one request; None when there is no limit.
    """

    keyword: str
    kind: FilterKind
    help: str
    expects: str
    example: str
    facet: str | None = None
    max_values: int | None = None


def _declare(declaration: FilterField) -> Any:
    """Return a dataclass field that is empty by default and carries its declaration."""
    return field(default=() if declaration.kind.is_list else None, metadata={"filter": declaration})


@dataclass(frozen=True)
class Filters:
    """The conditions that a result must satisfy; an empty field filters nothing.

    Each attribute but `rights`, what the caller may read, is described by its declaration.
    """

    types: tuple[ItemType, ...] = _declare(
        FilterField(
            keyword="type",
            kind=FilterKind.TYPES,
            help="Only items of these types.",
            expects="image, audio, video, document; several with commas",
            example="type:image,video",
            facet="types",
        )
    )
    formats: tuple[str, ...] = _declare(
        FilterField(
            keyword="format",
            kind=FilterKind.LABELS,
            help="Only files in one of these formats, by the ending of their names.",
            expects="an ending such as pdf or docx; several with commas",
            example="format:pdf,docx",
            max_values=20,
        )
    )
    picture_kinds: tuple[str, ...] = _declare(
        FilterField(
            keyword="picture",
            kind=FilterKind.LABELS,
            help="Only pictures of this kind; screenshots are recognized by the name of their file or folder.",
            expects="screenshot",
            example="picture:screenshot",
            max_values=20,
        )
    )
    sources: tuple[str, ...] = _declare(
        FilterField(
            keyword="source",
            kind=FilterKind.TEXTS,
            help="Only items of these sources.",
            expects="the whole path of a source",
            example="source:/media/photos",
            facet="sources",
        )
    )
    path: str | None = _declare(
        FilterField(
            keyword="in",
            kind=FilterKind.FOLDER,
            help="Only items in this folder or below it.",
            expects="a folder's name or whole path",
            example="in:Holidays",
        )
    )
    date: str | None = _declare(
        FilterField(
            keyword="date",
            kind=FilterKind.PERIOD,
            help="Only items of this year, month, day or longer period.",
            expects='a date such as 2024 or 2024-05-31, a period such as 2018..2020, or words such as "last month"',
            example="date:2018..2020",
        )
    )
    after: str | None = _declare(
        FilterField(
            keyword="after",
            kind=FilterKind.DATE,
            help="Only items from this date on.",
            expects="a date such as 2024, 2024-05 or 2024-05-31; that day included",
            example="after:2024-05",
        )
    )
    before: str | None = _declare(
        FilterField(
            keyword="before",
            kind=FilterKind.DATE,
            help="Only items before this date.",
            expects="a date such as 2024, 2024-05 or 2024-05-31; that day excluded",
            example="before:2025",
        )
    )
    places: tuple[str, ...] = _declare(
        FilterField(
            keyword="place",
            kind=FilterKind.LABELS,
            help="Only items captured in one of these cities, regions or countries.",
            expects="the name of a place in any language, or its code such as PT; several with commas",
            example="place:lisbon,kyoto",
            max_values=20,
        )
    )
    longer: float | None = _declare(
        FilterField(
            keyword="longer",
            kind=FilterKind.SECONDS,
            help="Only recordings at least this long.",
            expects="seconds, or minutes as 2m, or hours as 1h",
            example="longer:2m",
        )
    )
    shorter: float | None = _declare(
        FilterField(
            keyword="shorter",
            kind=FilterKind.SECONDS,
            help="Only recordings shorter than this.",
            expects="seconds, or minutes as 2m, or hours as 1h",
            example="shorter:1h",
        )
    )
    languages: tuple[str, ...] = _declare(
        FilterField(
            keyword="lang",
            kind=FilterKind.LABELS,
            help="Only items in one of these languages (of the speech, or of a book).",
            expects="a language code such as en or zh; several with commas",
            example="lang:en,de",
            facet="languages",
        )
    )
    camera: str | None = _declare(
        FilterField(
            keyword="camera",
            kind=FilterKind.TEXT,
            help="Only items taken with this camera.",
            expects="a part of the camera's name",
            example="camera:nikon",
            facet="cameras",
        )
    )
    artist: str | None = _declare(
        FilterField(
            keyword="artist",
            kind=FilterKind.TEXT,
            help="Only items by this artist or author.",
            expects="a part of the artist's name",
            example="artist:davis",
            facet="artists",
        )
    )
    album: str | None = _declare(
        FilterField(
            keyword="album",
            kind=FilterKind.TEXT,
            help="Only items whose file names this music album.",
            expects="a part of the album's name",
            example="album:blue",
        )
    )
    tags: tuple[str, ...] = _declare(
        FilterField(
            keyword="tag",
            kind=FilterKind.LABELS,
            help="Only files with all of these keywords (XMP, IPTC, genres).",
            expects="a keyword in upper or lower case; several with commas",
            example="tag:fair,summer",
            facet="tags",
            max_values=20,
        )
    )
    machine_tags: tuple[str, ...] = _declare(
        FilterField(
            keyword="shows",
            kind=FilterKind.LABELS,
            help="Only pictures and films in which the machine recognized all of these tags of its vocabulary.",
            expects="a tag of the machine in any of its languages; several with commas",
            example="shows:dog,snow",
            facet="machine_tags",
            max_values=20,
        )
    )
    rating: int | None = _declare(
        FilterField(
            keyword="rating",
            kind=FilterKind.STARS,
            help="Only files with at least this rating (XMP, EXIF).",
            expects=f"a number of stars from {MIN_RATING} to {MAX_RATING}",
            example="rating:4",
            facet="ratings",
        )
    )
    albums: tuple[int, ...] = _declare(
        FilterField(
            keyword="albumid",
            kind=FilterKind.IDS,
            help="Only items in all of these albums of the library.",
            expects="the id of an album; several with commas",
            example="albumid:3",
            max_values=20,
        )
    )
    phrases: tuple[str, ...] = _declare(
        FilterField(
            keyword="phrase",
            kind=FilterKind.TEXTS,
            help="Only items that contain these words next to each other.",
            expects="the words, in quotation marks",
            example='phrase:"night train"',
            max_values=20,
        )
    )

    rights: Rights = EVERYTHING

    @property
    def are_given(self) -> bool:
        """True when there is a filter."""
        return replace(self, rights=EVERYTHING) != Filters()

    @property
    def is_empty(self) -> bool:
        """True when no item is left out, neither by a filter nor by the rights."""
        return not self.are_given and self.rights.are_complete


# Every filter by its name: the attribute of `Filters` and the field of a request.
FILTERS: dict[str, FilterField] = {
    declared.name: declared.metadata["filter"] for declared in fields(Filters) if "filter" in declared.metadata
}
