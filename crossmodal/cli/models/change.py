"""`crossmodal models use`, `rollback` and `drop`."""

from typing import TYPE_CHECKING

import click

from crossmodal.cli.index import show_progress
from crossmodal.cli.models.export import SAMPLE, export_model
from crossmodal.cli.output import json_option, print_json
from search.settings import Settings
from search.storable import show_controls

if TYPE_CHECKING:
    from indexer.model_change.fill import ChangeResult

ROLES = ("visual", "semantic", "speech")


@click.command("use")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), help="The model's role, if its name is ambiguous.")
@click.option(
    "--throttle",
    default=100,
    show_default=True,
    type=click.IntRange(1, 100),
    help="Percentage of the time to work; the rest is free for searches.",
)
@click.option(
    "--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Number of parallel decoders."
)
@click.option("--force", is_flag=True, help="Switch even if many files cannot be read.")
@click.option("--export", "export", is_flag=True, help="First convert the model to ONNX, as `models export` does.")
@json_option
@click.pass_obj
def use_command(
    settings: Settings,
    name: str,
    role: str | None,
    throttle: int,
    workers: int,
    force: bool,
    export: bool,
    as_json: bool,
) -> None:
    """Switch to another model: fill a new space in the background, then use it.

    NAME is ARCHITECTURE/TAG, ARCHITECTURE//path/of/weights, local-dir:FOLDER, a sentence-transformers or Whisper model.
    Searches use the old model until the new space is complete. You can stop the command and run it again. On a CPU,
    --export takes some minutes and makes embedding up to twice as fast.
    """
    from indexer.model_change.change import Pace, use_model
    from indexer.pipeline import Options
    from search.open_home import open_home

    with open_home(settings, create=True) as library:
        if export:
            export_model(library, name, role, SAMPLE)
        with library.home.lock(), show_progress() as show:
            outcome = use_model(library, name, role, Options(workers), show, Pace(throttle / 100, force))
    _report(outcome, as_json)


@click.command("rollback")
@click.option("--role", type=click.Choice(ROLES[:2]), default="visual", show_default=True)
@click.option(
    "--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Number of parallel decoders."
)
@json_option
@click.pass_obj
def rollback_command(settings: Settings, role: str, workers: int, as_json: bool) -> None:
    """Switch back to the previous model.

    Files that were indexed in the meantime are embedded with it first.
    """
    from indexer.model_change.change import Change, change_model, find_previous
    from indexer.pipeline import Options
    from search.open_home import open_home
    from search.records import Retriever

    with open_home(settings) as library, library.home.lock(), show_progress() as show:
        change = Change(Retriever(role), find_previous(library, Retriever(role)))
        outcome = change_model(library, change, Options(workers), show)
    _report(outcome, as_json)


@click.command("drop")
@click.option("--role", type=click.Choice(ROLES[:2]), default="visual", show_default=True)
@json_option
@click.pass_obj
def drop_command(settings: Settings, role: str, as_json: bool) -> None:
    """Remove the space of the previous model, and a space that is not complete."""
    from indexer.model_change.change import drop_spaces
    from search.open_home import open_home
    from search.records import Retriever

    with open_home(settings) as library, library.home.lock():
        count = drop_spaces(library, Retriever(role))
    if as_json:
        print_json({"removed": count})
    else:
        click.echo(f"{count} embeddings removed")


def _report(outcome: "ChangeResult", as_json: bool) -> None:
    for path, reason in outcome.unread.items():
        click.echo(show_controls(f"{path}: {reason}"), err=True)
    if as_json:
        print_json(outcome.describe())
    else:
        filled = f": {outcome.filled} embeddings in {outcome.seconds:.0f} s" if outcome.filled else ""
        click.echo(f"{outcome.model} is in use{filled}")
        if outcome.is_speech:
            click.echo("Existing transcripts are kept. To transcribe again, run `crossmodal index --reindex FOLDER`.")
    if outcome.unread:
        raise click.exceptions.Exit(1)
