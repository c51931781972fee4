"""Removal of items from a library. The media files are not deleted."""

from collections.abc import Sequence

from search.errors import NotFoundError
from search.home import SMALL_THUMBNAIL_SIDES
from search.open_home import OpenHome
from search.storage.ledger import Ledger


def forget_items(library: OpenHome, item_ids: Sequence[int]) -> int:
    """Remove items and everything derived from them; return the number of removed items."""
    home, count = library.home, Ledger(library.database).forget(item_ids)
    for item_id in item_ids:
        home.thumbnail(item_id).unlink(missing_ok=True)
        for side in SMALL_THUMBNAIL_SIDES:
            home.small_thumbnail(item_id, side).unlink(missing_ok=True)
    for path in home.list_loudness(set(item_ids)):
        path.unlink(missing_ok=True)
    return count


def forget_paths(library: OpenHome, paths: Sequence[str]) -> int:
    """Remove the items at or below some paths, and the sources among these paths; return the number of removed items.

    Raises:
        NotFoundError: A path is not a source, and there is no item at or below it. Nothing is removed then.
    """
    items = {path: library.catalog.list_below(path) for path in paths}
    sources = {source.path: source.id for source in library.sources.list_all()}
    for path, item_ids in items.items():
        if not item_ids and path not in sources:
            raise NotFoundError(f"No item or source at {path}. Run `crossmodal files` to list the known files.")
    count = forget_items(library, sorted({item_id for item_ids in items.values() for item_id in item_ids}))
    for path in paths:
        library.volumes.forget(path)
        if path in sources:
            library.sources.forget(sources[path])
    return count
