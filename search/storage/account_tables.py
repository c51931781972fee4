"""The tables of accounts. A change needs a migration in `migrations/versions`."""

from sqlalchemy import Boolean, Column, ForeignKey, Table

from search.storage.columns import StorableInteger, StorableText
from search.storage.tables import metadata

# People and programs that can sign in.
account = Table(
    "account",
    metadata,
    Column("id", StorableInteger, primary_key=True),
    Column("name", StorableText, nullable=False),
    # The name without differences of case and Unicode normalization.
    Column("folded_name", StorableText, nullable=False, unique=True),
    Column("role", StorableText, nullable=False),
    Column("has_all_sources", Boolean, nullable=False, server_default="0"),
    Column("password_hash", StorableText),
    # Who the account is at an identity provider.
    Column("external_id", StorableText, unique=True),
    Column("created_at", StorableText, nullable=False),
    Column("signed_in_at", StorableText),
    Column("is_disabled", Boolean, nullable=False, server_default="0"),
    sqlite_autoincrement=True,
)

account_source = Table(
    "account_source",
    metadata,
    Column("account_id", ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("source_id", ForeignKey("source.id", ondelete="CASCADE"), primary_key=True, index=True),
)

# Of secrets, only hashes are stored.
session = Table(
    "session",
    metadata,
    Column("token_hash", StorableText, primary_key=True),
    Column("account_id", ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", StorableText, nullable=False),
    Column("used_at", StorableText, nullable=False),
    Column("expires_at", StorableText, nullable=False),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", StorableInteger, primary_key=True),
    Column("account_id", ForeignKey("account.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", StorableText, nullable=False),
    Column("prefix", StorableText, nullable=False),
    Column("token_hash", StorableText, nullable=False, unique=True),
    Column("role", StorableText, nullable=False),
    Column("has_all_sources", Boolean, nullable=False, server_default="0"),
    Column("created_at", StorableText, nullable=False),
    Column("expires_at", StorableText),
    Column("last_used_at", StorableText),
    sqlite_autoincrement=True,
)

api_key_source = Table(
    "api_key_source",
    metadata,
    Column("key_id", ForeignKey("api_key.id", ondelete="CASCADE"), primary_key=True),
    Column("source_id", ForeignKey("source.id", ondelete="CASCADE"), primary_key=True, index=True),
)

# Who did what.
activity = Table(
    "activity",
    metadata,
    Column("id", StorableInteger, primary_key=True),
    Column("at", StorableText, nullable=False),
    Column("account", StorableText),
    Column("action", StorableText, nullable=False),
    Column("subject", StorableText),
    Column("address", StorableText),
    sqlite_autoincrement=True,
)
