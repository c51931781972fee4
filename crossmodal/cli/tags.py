"""`crossmodal tags`."""

import shutil
from pathlib import Path

import click

from crossmodal.cli.library import open_library
from crossmodal.cli.output import json_option, print_json
from search.errors import UsageError
from search.settings import Settings


@click.command("tags")
@click.option("--edit", is_flag=True, help="Copy the packaged vocabulary into the home, to change it there.")
@click.option("--every", is_flag=True, help="Also list the tags that are not given, as they are not precise enough.")
@json_option
@click.pass_obj
def tags_command(settings: Settings, edit: bool, every: bool, as_json: bool) -> None:
    """List the tags that the machine gives, with their measured precision and the number of items.

    The vocabulary is the file tags.tsv in the home, or the packaged one if there is none. After a change, the next
    `crossmodal index` tags all pictures and films again; nothing is decoded.
    """
    if edit:
        click.echo(f"Edit {_copy_vocabulary(settings)}, then run `crossmodal index`.")
        return
    with open_library(settings) as library:
        tags = library.machine_tags()
    shown = [tag for tag in tags if every or tag["given"]]
    if as_json:
        print_json({"tags": shown})
        return
    for tag in shown:
        measured = "not measured" if tag["precision"] is None else f"{tag['precision']:.0%} right"
        note = "" if tag["given"] else ", not given"
        click.echo(f"{tag['items']:7}  {tag['name']:24} {tag['group']:9} {measured}{note}")


def _copy_vocabulary(settings: Settings) -> Path:
    """Copy the packaged vocabulary into the home, and return the copy."""
    from search.home import Home
    from search.tagging.vocabulary import PACKAGED_FILE

    if settings.server:
        raise UsageError("--edit works only on the machine of the library. Run it there, without --server.")
    copy = Home(settings.home).tags
    if copy.exists():
        raise UsageError(f"{copy} exists already. Edit it, or remove it to use the packaged vocabulary.")
    shutil.copyfile(PACKAGED_FILE, copy)
    return copy
