"""The paths of a run, and the volumes that they are on."""

import os
from collections.abc import Iterable
from pathlib import Path

from indexer.summary import Summary
from search.errors import UsageError
from search.open_home import OpenHome
from search.paths import find_access_problem, find_access_problems, is_below
from search.protected import explain_protected
from search.records import Source
from search.storable import clean_string, make_printable


def resolve_all(library: OpenHome, paths: list[Path], skip_absent: bool, summary: Summary) -> list[str]:
    """Return absolute paths.

    Args:
        library: The library.
        paths: The paths to index.
        skip_absent: Record paths that do not exist as failures of the run, and return the others.
        summary: The summary of the run.

    Raises:
        UsageError: A path does not exist; with `skip_absent`, none does.
    """
    roots: list[str] = []
    errors: list[UsageError] = []
    for path in paths:
        try:
            roots.append(_resolve(library, path))
        except UsageError as error:
            errors.append(error)
            summary.failures[clean_string(str(path))] = str(error)
    if errors and not (skip_absent and roots):
        raise errors[0]
    return roots


def _resolve(library: OpenHome, path: Path) -> str:
    """Return an absolute path without `..` and `.`. Symbolic links are not resolved."""
    try:
        root = os.path.normpath(path.expanduser().absolute())
    except RuntimeError as error:
        raise UsageError(f"{clean_string(str(path))} does not exist: {error}. Check the path.") from error
    problem = find_access_problem(root)
    # A path of a source that cannot be accessed is reported by the scan, and its items are kept.
    if problem is not None and _find_lost_source(library, root) is None:
        raise UsageError(f"{clean_string(str(path))} {problem}. Check the path, or mount its disk.")
    # Files that were indexed by an earlier version are skipped by the scan.
    reason = explain_protected(root) if problem is None else None
    if reason is not None and library.sources.find_above(make_printable(root)) is None:
        raise UsageError(f"{clean_string(str(path))} cannot be indexed: it is a {reason}. Choose another folder.")
    if make_printable(root) != root:
        raise UsageError(f"{make_printable(root)} cannot be indexed: its path is not valid UTF-8. Rename it.")
    if problem is None:
        library.sources.require_mergeable(root, str(library.home.uploads))
    return root


def _find_lost_source(library: OpenHome, root: str) -> Source | None:
    """Return the source that contains a path, if the source cannot be accessed, or the path is on a lost disk in it."""
    source = library.sources.find_above(make_printable(root))
    if source is None:
        return None
    places = {source.path, *(volume.path for volume in library.volumes.list_below(source.path))}
    lost = [place for place in places if is_below(root, place) and find_access_problem(place) is not None]
    return source if lost else None


def list_volume_paths(library: OpenHome) -> frozenset[str]:
    """Return the folders at which the storage of any source begins."""
    roots = {source.path for source in library.sources.list_all()}
    return frozenset(roots | {volume.path for volume in library.volumes.list_all()})


def find_silent_volumes(paths: Iterable[str]) -> dict[str, str]:
    """Return which of some volumes cannot be accessed, with the reason."""
    problems = find_access_problems(paths)
    return {path: problem for path, problem in problems.items() if problem is not None}
