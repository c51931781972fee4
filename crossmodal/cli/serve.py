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

# Threads of the server, for searches, media files and event streams.
THREADS = 16


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--no-worker", is_flag=True, help="Do not start a worker. Use it if a worker runs elsewhere.")
@click.pass_obj
def serve_command(settings: Settings, host: str, port: int, no_worker: bool) -> None:
    """Serve the web page and the REST API."""
    import waitress

    from search.engine import Engine
    from search.open_home import open_home
    from web.app import create_app
    from web.worker_process import run_worker_process

    if not _is_loopback(host):
        raise NotAllowedError(
            f"Refused to listen on {host}: this version has no API keys, so anyone on that network could read the "
            "library. Listen on 127.0.0.1 behind a proxy that asks for a password (see deploy/)."
        )
    with open_home(settings, create=True) as library:
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
            raise HomeError(f"Cannot listen on {host}:{port}: {error.strerror}") from error
        name = f"[{host}]" if ":" in host else host
        click.echo(f"Crossmodal is running at http://{name}:{port} (press Ctrl-C to stop)")
        # Load the models now, so that the first query does not wait for them.
        threading.Thread(target=_warm_up, args=(engine,), daemon=True).start()
        with nullcontext() if no_worker else run_worker_process(settings):
            server.run()


def _warm_up(engine: "Engine") -> None:
    """Load the models and exclude them from garbage collection, which would scan their large word lists."""
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
