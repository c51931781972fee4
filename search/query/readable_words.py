"""The words of a library that a caller may know of, because an item that they may read contains them."""

from collections.abc import Collection, Iterator

from search.open_home import OpenHome
from search.storage.lexical.readable import select_readable


class ReadableWords(Collection[str]):
    """The words in what a caller may read. Iteration yields all words: each must be looked up before it is shown."""

    def __init__(self, library: OpenHome) -> None:
        self._library = library
        self._all = library.words.list_words()
        self._known: dict[str, bool] = {}

    def __contains__(self, word: object) -> bool:
        if not isinstance(word, str) or word not in self._all:
            return False
        if word not in self._known:
            catalog = self._library.catalog
            self._known[word] = bool(select_readable(catalog.database, [word], catalog.rights))
        return self._known[word]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


def list_readable_words(library: OpenHome) -> Collection[str]:
    """Return the words of a library, as far as the caller may know of them."""
    return library.words.list_words() if library.catalog.rights.are_complete else ReadableWords(library)
