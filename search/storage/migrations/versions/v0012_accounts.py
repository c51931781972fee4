"""Add accounts, sessions, API keys, shared albums, owners and the record of activities."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

STATEMENTS = (
    """CREATE TABLE account (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, folded_name TEXT NOT NULL UNIQUE,
       role TEXT NOT NULL, has_all_sources BOOLEAN NOT NULL DEFAULT 0, password_hash TEXT, external_id TEXT UNIQUE,
       created_at TEXT NOT NULL, signed_in_at TEXT, is_disabled BOOLEAN NOT NULL DEFAULT 0,
       failed_attempts INTEGER NOT NULL DEFAULT 0, locked_until TEXT)""",
    """CREATE TABLE account_source (account_id INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
       source_id INTEGER NOT NULL REFERENCES source(id) ON DELETE CASCADE, PRIMARY KEY (account_id, source_id))""",
    "CREATE INDEX ix_account_source_source_id ON account_source (source_id)",
    """CREATE TABLE session (token_hash TEXT NOT NULL PRIMARY KEY,
       account_id INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
       created_at TEXT NOT NULL, used_at TEXT NOT NULL, expires_at TEXT NOT NULL)""",
    "CREATE INDEX ix_session_account_id ON session (account_id)",
    """CREATE TABLE api_key (id INTEGER PRIMARY KEY AUTOINCREMENT,
       account_id INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE, name TEXT NOT NULL, prefix TEXT NOT NULL,
       token_hash TEXT NOT NULL UNIQUE, role TEXT NOT NULL, has_all_sources BOOLEAN NOT NULL DEFAULT 0,
       created_at TEXT NOT NULL, expires_at TEXT, last_used_at TEXT)""",
    "CREATE INDEX ix_api_key_account_id ON api_key (account_id)",
    """CREATE TABLE api_key_source (key_id INTEGER NOT NULL REFERENCES api_key(id) ON DELETE CASCADE,
       source_id INTEGER NOT NULL REFERENCES source(id) ON DELETE CASCADE, PRIMARY KEY (key_id, source_id))""",
    "CREATE INDEX ix_api_key_source_source_id ON api_key_source (source_id)",
    # Recreated, since SQLite cannot drop a unique column: accounts may use the same name for their albums.
    """CREATE TABLE new_album (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, created_at TEXT NOT NULL,
       owner_id INTEGER REFERENCES account(id) ON DELETE SET NULL, is_shared BOOLEAN NOT NULL DEFAULT 0)""",
    "INSERT INTO new_album (id, name, created_at) SELECT id, name, created_at FROM album",
    "UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'album') WHERE name = 'new_album'",
    "DROP TABLE album",
    "ALTER TABLE new_album RENAME TO album",
    "CREATE INDEX ix_album_owner_id ON album (owner_id)",
    """CREATE TABLE album_account (album_id INTEGER NOT NULL REFERENCES album(id) ON DELETE CASCADE,
       account_id INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE, PRIMARY KEY (album_id, account_id))""",
    "CREATE INDEX ix_album_account_account_id ON album_account (account_id)",
    """CREATE TABLE share (id INTEGER PRIMARY KEY AUTOINCREMENT,
       album_id INTEGER NOT NULL REFERENCES album(id) ON DELETE CASCADE, token_hash TEXT NOT NULL UNIQUE,
       created_at TEXT NOT NULL, expires_at TEXT, last_used_at TEXT)""",
    "CREATE INDEX ix_share_album_id ON share (album_id)",
    "ALTER TABLE saved_search ADD COLUMN owner_id INTEGER REFERENCES account(id) ON DELETE CASCADE",
    "CREATE INDEX ix_saved_search_owner_id ON saved_search (owner_id)",
    """CREATE TABLE activity (id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, account TEXT,
       action TEXT NOT NULL, subject TEXT, address TEXT)""",
)


def upgrade() -> None:
    """Add the tables and columns. Existing albums and saved searches have no owner."""
    for statement in STATEMENTS:
        op.execute(sa.text(statement))
