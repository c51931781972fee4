"""The options that filter a search, one for each declared filter."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from crossmodal.arguments import resolve_path
from search.errors import UsageError
from search.records import FILTERS, FilterField, FilterKind

F = TypeVar("F", bound=Callable[..., Any])
PLACEHOLDERS = {
    FilterKind.FOLDER: "PATH",
    FilterKind.DATE: "DATE",
    FilterKind.PERIOD: "PERIOD",
    FilterKind.SECONDS: "DURATION",
}


def filter_options(command: F) -> F:
    """Add an option for every filter to a command; each value is passed under the name of its filter."""
    for name, declared in reversed(FILTERS.items()):
        option = click.option(
            f"--{declared.keyword}",
            name,
            multiple=declared.kind.is_list,
            metavar=get_placeholder(declared),
            callback=partial(_parse_option, declared),
            help=describe_option(declared),
        )
        command = option(command)
    return command


def get_placeholder(declared: FilterField) -> str:
    """Return the placeholder for the value of a filter's option in the help text."""
    return PLACEHOLDERS.get(declared.kind, declared.keyword.upper())


def describe_option(declared: FilterField) -> str:
    """Return the help text of a filter's option."""
    # In a shell a path may be relative to the working directory.
    expects = "the folder's name or path" if declared.kind is FilterKind.FOLDER else declared.expects
    repeated = " May be repeated." if declared.kind.is_list else ""
    return f"{declared.help.rstrip('.')}: {expects}.{repeated}"


def _parse_option(declared: FilterField, ctx: click.Context, option: click.Parameter, value: Any) -> Any:
    """Return the value of a filter.

    Raises:
        click.BadParameter: The text is not a valid value.
    """
    if value is None or value == ():
        return () if declared.kind.is_list else value
    from search.query.filters import parse_filter_value

    try:
        if declared.kind.is_list:
            return tuple(parsed for text in value for parsed in parse_filter_value(declared, text))
        if declared.kind is FilterKind.FOLDER:
            return _resolve_folder(ctx, value)
        return parse_filter_value(declared, value)
    except UsageError as error:
        raise click.BadParameter(str(error), ctx, option) from error


def _resolve_folder(ctx: click.Context, text: str) -> str:
    """Return an absolute path for a path on this machine; a name that is none here is that of a folder in the library.

    With `--server`, a path is one of the server.
    """
    is_remote = getattr(ctx.obj, "server", "") and not hasattr(ctx.obj, "read_settings")
    is_path = text.startswith((".", "/", "~")) or Path(text).exists()
    return resolve_path(text) if is_path and not is_remote else text
