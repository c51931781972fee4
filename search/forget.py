"""Removal of items from a library. Only files that were uploaded are deleted."""

import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from search.errors import HomeError, NotFoundError
from search.home import RECEIVED_PREFIX, RECEIVED_SUFFIX, SMALL_THUMBNAIL_SIDES, Home
from search.open_home import OpenHome
from search.paths import is_below
from search.records import Item
from search.storage.ledger import Ledger

DAY_SECONDS = 24 * 3600


def delete_items(library: OpenHome, items: Sequence[Item]) -> int:
    """Remove items; delete the files of those that were uploaded, and the uploaded files that belong to them.

    Returns:
        The number of removed items.

    Raises:
        HomeError: A file cannot be deleted. Nothing is removed from the catalog then.
    """
    files = {item.id: item for item in items}
    uploaded = [item for item in items if is_uploaded(library.home, item.path)]
    for item in uploaded:
        files |= {file.id: file for file in library.catalog.list_attachments(item.path)}
    paths = [file.path for file in files.values() if is_uploaded(library.home, file.path)]
    for row in Ledger(library.database).read_rows(paths).values():
        for transcript in library.home.partial.glob(f"{row.content_hash}-*.json"):
            transcript.unlink(missing_ok=True)
    for path in paths:
        _delete_upload(library.home, Path(path))
    return forget_items(library, sorted(files))


def is_uploaded(home: Home, path: str) -> bool:
    """Return whether a path is that of an uploaded file."""
    return path != str(home.uploads) and is_below(path, str(home.uploads))


def delete_old_uploads(library: OpenHome, days: int) -> int:
    """Delete the files that were uploaded longer ago than a number of days, and their items.

    Returns:
        The number of deleted files.

    Raises:
        HomeError: A file cannot be deleted.
    """
    oldest = time.time() - days * DAY_SECONDS
    # The modification time of an uploaded file is the time of the upload.
    files = [path for path in library.home.uploads.rglob("*") if path.is_file() and path.stat().st_mtime < oldest]
    rows = Ledger(library.database).read_rows(map(str, files))
    delete_items(library, list(library.catalog.read_items([row.id for row in rows.values()]).values()))
    for path in files:
        _delete_upload(library.home, path)
    return len(files)


def delete_unfinished_uploads(home: Home) -> None:
    """Delete the files that a server was receiving when it was killed, at least a day ago."""
    for path in home.uploads.glob(f"{RECEIVED_PREFIX}*{RECEIVED_SUFFIX}"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > DAY_SECONDS:
                path.unlink()


def forget_items(library: OpenHome, item_ids: Sequence[int]) -> int:
    """Remove items and everything derived from them; return the number of removed items. No file is deleted."""
    count = Ledger(library.database).forget(item_ids)
    delete_derived(library.home, item_ids)
    return count


def delete_derived(home: Home, item_ids: Sequence[int]) -> None:
    """Delete the files that were made of items, such as thumbnails."""
    for item_id in item_ids:
        home.thumbnail(item_id).unlink(missing_ok=True)
        for side in SMALL_THUMBNAIL_SIDES:
            home.small_thumbnail(item_id, side).unlink(missing_ok=True)
    for path in [*home.list_loudness(set(item_ids)), *home.list_page_images(set(item_ids))]:
        path.unlink(missing_ok=True)
    for folder in home.list_previews(set(item_ids)):
        shutil.rmtree(folder, ignore_errors=True)


def forget_missing(library: OpenHome, days: float) -> int:
    """Remove the items whose file has been missing for at least `days` days; return the number of removed items."""
    ledger = Ledger(library.database)
    roots = [source.path for source in library.sources.list_all()]
    return sum(forget_items(library, ledger.list_missing(root, days)) for root in roots)


def forget_paths(library: OpenHome, paths: Sequence[str]) -> int:
    """Remove the items at or below some paths, and the sources among these paths; return the number of removed items.

    Jobs that would add them again are cancelled. Uploaded files at or below a path are deleted, unless it is that of
    the whole source; those of a data directory below it are kept.

    Raises:
        NotFoundError: A path is not a source, and there is no item at or below it. Nothing is removed then.
    """
    items = {path: _list_below(library, path) for path in paths}
    sources = {source.path: source.id for source in library.sources.list_all()}
    for path, item_ids in items.items():
        if not item_ids and path not in sources:
            raise NotFoundError(f"No item or source at {path}. Run `crossmodal files` to list the known files.")
    # Cancelled before anything is removed: a job that begins later finds no source.
    for path in paths:
        library.jobs.cancel_below(path, is_source=path in sources)
    uploaded = {item_id for path, item_ids in items.items() if is_uploaded(library.home, path) for item_id in item_ids}
    count = delete_items(library, list(library.catalog.read_items(uploaded).values())) if uploaded else 0
    count += forget_items(library, sorted({item_id for item_ids in items.values() for item_id in item_ids} - uploaded))
    for path in paths:
        library.volumes.forget(path)
        if path in sources:
            library.sources.forget(sources[path])
    return count


def _list_below(library: OpenHome, path: str) -> list[int]:
    """Return the ids of the items at or below a path; without the uploads if the data directory is below it."""
    uploads = str(library.home.uploads)
    kept = set() if is_below(path, uploads) else set(library.catalog.list_below(uploads))
    return [item_id for item_id in library.catalog.list_below(path) if item_id not in kept]


def _delete_upload(home: Home, path: Path) -> None:
    """Delete an uploaded file, and the folders above it that are empty then."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise HomeError(f"Cannot delete {path}: {error.strerror}. Check the permissions of its folder.") from error
    for folder in path.parents:
        if not is_uploaded(home, str(folder)):
            break
        try:
            folder.rmdir()
        except OSError:
            break  # it has other files
