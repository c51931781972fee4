"""The addresses of webhooks."""

from urllib.parse import SplitResult, urlsplit


def split_address(address: str) -> SplitResult:
    """Return the parts of the address of a webhook.

    Raises:
        ValueError: It is not an http or https address, or its host or port is not valid. The message says what is
            wrong.
    """
    if any(character.isspace() or not character.isprintable() for character in address):
        raise ValueError("it contains a space or a control character")
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("it is not an http or https address")
    if parts.port == 0:  # this raises ValueError if the port is not a number up to 65535
        raise ValueError("the port is 0")
    try:
        parts.hostname.encode("idna")
    except UnicodeError as error:
        raise ValueError("the host name is not valid") from error
    return parts
