"""`crossmodal status`, `files` and `verify`."""

from pathlib import Path
from typing import Any

import click

from crossmodal.cli.library import open_library
from crossmodal.cli.output import OUTDATED, format_size, json_option, print_json
from search.errors import UsageError
from search.locations import FULL_DISCLOSURE
from search.open_home import OpenHome, open_home
from search.records import State
from search.serializers import serialize_ledger_row
from search.settings import Settings
from search.storable import show_controls

UNREAD = "in images is not read: install the extra ocr, and set read_text to true"


@click.command("status")
@json_option
@click.pass_obj
def status_command(settings: Settings, as_json: bool) -> None:
    """Show what is in the library, its models and the disk use."""
    with open_library(settings) as library:
        status = library.status()
    if as_json:
        print_json(status)
        return
    if status["home"] is not None:  # None for a key that may not read everything
        click.echo(f"home      {status['home']} ({format_size(status['disk'])})")
    for path in status["sources"]:
        reason = status["unavailable"].get(path)
        click.echo(f"source    {show_controls(path)}" + (f" (unavailable: {reason})" if reason else ""))
    for path in status["unavailable"].keys() - set(status["sources"]):
        click.echo(f"disk      {show_controls(path)} (unavailable: {status['unavailable'][path]})")
    for kind, states in status["items"].items():
        click.echo(f"{kind:9} " + ", ".join(f"{number} {state}" for state, number in states.items()))
    _print_spaces(status)
    for name, update in status["outdated"].items():
        click.echo(f"update    {name}: {update['done']} of {update['total']} re-embedded; {OUTDATED}")
    if status.get("earlier_recordings"):
        click.echo(
            f"reread    {status['earlier_recordings']} films and recordings were indexed by an earlier version, "
            "without chapters and subtitles in further languages. To read these, run `crossmodal index --reindex "
            "FOLDER`, which also transcribes again."
        )
    click.echo(f"speech    {status['speech']}")
    click.echo(f"text      {status.get('text_reader') or UNREAD}")
    click.echo(f"models    {status['chosen']}")


def _print_spaces(status: dict[str, Any]) -> None:
    for name, space in status["spaces"].items():
        click.echo(
            f"space     {name}: {space['model']}, {space['dimension']}-d, {space['embeddings']} embeddings, "
            f"generation {space['generation']}"
        )
        if "index" in space:
            click.echo(f"index     {name}: {_describe_index(space['index'])}")
    for name, space in status["other_spaces"].items():
        click.echo(f"space     {name}: {space['model']}, {space['dimension']}-d, {space['embeddings']} embeddings")


def _describe_index(index: dict[str, Any]) -> str:
    """Return how the vectors of a space are searched, in words."""
    delta = f"; {index['delta']} not in it yet" if index["delta"] else ""
    if not index["cells"]:
        return f"compares all {index['vectors']} vectors exactly{delta}"
    measured = {"texts": index["text_recall"], "vectors": index["vector_recall"]}
    recall = ", ".join(f"{value:.3f} for {kind}" for kind, value in measured.items() if value is not None)
    probed = f"probes {index['probes']} of {index['cells']} cells of {index['vectors']} vectors"
    return f"{probed}, measured recall@10 {recall}{delta}"


@click.command("files")
@click.option("--state", type=click.Choice([str(state) for state in State]), help="Only files in this state.")
@json_option
@click.pass_obj
def files_command(settings: Settings, state: str | None, as_json: bool) -> None:
    """List every file with its state and the reason."""
    with open_library(settings) as library:
        items = list(library.items(state))
    if as_json:
        print_json({"items": [serialize_ledger_row(item, FULL_DISCLOSURE) for item in items]})
        return
    for item in items:
        click.echo(show_controls(f"{item.state:8} {item.path}" + (f": {item.reason}" if item.reason else "")))


@click.command("forget")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--missing-for",
    type=click.FloatRange(0),
    metavar="DAYS",
    help="Remove items whose file has been missing for this number of days.",
)
@json_option
@click.pass_obj
def forget_command(settings: Settings, paths: tuple[Path, ...], missing_for: float | None, as_json: bool) -> None:
    """Remove items from the library. Only uploaded files are deleted.

    PATHS are files or folders. A source among them is removed with all its items.
    """
    if not paths and missing_for is None:
        raise UsageError("Missing argument: name files or folders to forget, or pass --missing-for DAYS")
    with open_library(settings) as library:
        count = library.forget(*paths, missing_for=missing_for)
    if as_json:
        print_json({"forgotten": count})
    else:
        click.echo(f"{count} items forgotten")


@click.command("verify")
@click.option("--repair", is_flag=True, help="Rebuild the index files from the database first.")
@json_option
@click.pass_obj
def verify_command(settings: Settings, repair: bool, as_json: bool) -> None:
    """Check that the database, the index files and the disk agree."""
    from search.status import verify_library

    with open_home(settings) as library:
        if repair:
            _rebuild(library)
        problems = verify_library(library)
    document: dict[str, Any] = {"consistent": not problems, "problems": problems}
    if as_json:
        print_json(document)
    else:
        for line in problems:
            click.echo(line)
        click.echo(
            "consistent"
            if not problems
            else f"{len(problems)} problems. To rebuild the index files, run `crossmodal verify --repair`."
        )
    if problems:
        raise click.exceptions.Exit(1)


def _rebuild(library: OpenHome) -> None:
    with library.home.lock():
        revision = library.catalog.read_revision()
        for retriever, index in library.indexes.items():
            if retriever not in library.outdated:
                index.build(revision)
