"""What trusted proxies say about a request: the address of the client, and the address that the client has asked.

The proxy next to the server sets `X-Forwarded-For`, `-Proto`, `-Host` and `-Prefix`. Those of anyone else are ignored.
"""

import ipaddress
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from web.hosts import is_address

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

PREFIX = "HTTP_X_FORWARDED_"
# Whether a request comes from a trusted proxy, in the environment of the request.
TRUSTED_KEY = "trusted_proxy"
NAMES = ("FOR", "PROTO", "HOST", "PREFIX")
_VALID_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+")


class TrustedProxies:
    """A WSGI application that applies the headers of trusted proxies before it calls another one."""

    def __init__(self, app: "WSGIApplication", networks: Iterable[str]) -> None:
        """Create the application.

        Args:
            app: The application to call.
            networks: The addresses and networks of the proxies.
        """
        self._app = app
        self._networks = [ipaddress.ip_network(network) for network in networks]

    def __call__(self, environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request."""
        # The headers stay: they show that a request was forwarded, whoever has sent them.
        sent = {name: environ.get(PREFIX + name, "") for name in NAMES}
        environ[TRUSTED_KEY] = self._is_trusted(environ.get("REMOTE_ADDR", ""))
        if environ[TRUSTED_KEY]:
            self._apply(environ, sent)
        return self._app(environ, start_response)

    def _apply(self, environ: dict[str, Any], sent: dict[str, str]) -> None:
        """Change the environment of a request to what its client has asked for."""
        # A proxy may add to what it has received, so only the last value is its own.
        last = {name: value.rpartition(",")[2].strip() for name, value in sent.items()}
        if sent["FOR"]:
            environ["REMOTE_ADDR"] = self._find_client(sent["FOR"], environ["REMOTE_ADDR"])
        if last["PROTO"] in {"http", "https"}:
            environ["wsgi.url_scheme"] = last["PROTO"]
        if last["HOST"]:
            environ["HTTP_HOST"] = last["HOST"]
        prefix = last["PREFIX"].rstrip("/")
        if _VALID_PREFIX.fullmatch(prefix):
            environ["SCRIPT_NAME"] = prefix

    def _find_client(self, forwarded: str, address: str) -> str:
        """Return the last address of a list that is not a trusted proxy: everything before it can be invented."""
        for value in reversed(forwarded.split(",")):
            if not is_address(value.strip()):
                break
            address = value.strip()
            if not self._is_trusted(address):
                break
        return address

    def _is_trusted(self, address: str) -> bool:
        if not self._networks or not is_address(address):
            return False
        parsed = ipaddress.ip_address(address)
        mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
        return any((mapped or parsed) in network for network in self._networks)
