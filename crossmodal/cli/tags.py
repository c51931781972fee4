"""`crossmodal tags`."""

import shutil

import click

from crossmodal.cli.output import json_option, print_json
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
    from search.errors import UsageError
    from search.open_home import open_home
    from search.storage.machine_tags import MachineTags
    from search.tagging.vocabulary import PACKAGED_FILE
    from search.tagging.vocabulary_report import list_tags

    with open_home(settings) as library:
        if edit:
            copy = library.home.tags
            if copy.exists():
                raise UsageError(f"{copy} exists already. Edit it, or remove it to use the packaged vocabulary.")
            shutil.copyfile(PACKAGED_FILE, copy)
            click.echo(f"Edit {copy}, then run `crossmodal index`.")
            return
        counts = MachineTags(library.database).count()
        tags = list_tags(library.home, library.models.image_encoder.name, counts)
    shown = [tag for tag in tags if every or tag["given"]]
    if as_json:
        print_json({"tags": shown})
        return
    for tag in shown:
        measured = "not measured" if tag["precision"] is None else f"{tag['precision']:.0%} right"
        note = "" if tag["given"] else ", not given"
        click.echo(f"{tag['items']:7}  {tag['name']:24} {tag['group']:9} {measured}{note}")
