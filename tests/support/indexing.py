"""Indexing as the tests start it."""

from pathlib import Path

from indexer.pipeline import Options, Summary, run_index
from search.open_home import OpenHome


def index(library: OpenHome, *paths: Path, **options) -> Summary:
    """Index without showing progress; files are decoded in this process unless a test asks for the sandbox."""
    return run_index(library, list(paths), Options(**{"sandbox": False} | options), lambda *_: None)
