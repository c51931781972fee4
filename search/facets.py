"""Facets and folders of the results of a query, each counted without the filter that chooses one of its values."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from search.engine import Engine
from search.errors import UsageError
from search.records import Matches, Query
from search.storage.facets import FACETS, FOLDER_FILTERS, FOLDERS, count_folders, read_facet
from search.storage.folders import Folder, check_folder, list_children, list_folders
from search.storage.place_counts import count_places
from search.storage.sources import Sources

# The facet of places, which is a tree.
PLACES = "places"
# All facets, in the order in which they are returned.
FACET_NAMES = (*FACETS, PLACES, FOLDERS)
# The number of folders in one response.
MAX_FOLDERS = 1_000


@dataclass(frozen=True)
class FolderList:
    """The folders directly in a folder.

    Attributes:
        path: The path of the folder; None for all sources.
        folders: What is in it, in order of name, at most 1,000.
        total: The number of folders in it.
        is_estimate: Whether the counts are estimates.
    """

    path: str | None
    folders: tuple[Folder, ...]
    total: int
    is_estimate: bool


class Facets:
    """Counts the results of one query. Matches that several facets need are found once."""

    def __init__(self, engine: Engine, query: Query) -> None:
        self._engine = engine
        self._query = query
        self._database = engine.library.database
        self._matches: dict[tuple[str, ...], Matches] = {}

    def read(self, names: Iterable[str]) -> dict[str, Any]:
        """Return the values of some facets with their counts, and how to read these.

        Raises:
            UsageError: The query is not valid.
        """
        every = self._match(())
        counted = {name: self._count(name) for name in names}
        return counted | {"tier": every.tier, "is_estimate": every.is_estimate}

    def _count(self, name: str) -> Any:
        """Return the values of a facet with their counts; for places, the numbers of items by place."""
        if name == FOLDERS:
            return self._list_roots()
        if name == PLACES:
            return count_places(self._database, self._match((PLACES,)))
        return read_facet(self._database, FACETS[name], self._match(FACETS[name].own))

    def list_folders(self, path: str | None) -> FolderList:
        """Return the folders directly in a folder, with the number of results in each.

        Args:
            path: The whole path of the folder; None for the sources.

        Raises:
            UsageError: The query is not valid, or there is no such folder.
        """
        matches = self._match(FOLDER_FILTERS)
        if path is None:
            found = self._list_roots()
        else:
            if not path.startswith("/"):
                raise UsageError(f"path: must be the whole path of a folder, such as /media/photos, not {path!r}")
            check_folder(self._database, path, self._query.filters.rights)
            found = list_children(count_folders(self._database, matches, path), path)
        return FolderList(path, tuple(found[:MAX_FOLDERS]), len(found), matches.is_estimate)

    def _list_roots(self) -> list[Folder]:
        """Return the sources with results, without those inside another source."""
        sources = sorted(source.path for source in Sources(self._database, self._query.filters.rights).list_all())
        roots: list[str] = []
        for path in sources:
            if not any(path.startswith(f"{root.rstrip('/')}/") for root in roots):
                roots.append(path)
        return list_folders(count_folders(self._database, self._match(FOLDER_FILTERS)), roots)

    def _match(self, own: tuple[str, ...]) -> Matches:
        """Return what the query matches without some of its filters."""
        if () not in self._matches:
            self._matches[()] = self._engine.match(self._query)
        filters = self._matches[()].filters
        without = tuple(name for name in own if getattr(filters, name) not in (None, ()))
        if without not in self._matches:
            self._matches[without] = self._engine.match(replace(self._query, without=without))
        return self._matches[without]
