"""Sign-in through an identity provider by OpenID Connect. Home of authlib, joserfc and httpx in the server.

The authorization code flow with PKCE (RFC 7636): OpenID Connect Core 1.0, section 3.1.
"""

import secrets
from dataclasses import dataclass
from typing import Any

from search.access.accounts import find_other_sign_ins
from search.errors import ProviderError, SignInError
from search.settings import Settings

TIMEOUT_SECONDS = 10.0
SCOPE = "openid profile email"
# Seconds that the clock of the provider may differ from that of this machine.
CLOCK_TOLERANCE = 60
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


@dataclass(frozen=True)
class Attempt:
    """A sign-in that was begun, as the browser keeps it until the provider sends it back.

    Attributes:
        state: Ties the answer of the provider to this browser.
        nonce: Ties the identity token to this attempt.
        verifier: The secret of PKCE.
        target: The path to lead to after the sign-in.
    """

    state: str
    nonce: str
    verifier: str
    target: str


@dataclass(frozen=True)
class Identity:
    """Who someone is at the provider.

    Attributes:
        external_id: The issuer and the id of the person there, which never changes.
        name: The name of the person, to show and to find an invited account by.
    """

    external_id: str
    name: str


def has_provider(settings: Settings) -> bool:
    """Return whether people can sign in through an identity provider."""
    return find_other_sign_ins(settings).has_provider


class IdentityProvider:
    """An identity provider. Its addresses and keys are read when somebody signs in."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def begin(self, callback: str, target: str) -> tuple[str, Attempt]:
        """Return the address of the provider to send a browser to, and the attempt to keep in the browser.

        Args:
            callback: The address to which the provider sends the browser back.
            target: The path to lead to after the sign-in.

        Raises:
            ProviderError: The provider cannot be reached.
        """
        attempt = Attempt(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48), target)
        endpoint = self._read_metadata()["authorization_endpoint"]
        url, _ = self._make_client(callback).create_authorization_url(
            endpoint, state=attempt.state, nonce=attempt.nonce, code_verifier=attempt.verifier
        )
        return str(url), attempt

    def finish(self, callback: str, response: str, attempt: Attempt) -> Identity:
        """Return who has signed in.

        Args:
            callback: The address to which the provider sent the browser back.
            response: That address with the answer of the provider.
            attempt: The attempt that the browser has kept.

        Raises:
            SignInError: The provider refused, or its answer is not valid for this attempt.
            ProviderError: The provider cannot be reached.
        """
        from authlib.common.errors import AuthlibBaseError
        from httpx import HTTPError
        from joserfc.errors import JoseError

        try:
            metadata = self._read_metadata()
            client = self._make_client(callback)
            token = client.fetch_token(
                metadata["token_endpoint"],
                authorization_response=response,
                state=attempt.state,
                code_verifier=attempt.verifier,
            )
            claims = self._read_claims(metadata, str(token["id_token"]), attempt.nonce)
        except (AuthlibBaseError, JoseError, ValueError, KeyError) as error:
            raise SignInError(f"The identity provider did not confirm who you are: {error}. Try again.") from error
        except HTTPError as error:
            raise self._make_error(error) from error
        # Anyone may claim an address that the provider has not verified.
        email = claims.get("email") if claims.get("email_verified") is True else None
        claim = self._settings.oidc_name_claim
        name = str((email if claim == "email" else claims.get(claim)) or email or claims["sub"])
        return Identity(f"{claims['iss']} {claims['sub']}", name)

    def _read_claims(self, metadata: dict[str, Any], id_token: str, nonce: str) -> dict[str, Any]:
        """Return the claims of an identity token whose signature and claims are valid; else raise JoseError."""
        from joserfc import jwt
        from joserfc.jwk import KeySet

        keys = KeySet.import_key_set(self._fetch(metadata["jwks_uri"]))  # type: ignore[arg-type]
        claims = jwt.decode(id_token, keys, algorithms=ALGORITHMS).claims
        registry = jwt.JWTClaimsRegistry(
            leeway=CLOCK_TOLERANCE,
            iss={"essential": True, "value": self._settings.oidc_issuer},
            aud={"essential": True, "value": self._settings.oidc_client_id},
            sub={"essential": True},
            exp={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        registry.validate(claims)
        return dict(claims)

    def _read_metadata(self) -> dict[str, Any]:
        issuer = self._settings.oidc_issuer
        metadata = self._fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if metadata.get("issuer") != issuer:
            raise ProviderError(
                f"{issuer} says that it is {metadata.get('issuer')!r}. Correct the setting `oidc_issuer`."
            )
        return metadata

    def _fetch(self, address: str) -> dict[str, Any]:
        import httpx

        try:
            response = httpx.get(address, timeout=TIMEOUT_SECONDS).raise_for_status()
            document: dict[str, Any] = response.json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise self._make_error(error) from error
        return document

    def _make_error(self, error: Exception) -> ProviderError:
        return ProviderError(f"The identity provider {self._settings.oidc_issuer} cannot be used: {error}. Try again.")

    def _make_client(self, callback: str) -> Any:
        from authlib.integrations.httpx_client import OAuth2Client

        return OAuth2Client(
            self._settings.oidc_client_id,
            self._settings.oidc_client_secret.get_secret_value(),
            scope=SCOPE,
            redirect_uri=callback,
            code_challenge_method="S256",
            timeout=TIMEOUT_SECONDS,
        )
