"""Index the library into a temporary home, ask every query once, and judge what is shown."""

import subprocess
import sys
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import crossmodal
from benchmarks.review.manifest import MEDIA, Manifest
from benchmarks.review.outcome import NEAREST, PAGE, Outcome, Place, Result, judge
from benchmarks.review.query_media import find_media
from benchmarks.review.rules import Query, read_queries
from crossmodal.results import SearchResults
from search.errors import CrossmodalError
from search.records import Hit


def index(root: Path, home: Path) -> None:
    """Index the library with `crossmodal index`.

    Raises:
        subprocess.CalledProcessError: It failed, or a file could not be indexed.
    """
    subprocess.run([sys.executable, "-m", "crossmodal", "--home", home, "index", root / MEDIA], check=True)


def ask_all(root: Path, home: Path, queries: str) -> list[Outcome]:
    """Ask every query of a set once, through the Python API."""
    manifest = Manifest.read(root)
    with crossmodal.open(home, create=False) as library:
        names = {item.id: Path(item.path).relative_to((root / MEDIA).resolve()).as_posix() for item in library.items()}
        return [_ask(library, query, root, manifest, names) for query in read_queries(queries)]


def _ask(library: crossmodal.Library, query: Query, root: Path, manifest: Manifest, names: dict[int, str]) -> Outcome:
    grades = query.judge(manifest)
    try:
        results = _search(library, query, root)
        relevant = _list(islice(results, PAGE), names)
        following: SearchResults = results.all() if results.nothing_relevant else results.possible()
        nearest = _list(islice(following, NEAREST), names)
    except CrossmodalError as error:
        return Outcome(query, Place.NOT_FOUND, error=str(error))
    return judge(query, grades, relevant, nearest)


def _search(library: crossmodal.Library, query: Query, root: Path) -> SearchResults:
    if query.picture:
        return library.search(images=[find_media(root, query)], limit=PAGE)
    if query.spoken:
        return library.search(voice=find_media(root, query), limit=PAGE)
    return library.search(query.text, limit=PAGE)


def _list(hits: Iterable[Hit], names: dict[int, str]) -> list[Result]:
    """Return the paths of each result, below the library's folder."""
    return [[names[item_id] for item_id in (hit.item.id, *hit.stacked)] for hit in hits]
