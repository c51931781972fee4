"""The tables of the catalog. A change needs a migration in `migrations/versions`."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

setting = Table(
    "setting",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

space = Table(
    "space",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("retriever", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("dimension", Integer, nullable=False),
    UniqueConstraint("retriever", "role"),
)

source = Table(
    "source",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("path", Text, nullable=False, unique=True),
    Column("added_at", Text, nullable=False),
    Column("is_watched", Boolean, nullable=False, server_default="0"),
    Column("exclude", Text),
    Column("reads_hidden", Boolean, nullable=False, server_default="0"),
)

item = Table(
    "item",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source_id", ForeignKey("source.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("path", Text, nullable=False, unique=True),
    Column("type", Text),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("content_hash", Text, index=True),
    Column("title", Text),
    Column("captured_at", Text, index=True),
    Column("duration", Float),
    Column("width", Integer),
    Column("height", Integer),
    Column("language", Text),
    Column("camera", Text),
    Column("artist", Text),
    Column("album", Text),
    Column("description", Text),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("orientation", Integer),
    Column("placeholder", Text),
    Column("sidecar", Text),
    Column("missing_since", Text),
    Column("indexed_at", Text),
    Column("belongs_to", Text),
    Index("ix_item_state_type", "state", "type"),
    Index("ix_item_belongs_to", "belongs_to", sqlite_where=text("belongs_to IS NOT NULL")),
    sqlite_autoincrement=True,
)

tag = Table(
    "tag",
    metadata,
    Column("item_id", ForeignKey("item.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True, index=True),
)

segment = Table(
    "segment",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("item_id", ForeignKey("item.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("text", Text),
    Column("start", Float),
    Column("end", Float),
    Column("page", Integer),
    Column("offset", Integer),
    Column("confidence", Float),
    Column("phash", BigInteger),
    Column("no_speech", Float),
    Column("word_times", Text),
    sqlite_autoincrement=True,
)

embedding = Table(
    "embedding",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("segment_id", ForeignKey("segment.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("space_id", ForeignKey("space.id", ondelete="CASCADE"), nullable=False),
    Column("vector", LargeBinary, nullable=False),
    UniqueConstraint("space_id", "segment_id"),
    sqlite_autoincrement=True,
)

# Deleted embeddings, added by a trigger: readers of an older generation must not return them.
tombstone = Table(
    "tombstone",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("space_id", Integer, nullable=False),
    Column("embedding_id", Integer, nullable=False, index=True),
    sqlite_autoincrement=True,
)

# The queue of the worker and its history.
job = Table(
    "job",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("task", Text, nullable=False),
    Column("state", Text, nullable=False, index=True),
    Column("created_at", Text, nullable=False),
    Column("started_at", Text),
    Column("ended_at", Text),
    Column("done", Integer, nullable=False, server_default="0"),
    Column("total", Integer, nullable=False, server_default="0"),
    Column("seconds", Float, nullable=False, server_default="0"),
    Column("detail", Text),
    Column("summary", Text),
    Column("error", Text),
    Column("is_cancelling", Boolean, nullable=False, server_default="0"),
    sqlite_autoincrement=True,
)

# Saved searches, and what the watched saved searches have found since they were saved.
saved_search = Table(
    "saved_search",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("is_watched", Boolean, nullable=False, server_default="0"),
    Column("webhook", Text),
    Column("created_at", Text, nullable=False),
    Column("checked_at", Text, nullable=False),
    Column("error", Text),
    sqlite_autoincrement=True,
)

search_result = Table(
    "search_result",
    metadata,
    Column("search_id", ForeignKey("saved_search.id", ondelete="CASCADE"), primary_key=True),
    Column("item_id", ForeignKey("item.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("score", Float, nullable=False),
    Column("found_at", Text, nullable=False),
    Column("is_sent", Boolean, nullable=False, server_default="0"),
    Column("is_seen", Boolean, nullable=False, server_default="0"),
)

album = Table(
    "album",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("created_at", Text, nullable=False),
    sqlite_autoincrement=True,
)

album_item = Table(
    "album_item",
    metadata,
    Column("album_id", ForeignKey("album.id", ondelete="CASCADE"), primary_key=True),
    Column("item_id", ForeignKey("item.id", ondelete="CASCADE"), primary_key=True, index=True),
)

# Small copies of uploaded query images, by the hash of their content.
query_image = Table(
    "query_image",
    metadata,
    Column("id", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("used_at", Text, nullable=False),
)

# Whether an item is relevant to a text, as judged by users; `crossmodal models adapt` learns from this.
feedback = Table(
    "feedback",
    metadata,
    Column("text", Text, primary_key=True),
    Column("item_id", ForeignKey("item.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("is_relevant", Boolean, nullable=False),
    Column("given_at", Text, nullable=False),
    sqlite_with_rowid=False,
)
