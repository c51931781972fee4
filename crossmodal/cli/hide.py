"""`crossmodal hide` and `unhide`."""

from pathlib import Path

import click

from crossmodal.cli.library import open_library
from crossmodal.cli.output import json_option, print_json
from search.errors import UsageError
from search.locations import FULL_DISCLOSURE
from search.serializers import serialize_ledger_row
from search.settings import Settings
from search.storable import show_controls

paths_argument = click.argument("paths", nargs=-1, type=click.Path(path_type=Path))


@click.command("hide")
@paths_argument
@click.option("--list", "lists", is_flag=True, help="List what is hidden instead.")
@json_option
@click.pass_obj
def hide_command(settings: Settings, paths: tuple[Path, ...], lists: bool, as_json: bool) -> None:
    """Hide items from searches and albums for good. No file is changed.

    PATHS are files, or folders whose present files are hidden. Copies of a hidden file are hidden as well, and all stay
    hidden when they are indexed again, renamed or edited. `crossmodal unhide` shows them again.
    """
    if lists == bool(paths):
        raise UsageError("Name files or folders to hide, or pass --list")
    if lists:
        _list_hidden(settings, as_json)
        return
    with open_library(settings) as library:
        count = library.hide(*paths)
    if as_json:
        print_json({"hidden": count})
    else:
        click.echo(f"{count} items hidden")


@click.command("unhide")
@paths_argument
@json_option
@click.pass_obj
def unhide_command(settings: Settings, paths: tuple[Path, ...], as_json: bool) -> None:
    """Show hidden items again, and copies of them.

    PATHS are files, or folders whose files are shown. `crossmodal hide --list` lists what is hidden.
    """
    if not paths:
        raise UsageError("Missing argument: name files or folders to show again")
    with open_library(settings) as library:
        count = library.unhide(*paths)
    if as_json:
        print_json({"unhidden": count})
    else:
        click.echo(f"{count} items shown again")


def _list_hidden(settings: Settings, as_json: bool) -> None:
    with open_library(settings) as library:
        items = library.hidden()
    if as_json:
        print_json({"items": [serialize_ledger_row(item, FULL_DISCLOSURE) for item in items]})
        return
    for item in items:
        click.echo(show_controls(item.path))
