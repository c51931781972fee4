"""The one command. Subcommands are loaded by name when called, so that `--help` stays quick."""

import sys
from pathlib import Path

import click

from search.cli.lazy import LazyGroup

COMMANDS = {
    "index": ("indexer.cli.index", "Add folders or files to the library, or bring them up to date."),
    "search": ("search.cli.query", "Search by text, picture, voice or any mix."),
    "serve": ("web.cli", "Serve the page and the REST interface."),
    "worker": ("indexer.cli.worker", "Do what was asked for over REST and the page: jobs, uploads, watched sources."),
    "demo": ("indexer.cli.index", "Write a small library to try things on."),
    "status": ("search.cli.ledger", "Show what is in the library, and how it is kept."),
    "files": ("search.cli.ledger", "List every file with its state and the reason."),
    "forget": ("search.cli.ledger", "Remove items from the library; no file is touched."),
    "jobs": ("search.cli.jobs", "Show, cancel and retry jobs."),
    "verify": ("search.cli.ledger", "Check that SQL, the index files and the disk agree."),
    "models": ("search.cli.models", "Show, fetch, choose, compare and export models."),
    "evaluate": ("search.cli.evaluate", "Measure how well the library answers the queries of a file."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="The data directory [default: $CROSSMODAL_HOME, or the user's data directory].",
)
@click.option("--device", help="Where models run: auto, cpu, cuda or cuda:N [default: $CROSSMODAL_DEVICE, or auto].")
@click.version_option(package_name="crossmodal", prog_name="crossmodal")
@click.pass_context
def cli(ctx: click.Context, home: Path | None, device: str | None) -> None:
    """Find photos, speech, video moments and documents by text, picture or voice."""
    from search.settings import read_settings

    ctx.obj = read_settings(home=home, device=device)


def main() -> None:
    """Run the command; errors meant for the user become one line and an exit status."""
    from search.errors import CrossmodalError

    try:
        status = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except CrossmodalError as error:
        click.echo(f"crossmodal: {error}", err=True)
        sys.exit(error.exit_status)
    except (click.Abort, KeyboardInterrupt):
        click.echo("crossmodal: interrupted; what was done so far is kept", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
    sys.exit(status if isinstance(status, int) else 0)
