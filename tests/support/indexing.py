"""Indexing as the tests start it."""

from dataclasses import replace
from pathlib import Path

from indexer.pipeline import Options, Summary, run_index
from search.open_home import OpenHome
from search.records import State


def index(library: OpenHome, *paths: Path, **options) -> Summary:
    """Index without showing progress; files are decoded in this process unless a test asks for the sandbox."""
    return run_index(library, list(paths), Options(**{"sandbox": False} | options), lambda *_: None)


def change_settings(library: OpenHome, **settings) -> OpenHome:
    """Return an open library with other settings; all else is shared."""
    return replace(library, settings=library.settings.model_copy(update=settings))


def list_states(library: OpenHome) -> dict[str, State]:
    """Return the state of every file in the ledger by its name."""
    return {Path(item.path).name: item.state for item in library.catalog.list_items()}


def list_reasons(library: OpenHome) -> dict[str, tuple[State, str | None]]:
    """Return the state of every file in the ledger, and its reason, by its name."""
    return {Path(item.path).name: (item.state, item.reason) for item in library.catalog.list_items()}
