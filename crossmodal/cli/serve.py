"""`crossmodal serve`."""

import gc
import ipaddress
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, NoReturn

import click

from search.errors import NotAllowedError
from search.settings import Settings

if TYPE_CHECKING:
    from search.engine import Engine


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--no-worker", is_flag=True, help="Do not start a worker. Use it if a worker runs elsewhere.")
@click.pass_obj
def serve_command(settings: Settings, host: str, port: int, no_worker: bool) -> None:
    """Serve the web page and the REST API."""
    from web.server.first_process import run_as_first_process

    if not _is_loopback(host):
        raise NotAllowedError(
            f"Refused to listen on {host}: this version has no API keys, so anyone on that network could read the "
            "library. Listen on 127.0.0.1 behind a proxy that asks for a password (see deploy/)."
        )
    run_as_first_process()
    # The server replaces these while it runs. Before and after, both end the process cleanly.
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, _exit)
    _serve(settings, host, port, no_worker)


def _serve(settings: Settings, host: str, port: int, no_worker: bool) -> None:
    from search.engine import Engine
    from search.open_home import open_home
    from web.app import create_app
    from web.server.server import listen, serve
    from web.worker_process import WorkerProcess

    with open_home(settings, create=True) as library:
        engine = Engine(library)
        app = create_app(engine, settings)
        sockets = listen(host, port)
        name = f"[{host}]" if ":" in host else host
        click.echo(f"Crossmodal is running at http://{name}:{port} (press Ctrl-C to stop)")
        # Load the models now, so that the first query does not wait for them.
        threading.Thread(target=_warm_up, args=(engine,), daemon=True).start()
        with WorkerProcess(settings, disabled=no_worker) as worker:
            finished = serve(app, settings, sockets, on_stop=worker.stop)
        if not finished:
            # Threads still work on requests that were cut, so neither the library nor Python can be closed under them.
            click.echo("Some requests did not finish in time and were cut.", err=True)
            sys.stdout.flush()
            os._exit(0)


def _exit(_number: int, _frame: object) -> NoReturn:
    raise SystemExit(0)


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
