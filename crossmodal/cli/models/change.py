"""`crossmodal models use`, `rollback` and `drop`."""

from typing import TYPE_CHECKING

import click

from crossmodal.cli.index import show_progress
from crossmodal.cli.models.export import SAMPLE, export_model
from crossmodal.cli.output import json_option, print_json
from search.settings import Settings

if TYPE_CHECKING:
    from indexer.model_change.fill import Outcome

ROLES = ("visual", "semantic", "speech")


@click.command("use")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), help="The model's role, if its name is ambiguous.")
@click.option(
    "--throttle",
    default=100,
    show_default=True,
    type=click.IntRange(1, 100),
    help="Percent of the time to work; the rest is left to searches.",
)
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Decoders side by side.")
@click.option("--force", is_flag=True, help="Switch even if many files cannot be read.")
@click.option("--export", "export", is_flag=True, help="First turn it into ONNX, as `models export` does.")
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
    """Use another model: fill a new space beside the old one, then switch.

    NAME is ARCHITECTURE/TAG, ARCHITECTURE//path/of/weights, local-dir:FOLDER, a sentence-transformers or Whisper model.
    Searches go on with the old model until the new one is complete. It may be stopped and run again. On a CPU,
    --export takes some minutes, and all that follows up to half as long.
    """
    from indexer.model_change.change import Pace, use_model
    from indexer.pipeline import Options
    from search.library import open_library

    with open_library(settings, create=True) as library:
        if export:
            export_model(library, name, role, SAMPLE)
        with library.home.lock(), show_progress() as show:
            outcome = use_model(library, name, role, Options(workers), show, Pace(throttle / 100, force))
    _report(outcome, as_json)


@click.command("rollback")
@click.option("--role", type=click.Choice(ROLES[:2]), default="visual", show_default=True)
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Decoders side by side.")
@json_option
@click.pass_obj
def rollback_command(settings: Settings, role: str, workers: int, as_json: bool) -> None:
    """Go back to the model that was used before.

    What was indexed since is filled in first, so that nothing is lost.
    """
    from indexer.model_change.change import Change, change_model, find_previous
    from indexer.pipeline import Options
    from search.library import open_library
    from search.records import Retriever

    with open_library(settings) as library, library.home.lock(), show_progress() as show:
        change = Change(Retriever(role), find_previous(library, Retriever(role)))
        outcome = change_model(library, change, Options(workers), show)
    _report(outcome, as_json)


@click.command("drop")
@click.option("--role", type=click.Choice(ROLES[:2]), default="visual", show_default=True)
@json_option
@click.pass_obj
def drop_command(settings: Settings, role: str, as_json: bool) -> None:
    """Remove the space of the model that was used before.

    Also one that was begun and is not to be completed.
    """
    from indexer.model_change.change import drop_spaces
    from search.library import open_library
    from search.records import Retriever

    with open_library(settings) as library, library.home.lock():
        count = drop_spaces(library, Retriever(role))
    if as_json:
        print_json({"removed": count})
    else:
        click.echo(f"{count} vectors removed")


def _report(outcome: "Outcome", as_json: bool) -> None:
    for path, reason in outcome.unread.items():
        click.echo(f"{path}: {reason}", err=True)
    if as_json:
        print_json(outcome.describe())
    else:
        filled = f": {outcome.filled} vectors in {outcome.seconds:.0f} s" if outcome.filled else ""
        click.echo(f"{outcome.model} is in use{filled}")
        if outcome.is_speech:
            click.echo("what was heard before stays as it is; `crossmodal index --reindex FOLDER` has it heard anew")
    if outcome.unread:
        raise click.exceptions.Exit(1)
