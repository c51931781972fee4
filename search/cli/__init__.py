"""The one command. Subcommands are loaded by name when called, so that `--help` stays quick."""

import importlib
import sys
from pathlib import Path

import click

# name: (module, what it does in a line)
COMMANDS = {
    "index": ("indexer.cli", "Add folders or files to the library, or bring them up to date."),
    "search": ("search.cli.query", "Search by text, picture, voice or any mix."),
    "serve": ("web.cli", "Serve the page and the REST interface."),
    "worker": ("indexer.cli", "Do what was asked for over REST and the page: jobs, uploads, watched sources."),
    "demo": ("indexer.cli", "Write a small library to try things on."),
    "status": ("search.cli.ledger", "Show what is in the library, and how it is kept."),
    "files": ("search.cli.ledger", "List every file with its state and the reason."),
    "forget": ("search.cli.ledger", "Remove items from the library; no file is touched."),
    "jobs": ("search.cli.jobs", "Show, cancel and retry jobs."),
    "verify": ("search.cli.ledger", "Check that SQL, the index files and the disk agree."),
    "models": ("search.cli.models", "Show the models in use; build the embedded one."),
    "evaluate": ("search.cli.evaluate", "Measure how well the library answers the queries of a file."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported only when one is called."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Give the command names in the order a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """Import a command; None when there is none of this name."""
        if name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[name][0])
        command: click.Command = getattr(module, f"{name}_command")
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="The data directory [default: $CROSSMODAL_HOME, or the user's data directory].",
)
@click.version_option(package_name="crossmodal", prog_name="crossmodal")
@click.pass_context
def cli(ctx: click.Context, home: Path | None) -> None:
    """Find photos, speech, video moments and documents by text, picture or voice."""
    from search.settings import read_settings

    ctx.obj = read_settings(home=home)


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
