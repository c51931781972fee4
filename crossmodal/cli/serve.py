"""`crossmodal serve`."""

import gc
import ipaddress
import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

from search.errors import HomeError, NotAllowedError
from search.settings import Settings

if TYPE_CHECKING:
    from search.engine import Engine

# Searches, media, and those who follow jobs.
THREADS = 16


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--no-worker", is_flag=True, help="Start no worker: one runs elsewhere, or nothing is to be indexed.")
@click.pass_obj
def serve_command(settings: Settings, host: str, port: int, no_worker: bool) -> None:
    """Serve the page and the REST interface."""
    import waitress

    from search.engine import Engine
    from search.library import open_library
    from web.app import create_app
    from web.worker_process import run_worker_process

    if not _is_loopback(host):
        raise NotAllowedError(
            f"refused to listen on {host}: without API keys, which this version does not have yet, anyone there "
            "could read the library. Listen on 127.0.0.1 behind a proxy that asks for a password (see deploy/)"
        )
    with open_library(settings, create=True) as library:
        engine = Engine(library)
        try:
            server = waitress.create_server(
                create_app(engine, settings),
                host=host,
                port=port,
                threads=THREADS,
                ident=None,
                max_request_body_size=settings.file_limit,
            )
        except OSError as error:
            raise HomeError(f"cannot listen on {host}:{port}: {error.strerror}") from error
        name = f"[{host}]" if ":" in host else host
        click.echo(f"Crossmodal is at http://{name}:{port} (Ctrl-C ends it)")
        # The first query should not wait for the models.
        threading.Thread(target=_warm_up, args=(engine,), daemon=True).start()
        with nullcontext() if no_worker else run_worker_process(settings):
            server.run()


def _warm_up(engine: "Engine") -> None:
    """Load what searches need; from then on, collecting garbage no longer walks through word lists and models."""
    engine.warm_up()
    gc.collect()
    gc.freeze()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
