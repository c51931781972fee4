"""Replacement of the models of a running engine when the home chooses others."""

import logging
import threading
from collections.abc import Callable

from search.errors import CrossmodalError
from search.open_home import OpenHome


class ModelSwap:
    """Holds the library that an engine answers from, and replaces it when other models are chosen. Thread-safe.

    Attributes:
        library: The current library.
    """

    def __init__(self, library: OpenHome, prepare: Callable[[OpenHome, int], None], clear: Callable[[], None]) -> None:
        """Start with an open library.

        Args:
            library: The library that the engine uses at first.
            prepare: Loads the models and indexes of a new library at a revision of the catalog, before it is used.
            clear: Clears the caches of what was computed with the old models.
        """
        self.library = library
        self._prepare = prepare
        self._clear = clear
        self._checked_revision = -1
        self._swapping = threading.Lock()

    def get_current(self, revision: int) -> OpenHome:
        """Return the current library, reloading it if the models changed.

        If the spaces of the old models still exist, searches use them until the new models are loaded in the
        background.

        Args:
            revision: The revision of the catalog. The choice of models is checked once per revision.

        Raises:
            HomeError: The old spaces do not exist anymore, and a new one was filled by other files of its model.
            ModelError: The old spaces do not exist anymore, and a new model is not on this machine.
        """
        if revision == self._checked_revision or not self._swapping.acquire(blocking=False):
            return self.library
        in_background = False
        try:
            if self.library.is_current():
                self._checked_revision = revision
            elif self.library.active.are_searchable(self.library.spaces):
                threading.Thread(target=self._swap_in_background, args=(revision,), daemon=True).start()
                in_background = True
            else:
                self._swap(revision)
        finally:
            if not in_background:  # else the thread releases the lock
                self._swapping.release()
        return self.library

    def _swap_in_background(self, revision: int) -> None:
        try:
            self._swap(revision)
        except CrossmodalError:
            logging.getLogger("crossmodal").exception("Cannot load the chosen models; the old ones stay in use")
        finally:
            # After a failure, try again only when the catalog has changed, not at every search.
            self._checked_revision = revision
            self._swapping.release()

    def _swap(self, revision: int) -> None:
        library = self.library.reload_models()
        self._prepare(library, revision)
        self.library = library
        self._clear()
