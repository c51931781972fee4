"""Output of results: one JSON document on standard output, or text."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click

# The exit status of a process that SIGINT ends, as shells report it.
INTERRUPTED = 130
# Shown while embeddings of an earlier version of a bundled model are replaced.
OUTDATED = "the bundled model was updated. To re-embed the files, run `crossmodal index` or a worker."

F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    """Add `--json` to a command."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)


def print_json(document: object) -> None:
    """Print a document as indented JSON, without escaping Unicode characters."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def format_time(seconds: float | None) -> str:
    """Return a time in a recording as m:ss, or an empty string without a time.

    Args:
        seconds: The time in seconds.
    """
    if seconds is None:
        return ""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def format_size(size: int) -> str:
    """Return a number of bytes in the largest unit in which it is at least 1."""
    value = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"
