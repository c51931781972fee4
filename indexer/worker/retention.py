"""Delete what is kept for a limited time: uploads, query images, and results of watched searches."""

import time

from search.forget import delete_old_uploads, delete_unfinished_uploads
from search.open_home import OpenHome
from search.storage.query_images import QueryImages
from search.storage.saved_searches import SavedSearches

INTERVAL_SECONDS = 3600.0


class Retention:
    """Deletes what has become too old, once an hour."""

    def __init__(self, library: OpenHome) -> None:
        self._library = library
        self._due = 0.0

    def poll(self) -> None:
        """Delete what is too old, unless that was done within the last hour."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + INTERVAL_SECONDS
        library, settings = self._library, self._library.settings
        delete_unfinished_uploads(library.home)
        if settings.upload_days:
            delete_old_uploads(library, settings.upload_days)
        if settings.result_days:
            SavedSearches(library.database).delete_old_results(settings.result_days)
        # A server that no longer keeps queries has those of the time before.
        QueryImages(library.database, settings.query_image_days if settings.keep_queries else 0).delete_unused()
