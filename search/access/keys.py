"""The creation of API keys."""

from dataclasses import dataclass

from search.access.tokens import TokenKind, make_token
from search.errors import NotAllowedError
from search.records import Account, ApiKey
from search.storage.api_keys import ApiKeys, NewKey
from search.storage.database import Database

MAX_NAME_LENGTH = 100


@dataclass(frozen=True)
class AddedKey:
    """A key that was added.

    Attributes:
        key: What is stored of it.
        text: The key itself, which is not stored.
    """

    key: ApiKey
    text: str


def add_key(database: Database, account: Account, new: NewKey) -> AddedKey:
    """Add an API key to an account.

    Raises:
        NotAllowedError: The key would do more than its account.
    """
    if not account.role.includes(new.role):
        raise NotAllowedError(f"role: {account.name} has the role {account.role}; a key cannot do more")
    token = make_token(TokenKind.KEY)
    return AddedKey(ApiKeys(database).add(account.id, new, token.prefix, token.hash), token.text)
