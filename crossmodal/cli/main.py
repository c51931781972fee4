"""The `crossmodal` command. A subcommand is imported only when it is called, so that `--help` is quick."""

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crossmodal.cli.lazy_group import LazyGroup
from crossmodal.cli.output import INTERRUPTED

if TYPE_CHECKING:
    from crossmodal.cli.answerer import SearchTarget
    from search.settings import Settings

# The exit status of a process that SIGPIPE ends, as shells report it.
BROKEN_PIPE = 141
# `main` passes this to the group: nothing else runs in the process, unlike in a test that calls the group.
OWN_PROCESS = object()

COMMANDS = {
    "index": ("crossmodal.cli.index", "Add folders or files to the library, or bring them up to date."),
    "search": ("crossmodal.cli.search", "Search by text, image, voice or any mix."),
    "serve": ("crossmodal.cli.serve", "Serve the web page and the REST API."),
    "worker": ("crossmodal.cli.worker", "Run jobs, uploads and watched sources in the background."),
    "demo": ("crossmodal.cli.index", "Write a small set of example files."),
    "status": ("crossmodal.cli.files", "Show what is in the library, its models and the disk use."),
    "files": ("crossmodal.cli.files", "List every file with its state and the reason."),
    "forget": ("crossmodal.cli.files", "Remove items from the library. Only uploaded files are deleted."),
    "hide": ("crossmodal.cli.hide", "Hide items from searches and albums for good, or list what is hidden."),
    "unhide": ("crossmodal.cli.hide", "Show hidden items again."),
    "clip": ("crossmodal.cli.clip", "Cut a part out of a recording."),
    "jobs": ("crossmodal.cli.jobs", "Show, cancel and retry jobs."),
    "verify": ("crossmodal.cli.files", "Check that the database, the index files and the disk agree."),
    "models": ("crossmodal.cli.models.group", "Show, download, choose, compare and export models."),
    "users": ("crossmodal.cli.users", "List, add, change and delete accounts."),
    "keys": ("crossmodal.cli.keys", "List, add and delete API keys."),
    "tags": ("crossmodal.cli.tags", "List the tags that the machine gives, and change their vocabulary."),
    "settings": ("crossmodal.cli.settings", "Show every setting with its value and its source."),
    "evaluate": ("crossmodal.cli.evaluate", "Measure how well the library answers the queries of a file."),
    "mcp": ("crossmodal.cli.mcp", "Offer searches to a language model over the Model Context Protocol."),
}
# Commands that also work with `--server`, and those that need no library.
ANYWHERE = {
    "index",
    "search",
    "status",
    "files",
    "forget",
    "hide",
    "unhide",
    "clip",
    "jobs",
    "mcp",
    "demo",
    "settings",
    "tags",
}


@click.group(cls=LazyGroup, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="The data directory [default: $CROSSMODAL_HOME, or the user's data directory].",
)
@click.option("--server", metavar="URL", help="Use the library of a server [default: $CROSSMODAL_SERVER, or none].")
@click.option("--no-server", is_flag=True, help="Do not search with the server that runs on the home.")
@click.option("--device", help="Where models run: auto, cpu, cuda or cuda:N [default: $CROSSMODAL_DEVICE, or auto].")
@click.version_option(package_name="crossmodal", prog_name="crossmodal")
@click.pass_context
def cli(ctx: click.Context, home: Path | None, server: str | None, no_server: bool, device: str | None) -> None:
    """Find photos, speech, video moments and documents by text, image or voice."""
    from search.errors import UsageError

    if home is not None and server:
        raise UsageError("--home and --server cannot be used together: a server has its own home")
    if ctx.invoked_subcommand == "search" and not (server or no_server):
        if ctx.obj is OWN_PROCESS:
            _prepare_for_one_query()
        ctx.obj = _find_target(home, device)
        if ctx.obj is not None:
            return
    from search.settings import read_settings

    # A home on the command line takes precedence over a server in the environment.
    settings = read_settings(home=home, device=device, server="" if home is not None else server)
    if settings.server and ctx.invoked_subcommand not in ANYWHERE:
        raise UsageError(
            f"`crossmodal {ctx.invoked_subcommand}` works only on the machine of the library, not with --server. Run "
            "it there; to use a home on this machine, pass --home or unset CROSSMODAL_SERVER."
        )
    ctx.obj = settings


def _prepare_for_one_query() -> None:
    """Turn off what pays off only in a process that runs for longer than a search."""
    # There is not much garbage, and looking for it takes a tenth of the time of the imports.
    gc.disable()
    # The products of one query are small. The threads that numpy starts would wait for more of them in a loop, and
    # take a processor from the thread that loads the model.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _find_target(home: Path | None, device: str | None) -> "SearchTarget | None":
    """Return the server that runs on the home; None if there is none, or a setting names another server.

    The settings are not read for that: it would take longer than the search.
    """
    from search.home import find_default_home
    from search.running_server import find_running_server

    if home is None and os.environ.get("CROSSMODAL_SERVER"):
        return None
    folder = Path(home or os.environ.get("CROSSMODAL_HOME") or find_default_home()).expanduser().absolute()
    found = find_running_server(folder)
    if found is None or _names_server(folder / "settings.toml"):
        return None
    from crossmodal.cli.answerer import SearchTarget

    def read() -> "Settings":
        from search.settings import read_settings

        return read_settings(home=home, device=device)

    return SearchTarget(found, folder, read)


def _names_server(path: Path) -> bool:
    """Return whether a settings file may name a server."""
    try:
        return "server" in path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return True


def main() -> None:
    """Run the command. Print an expected error as one line and exit with its status."""
    from search.errors import CrossmodalError

    try:
        status = cli.main(standalone_mode=False, obj=OWN_PROCESS)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except CrossmodalError as error:
        click.echo(f"crossmodal: {error}", err=True)
        sys.exit(error.exit_status)
    except (click.Abort, KeyboardInterrupt):
        click.echo("crossmodal: interrupted; completed work is saved", err=True)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(BROKEN_PIPE)
    sys.exit(status if isinstance(status, int) else 0)
