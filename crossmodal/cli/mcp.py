"""`crossmodal mcp`."""

import signal

import click

from crossmodal.cli.library import open_library
from search.errors import UsageError
from search.settings import Settings


@click.command("mcp")
@click.pass_obj
def mcp_command(settings: Settings) -> None:
    """Offer searches to a language model over the Model Context Protocol.

    A program such as an assistant starts this command and talks to it over standard input and output.
    """
    try:
        from crossmodal.mcp_server import make_server
    except ModuleNotFoundError as error:
        raise UsageError("The package mcp is missing. Install it with `pip install 'crossmodal[mcp]'`.") from error
    # Ends the process at once. An exception would wait for the thread that reads standard input.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with open_library(settings) as library:
        make_server(library).run()
