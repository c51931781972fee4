"""Writing results: one JSON document on stdout, or text for people."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click

# What a person is told about lanes that wait for an update of their bundled model.
OUTDATED = "the bundled model was updated; `crossmodal index` or a worker embeds the files again"

F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    """Add `--json` to a command."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)


def print_json(document: object) -> None:
    """Print a document as JSON, readable and in the characters themselves."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def format_time(seconds: float | None) -> str:
    """Return a place in a recording as m:ss."""
    if seconds is None:
        return ""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def format_size(size: int) -> str:
    """Return a number of bytes in the largest unit that keeps it above one."""
    value = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"
