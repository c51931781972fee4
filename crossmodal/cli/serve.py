"""`crossmodal serve`."""

import gc
import ipaddress
import os
import signal
import socket
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import click

from search.errors import NotAllowedError
from search.settings import Settings
from web.hosts import is_address, is_loopback

if TYPE_CHECKING:
    from search.access.tokens import Token
    from search.engine import Engine
    from search.open_home import OpenHome
    from search.running_server import RunningServer


@dataclass(frozen=True)
class Address:
    """Where the server listens.

    Attributes:
        host: A name or an address.
        port: The port.
    """

    host: str
    port: int

    @property
    def url(self) -> str:
        """The address of the page, as other machines can open it if they reach the server."""
        # The unspecified address, 0.0.0.0 or ::, listens on all addresses and is none to connect to.
        is_any = is_address(self.host) and ipaddress.ip_address(self.host).is_unspecified
        host = socket.gethostname() if is_any else self.host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--no-worker", is_flag=True, help="Do not start a worker. Use it if a worker runs elsewhere.")
@click.option("--setup", is_flag=True, help="Print a link with which the first account, an admin, can be created.")
@click.pass_obj
def serve_command(settings: Settings, host: str, port: int, no_worker: bool, setup: bool) -> None:
    """Serve the web page and the REST API."""
    from web.server.first_process import run_as_first_process

    run_as_first_process()
    # The server replaces these while it runs. Before and after, both end the process cleanly.
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, _exit)
    _serve(settings, Address(host, port), no_worker, setup)


def _serve(settings: Settings, address: Address, no_worker: bool, setup: bool) -> None:
    from web.server.tuning import tune_for_requests

    tune_for_requests()
    gc.disable()  # until the models are loaded
    from crossmodal.cli.preloading import preload

    _preloaded = preload(settings)  # shared as long as it is referenced
    from search.engine import Engine
    from search.open_home import open_home
    from search.running_server import announce
    from web.app import create_app
    from web.server.server import listen, serve
    from web.worker_process import WorkerProcess

    with open_home(settings, create=True) as library:
        token = _prepare_setup(library, address, setup)
        settings = _add_own_names(settings, address)
        engine = Engine(library)
        engine.warming.announce()
        running = _make_running(address)
        app = create_app(engine, settings, token.hash if token is not None else None, running.token)
        sockets = listen(address.host, address.port)
        click.echo(f"Crossmodal is running at {address.url} (press Ctrl-C to stop)")
        if not is_loopback(address.host):
            click.echo("Without a proxy that adds TLS, passwords travel in the clear; see docs/accounts.md.", err=True)
        if token is not None:
            click.echo(f"Create the first account here: {address.url}/setup#token={token.text}")
        # Load the models now, so that the first query does not wait for them.
        is_stopping, is_loaded = threading.Event(), threading.Event()
        threading.Thread(target=_warm_up, args=(engine, is_stopping, is_loaded), daemon=True).start()
        # The worker starts after that: its imports would keep the processors from it.
        with announce(settings.home, running), WorkerProcess(settings, no_worker, is_loaded) as worker:
            finished = serve(app, settings, sockets, on_stop=worker.stop)
            is_stopping.set()
        if not finished:
            # Threads still work on requests that were cut, so neither the library nor Python can be closed under them.
            click.echo("Some requests did not finish in time and were cut.", err=True)
            sys.stdout.flush()
            os._exit(0)


def _make_running(address: Address) -> "RunningServer":
    """Return how commands on this machine reach the server."""
    from search.running_server import RunningServer, make_owner_token

    is_any = is_address(address.host) and ipaddress.ip_address(address.host).is_unspecified
    loopback = "::1" if ":" in address.host else "127.0.0.1"
    return RunningServer(loopback if is_any else address.host, address.port, make_owner_token(), os.getpid())


def _add_own_names(settings: Settings, address: Address) -> Settings:
    """Return settings with the names under which other machines reach this one, if they can reach it."""
    if is_loopback(address.host):
        return settings
    name = socket.gethostname()
    return settings.model_copy(update={"hosts": (*settings.hosts, address.host, name, f"{name}.local")})


def _prepare_setup(library: "OpenHome", address: Address, setup: bool) -> "Token | None":
    """Return the token with which the first account can be created, if it is wanted.

    Raises:
        NotAllowedError: Other machines could reach the server, and nobody could sign in.
    """
    from search.access.accounts import open_accounts
    from search.access.tokens import TokenKind, make_token

    if open_accounts(library).have_admin():
        return None
    if setup:
        return make_token(TokenKind.SETUP)
    if not is_loopback(address.host):
        raise NotAllowedError(
            f"Refused to listen on {address.host}: nobody could sign in. Create an admin with `crossmodal users add "
            "NAME`, or start with `--setup` to get a link with which to create one."
        )
    return None


def _exit(_number: int, _frame: object) -> NoReturn:
    raise SystemExit(0)


def _warm_up(engine: "Engine", is_stopping: threading.Event, is_loaded: threading.Event) -> None:
    """Load the models and exclude them from garbage collection, which would scan their large word lists."""
    try:
        engine.warm_up()
    except Exception:
        if is_stopping.is_set():
            return  # the library was closed meanwhile
        raise
    finally:
        gc.enable()
        is_loaded.set()
    gc.collect()
    gc.freeze()
