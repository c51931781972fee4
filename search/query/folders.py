"""Names of folders in the text of a query."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from search.places.index import is_only_about_pictures
from search.query.intent.kinds import find_nouns
from search.records import Filters, Rights
from search.storage.database import Database
from search.storage.folders import find_all, list_paths
from search.storage.sources import Sources
from search.text.analysis import fold

_WORD = re.compile(r"[^\W_]+")
# Words that say that a name is that of a folder.
_NOUNS = frozenset(map(fold, ["folder", "directory", "Ordner", "Verzeichnis", "carpeta", "dossier", "文件夹", "目录"]))


@dataclass(frozen=True)
class NamedFolder:
    """A folder that a query names beyond doubt.

    Attributes:
        path: The folder, as the filter `in:` takes it: its name, or the end of its path.
        rest: The text without its name; empty if it describes nothing else.
        words: The words of its name, folded.
        has_noun: Whether the query says that it is a folder.
        is_certain: Always: as for places, items from elsewhere rank after those in the folder.
    """

    path: str
    rest: str
    words: frozenset[str]
    has_noun: bool
    is_certain: bool = True

    def restrict(self, filters: Filters) -> Filters:
        """Return filters that only items in the folder satisfy."""
        return replace(filters, path=self.path)


@dataclass(frozen=True)
class _Folder:
    """A folder below a source: the parts of its path there, and the folded words of each."""

    parts: tuple[str, ...]
    words: tuple[tuple[str, ...], ...]


def read_named_folder(database: Database, revision: int, text: str, rights: Rights) -> NamedFolder | None:
    """Return the folder that a text names, if that can hardly mean anything else.

    A name of several words must be in the text as it is; a name of one word needs that of a folder above it ("work
    invoices") or a word such as "folder". Other folders are found by the words in their names.

    Args:
        database: The catalog.
        revision: Its revision.
        text: The plain words of a query.
        rights: What the caller may read.
    """
    if rights.hides_folders or not text.strip():
        return None
    spans = [match.span() for match in _WORD.finditer(text)]
    words = [fold(text[start:end]) for start, end in spans]
    if len(words) < 2:
        return None
    is_kind = _mark_kinds(text, spans)
    has_noun = not _NOUNS.isdisjoint(words)
    named = [
        (len(found), -len(folder.parts), folder, first, found)
        for folder in _list_candidates(_open_index(database, revision, rights), words)
        if (match := _match(folder, words, is_kind, has_noun)) is not None
        for first, found in [match]
    ]
    if not named:
        return None
    _, _, folder, first, found = max(named, key=lambda one: one[:2])
    left = [span for span, word in zip(spans, words, strict=True) if word not in found | _NOUNS]
    rest = " ".join(text[start:end] for start, end in left)
    return NamedFolder("/".join(folder.parts[first:]), "" if is_only_about_pictures(rest) else rest, found, has_noun)


def _list_candidates(index: dict[str, list[_Folder]], words: Sequence[str]) -> Iterator[_Folder]:
    for word in dict.fromkeys(words):
        yield from index.get(word, ())


def _match(
    folder: _Folder, words: Sequence[str], is_kind: Sequence[bool], has_noun: bool
) -> tuple[int, frozenset[str]] | None:
    """Return the index of the first part of a folder's path that a query names, and all words of it; None if doubtful.

    Args:
        folder: The folder.
        words: The words of the query.
        is_kind: Whether each is a word such as "photos", which is no name of a folder alone.
        has_noun: Whether one of them means a folder.
    """
    contents = {
        word for word, kind in zip(words, is_kind, strict=True) if not word.isdigit() and (has_noun or not kind)
    }
    *above, own = folder.words
    starts = range(len(words) - len(own) + 1)
    if contents.isdisjoint(own) or not any(tuple(words[at : at + len(own)]) == own for at in starts):
        return None
    named = [number for number, part in enumerate(above) if part and set(part) <= contents - set(own)]
    if len(own) == 1 and not named and not has_noun:
        return None
    found = frozenset(word for number in (*named, len(above)) for word in folder.words[number])
    return min(named, default=len(above)), found


def _mark_kinds(text: str, spans: Sequence[tuple[int, int]]) -> list[bool]:
    nouns = find_nouns(text)
    return [any(start <= span[0] and span[1] <= end for start, end in nouns) for span in spans]


@lru_cache(maxsize=8)
def _open_index(database: Database, revision: int, rights: Rights) -> dict[str, list[_Folder]]:
    """Return the folders below the sources by the first word of their names."""
    roots = sorted((source.path.rstrip("/") for source in Sources(database, rights).list_all()), key=len)
    index: dict[str, list[_Folder]] = defaultdict(list)
    for path in find_all(list_paths(database, rights, is_indexed=True)):
        root = next((root for root in roots if path.startswith(f"{root}/")), None)
        if root is None:
            continue
        parts = tuple(path[len(root) + 1 :].split("/"))
        words = tuple(tuple(fold(word) for word in _WORD.findall(part)) for part in parts)
        if words[-1]:
            index[words[-1][0]].append(_Folder(parts, words))
    return dict(index)
