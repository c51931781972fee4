"""An identity provider (OpenID Connect) on a socket of this machine."""

import base64
import hashlib
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID, CLIENT_SECRET = "crossmodal", "a secret of the client"


class Provider(ThreadingHTTPServer):
    """Signs everyone in as `person` at once.

    Attributes:
        person: The claims of the person who signs in.
        changes: Claims of the identity token that are wrong on purpose.
        key: The key that signs; another one than the published key after `use_another_key`.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.issuer = f"http://127.0.0.1:{self.server_port}"
        self.published = self.key = RSAKey.generate_key(2048, {"kid": "one"})
        self.person = {"sub": "u-17", "preferred_username": "ana"}
        self.changes = {}
        self.codes = {}

    def use_another_key(self):
        """Sign with a key that is not published."""
        self.key = RSAKey.generate_key(2048, {"kid": "one"})


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        provider, parts = self.server, urlsplit(self.path)
        if parts.path == "/.well-known/openid-configuration":
            names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
            urls = {name: f"{provider.issuer}/{path}" for name, path in names.items()}
            self._answer({"issuer": provider.issuer} | urls)
        elif parts.path == "/keys":
            self._answer({"keys": [provider.published.as_dict(private=False)]})
        elif parts.path == "/authorize":
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            code = f"code-{len(provider.codes)}"
            provider.codes[code] = asked
            self.send_response(302)
            answer = urlencode({"code": code, "state": asked["state"]})
            self.send_header("Location", f"{asked['redirect_uri']}?{answer}")
            self.end_headers()

    def do_POST(self):
        provider = self.server
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        asked = provider.codes.pop(sent["code"][0])
        digest = hashlib.sha256(sent["code_verifier"][0].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        credentials = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if asked["code_challenge"] != challenge or self.headers["Authorization"] != f"Basic {credentials}":
            self._answer({"error": "invalid_grant"}, 400)
            return
        claims = {"iss": provider.issuer, "aud": CLIENT_ID, "exp": int(time.time()) + 60, "nonce": asked["nonce"]}
        token = jwt.encode({"alg": "RS256", "kid": "one"}, claims | provider.person | provider.changes, provider.key)
        self._answer({"access_token": "x", "token_type": "Bearer", "id_token": token})

    def _answer(self, document, status=200):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def run_provider():
    """Run an identity provider."""
    provider = Provider()
    thread = threading.Thread(target=provider.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.shutdown()
        provider.server_close()
