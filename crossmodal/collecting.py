"""The part of the Python API about what users collect, hide and cut out."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from crossmodal.arguments import PathName, make_list, resolve_path
from crossmodal.written import replacing

if TYPE_CHECKING:
    from search.open_home import OpenHome
    from search.records import Album, Item
    from search.storage.albums import Albums
    from search.storage.hidden_items import HiddenItems


class Collections:
    """The methods of a library about albums, hidden items and clips."""

    @property
    def _opened(self) -> "OpenHome":
        raise NotImplementedError

    def clip(self, item_id: int, start: float, end: float, path: PathName) -> Path:
        """Write a part of a recording as an MP4 file, without metadata.

        Images and sound are copied where MP4 can contain them, and encoded otherwise.

        Args:
            item_id: The recording.
            start: Where the part starts, in seconds.
            end: Where it ends, in seconds; at most the setting `clip_seconds` later.
            path: The file to write. An existing one is replaced.

        Returns:
            The absolute path of the file.

        Raises:
            NotFoundError: The item does not exist, or is not a recording.
            UsageError: The part is empty or too long, or the file cannot be written.
            MediaLimitError: The clip is too large, or takes too long.
        """
        from search.clips import cut_clip, make_span

        item = self._opened.catalog.get_item(item_id)
        span = make_span(item, start, end, self._opened.settings.clip_seconds)
        with replacing(path) as partial:
            cut_clip(self._opened, item, span, partial)
        return Path(resolve_path(path))

    def albums(self) -> "list[Album]":
        """Return the albums, in order of name."""
        return self._albums.list_all()

    def rename_album(self, album_id: int, name: str) -> "Album":
        """Change the name of an album.

        Raises:
            NotFoundError: There is no such album.
            UsageError: Another album has this name.
        """
        self._albums.rename(self._albums.get_own(album_id).id, name)
        return self._albums.get(album_id)

    def set_album_cover(self, album_id: int, item_id: int | None) -> "Album":
        """Choose the item that represents an album; None for its first item.

        Raises:
            NotFoundError: There is no such album, or the item is not in it.
        """
        self._albums.set_cover(self._albums.get_own(album_id).id, item_id)
        return self._albums.get(album_id)

    def order_album(self, album_id: int, item_ids: Iterable[int]) -> "Album":
        """Set the order in which an album shows its items.

        Args:
            album_id: The album.
            item_ids: The items in order; the others follow as they were. Without any, the newest are first.

        Raises:
            NotFoundError: There is no such album.
        """
        self._albums.order(self._albums.get_own(album_id).id, list(item_ids))
        return self._albums.get(album_id)

    def hide(self, *paths: PathName, items: int | Iterable[int] = ()) -> int:
        """Hide items, and copies of them, from searches and albums, also after they are indexed again.

        Args:
            *paths: Files, and folders whose present files are hidden.
            items: The ids of items.

        Returns:
            The number of items that are hidden now and were not before.

        Raises:
            NotFoundError: There is no item at a path or below it.
        """
        store = self._hidden_items
        return len(store.hide([*make_list(items), *store.find_below(map(resolve_path, paths))]))

    def unhide(self, *paths: PathName, items: int | Iterable[int] = ()) -> int:
        """Show hidden items again, and copies of them; return the number of these items. See `hide`."""
        store = self._hidden_items
        return len(store.unhide([*make_list(items), *store.find_below(map(resolve_path, paths))]))

    def hidden(self) -> "list[Item]":
        """Return what is hidden, in the order of the paths."""
        ids = self._hidden_items.list_page(0, -1)
        return sorted(self._opened.catalog.read_items(ids).values(), key=lambda item: item.path)

    @property
    def _albums(self) -> "Albums":
        from search.storage.albums import Albums

        return Albums(self._opened.database)

    @property
    def _hidden_items(self) -> "HiddenItems":
        from search.storage.hidden_items import HiddenItems

        return HiddenItems(self._opened.database)
