"""Responses with counts of results, folders, completions and examples."""

from typing import TYPE_CHECKING

from pydantic import Field, create_model

from search.records import Example, Suggestion, Tier
from search.storage.facets import FACETS
from search.storage.folders import Folder
from web.contract.documents import Document


class FacetCount(Document):
    """The number of items with a value.

    Attributes:
        value: The value; for durations the upper bound in seconds, null for no bound.
        count: The number of items.
    """

    value: str | float | None
    count: int


class PlaceCount(Document):
    """A country, region or city, and the number of items that were captured there.

    Attributes:
        value: Its code, a value of the filter `places`.
        name: Its name in the language of the client (`Accept-Language`), else in English.
        count: The number of items.
        places: The places in it, the one with the most items first.
    """

    value: str
    name: str
    count: int
    places: list["PlaceCount"]


if TYPE_CHECKING:

    class Facets(Document):
        """The number of results by facet and value."""

else:
    Facets = create_model(
        "Facets",
        __base__=Document,
        __doc__="The number of results by facet and value; facets that were not requested are missing.",
        **{name: (list[FacetCount], Field(default_factory=list)) for name in FACETS},
    )


class FacetCounts(Facets):
    """The number of results by facet and value; facets that were not requested are missing.

    Attributes:
        places: The countries, with the regions and cities in them.
        folders: The sources as the roots of the tree of folders; `GET /api/v1/folders` has what is in them.
        tier: The tier of the counted results: `possible` if nothing is relevant.
        is_estimate: Whether the numbers are estimates, because not all results were scored.
    """

    places: list[PlaceCount] = Field(default_factory=list)
    folders: list[Folder] = Field(default_factory=list)
    tier: Tier
    is_estimate: bool


class FolderList(Document):
    """The folders directly in a folder.

    Attributes:
        path: The path of the folder; null for the sources.
        folders: The folders, in order of name, at most 1,000.
        total: The number of folders in it.
        is_estimate: Whether the numbers of items are estimates.
    """

    path: str | None
    folders: list[Folder]
    total: int
    is_estimate: bool


class Suggestions(Document):
    """Completions of a text.

    Attributes:
        suggestions: The completions, the best of each kind first.
    """

    suggestions: list[Suggestion]


class Examples(Document):
    """Searches to begin with.

    Attributes:
        examples: One search of each kind.
    """

    examples: list[Example]
