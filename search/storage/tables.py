"""The tables of the catalog. A change needs a migration in `migrations/versions`."""

from sqlalchemy import (
    Boolean,
    Column,
    Computed,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)

from search.storage.columns import StorableFloat, StorableInteger, StorableText

metadata = MetaData()
_NAME = "substr(path, length(rtrim(path, replace(path, '/', ''))) + 1)"

setting = Table(
    "setting",
    metadata,
    Column("key", StorableText, primary_key=True),
    Column("value", StorableText, nullable=False),
)

space = Table(
    "space",
    metadata,
    Column("id", StorableInteger, primary_key=True),
    Column("retriever", StorableText, nullable=False),
    Column("role", StorableText, nullable=False),
    Column("model", StorableText, nullable=False),
    Column("fingerprint", StorableText, nullable=False),
    Column("dimension", StorableInteger, nullable=False),
    UniqueConstraint("retriever", "role"),
)

source = Table(
    "source",
    metadata,
    Column("id", StorableInteger, primary_key=True),
    Column("path", StorableText, nullable=False, unique=True),
    Column("added_at", StorableText, nullable=False),
    Column("is_watched", Boolean, nullable=False, server_default="0"),
    Column("exclude", StorableText),
    Column("reads_hidden", Boolean, nullable=False, server_default="0"),
    Column("problem", StorableText),
    # Rights, open pages and running requests may refer to the id of a source that was removed.
    sqlite_autoincrement=True,
)

# Folders at which storage begins, to detect that a disk is not mounted.
volume = Table(
    "volume",
    metadata,
    Column("path", StorableText, primary_key=True),
    Column("source_id", ForeignKey("source.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("identity", StorableText, nullable=False),
    Column("problem", StorableText),
    Column("last_item_id", StorableInteger),
    sqlite_with_rowid=False,
)

item = Table(
    "item",
    metadata,
    Column("id", StorableInteger, primary_key=True),
    Column("source_id", ForeignKey("source.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("path", StorableText, nullable=False, unique=True),
    Column("type", StorableText),
    Column("state", StorableText, nullable=False),
    Column("reason", StorableText),
    Column("size", StorableInteger, nullable=False),
    Column("mtime_ns", StorableInteger, nullable=False),
    Column("content_hash", StorableText, index=True),
    Column("title", StorableText),
    Column("captured_at", StorableText, index=True),
    Column("is_date_guessed", Boolean, nullable=False, server_default="0"),
    Column("date_precision", StorableText),
    Column("duration", StorableFloat),
    Column("width", StorableInteger),
    Column("height", StorableInteger),
    Column("language", StorableText),
    Column("camera", StorableText),
    Column("artist", StorableText),
    Column("album", StorableText),
    Column("description", StorableText),
    Column("latitude", StorableFloat),
    Column("longitude", StorableFloat),
    Column("orientation", StorableInteger),
    Column("rating", StorableInteger),
    Column("placeholder", StorableText),
    Column("sidecar", StorableText),
    Column("missing_since", StorableText),
    Column("indexed_at", StorableText),
    Column("problem", StorableText),
    Column("belongs_to", StorableText),
    Column("text_reader", StorableText),
    # The folder ends with "/". Both are computed from the path; indexes by prefix are in the migration that added them.
    Column("folder", StorableText, Computed("rtrim(path, replace(path, '/', ''))", persisted=False)),
    Column("name", StorableText, Computed(_NAME, persisted=False)),
    Index("ix_item_folder", "folder", "state", "source_id"),
    Column("tagger", StorableText),
    Index("ix_item_state_type", "state", "type"),
    Index("ix_item_state_tagger", "state", "tagger"),
    Index("ix_item_belongs_to", "belongs_to", sqlite_where=text("belongs_to IS NOT NULL")),
    sqlite_autoincrement=True,
)

# What users have hidden, by content and by path; in all sources, or in one.
hidden_item = Table(
    "hidden_item",
    metadata,
    Column("id", StorableInteger, primary_key=True),
    Column("content_hash", StorableText, index=True),
    Column("path", StorableText, nullable=False, index=True),
    Column("source_id", ForeignKey("source.id", ondelete="CASCADE"), index=True),
    Column("hidden_at", StorableText, nullable=False),
)

tag = Table(
    "tag",
    metadata,
    Column("item_id", ForeignKey("item.id", ondelete="CASCADE"), primary_key=True),
    Column("name", StorableText, primary_key=True, index=True),
)

# What the machine recognizes in images, and the version of the tagger is in `item.tagger`.
machine_tag = Table(
    "machine_tag",
    metadata,
    Column("item_id", ForeignKey("item.id", ondelete="CASCADE"), primary_key=True),
    Column("name", StorableText, primary_key=True, index=True),
    Column("score", StorableFloat, nullable=False),
    Column("start", StorableFloat),
    Column("described", Boolean, nullable=False),
)

# The names of the tags of the machine by language, to filter by any of them.
machine_tag_name = Table(
    "machine_tag_name",
    metadata,
    Column("name", StorableText, primary_key=True),
    Column("language", StorableText, primary_key=True),
    Column("label", StorableText, nullable=False),
)

# Where an item was captured; without a row, it has no coordinates or is far from any settlement.
item_place = Table(
    "item_place",
    metadata,
    Column("item_id", ForeignKey("item.id", ondelete="CASCADE"), primary_key=True),
    Column("area", StorableText, nullable=False),
    Column("city", StorableInteger),
    Column("rounded_area", StorableText),
    Index("ix_item_place_area_city", "area", "city"),
    sqlite_with_rowid=False,
)

segment = Table(
    "segment",
    metadata,
    Column("id", StorableInteger, primary_key=True),
    Column("item_id", ForeignKey("item.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", StorableText, nullable=False),
    Column("text", StorableText),
    Column("start", StorableFloat),
    Column("end", StorableFloat),
    Column("page", StorableInteger),
    Column("offset", StorableInteger),
    Column("confidence", StorableFloat),
    Column("phash", StorableInteger),
    Column("no_speech", StorableFloat),
    Column("word_times", StorableText),
    Column("text_lines", StorableText),
    Column("language", StorableText),
    sqlite_autoincrement=True,
)

embedding = Table(
    "embedding",
    metadata,
    Column("id", StorableInteger, primary_key=True),
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
    Column("id", StorableInteger, primary_key=True),
    Column("space_id", StorableInteger, nullable=False),
    Column("embedding_id", StorableInteger, nullable=False, index=True),
    sqlite_autoincrement=True,
)

# The queue of the worker and its history.
job = Table(
    "job",
    metadata,
    Column("id", StorableInteger, primary_key=True),
    Column("task", StorableText, nullable=False),
    Column("state", StorableText, nullable=False, index=True),
    Column("created_at", StorableText, nullable=False),
    Column("started_at", StorableText),
    Column("ended_at", StorableText),
    Column("done", StorableInteger, nullable=False, server_default="0"),
    Column("total", StorableInteger, nullable=False, server_default="0"),
    Column("seconds", StorableFloat, nullable=False, server_default="0"),
    Column("detail", StorableText),
    Column("seconds_left", StorableFloat),
    Column("summary", StorableText),
    Column("error", StorableText),
    Column("is_cancelling", Boolean, nullable=False, server_default="0"),
    Column("attempts", StorableInteger, nullable=False, server_default="0"),
    sqlite_autoincrement=True,
)

# Saved searches, and what the watched saved searches have found since they were saved.
saved_search = Table(
    "saved_search",
    metadata,
    Column("id", StorableInteger, primary_key=True),
    Column("name", StorableText, nullable=False),
    Column("request", StorableText, nullable=False),
    Column("address", StorableText, nullable=False),
    Column("is_watched", Boolean, nullable=False, server_default="0"),
    Column("webhook", StorableText),
    Column("webhook_secret", StorableText),
    Column("created_at", StorableText, nullable=False),
    Column("checked_at", StorableText, nullable=False),
    Column("error", StorableText),
    Column("owner_id", ForeignKey("account.id", ondelete="CASCADE"), index=True),
    sqlite_autoincrement=True,
)

search_result = Table(
    "search_result",
    metadata,
    Column("search_id", ForeignKey("saved_search.id", ondelete="CASCADE"), primary_key=True),
    Column("item_id", ForeignKey("item.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("score", StorableFloat, nullable=False),
    Column("found_at", StorableText, nullable=False),
    Column("is_sent", Boolean, nullable=False, server_default="0"),
    Column("is_seen", Boolean, nullable=False, server_default="0"),
)

album = Table(
    "album",
    metadata,
    Column("id", StorableInteger, primary_key=True),
    Column("name", StorableText, nullable=False),
    Column("created_at", StorableText, nullable=False),
    Column("owner_id", ForeignKey("account.id", ondelete="SET NULL"), index=True),
    Column("is_shared", Boolean, nullable=False, server_default="0"),
    # The item that was chosen to represent it; without one, it is the first item.
    Column("cover_id", ForeignKey("item.id", ondelete="SET NULL"), index=True),
    sqlite_autoincrement=True,
)

# The accounts that an album is shared with, besides those of `is_shared`, which means all.
album_account = Table(
    "album_account",
    metadata,
    Column("album_id", ForeignKey("album.id", ondelete="CASCADE"), primary_key=True),
    Column("account_id", ForeignKey("account.id", ondelete="CASCADE"), primary_key=True, index=True),
)

album_item = Table(
    "album_item",
    metadata,
    Column("album_id", ForeignKey("album.id", ondelete="CASCADE"), primary_key=True),
    Column("item_id", ForeignKey("item.id", ondelete="CASCADE"), primary_key=True, index=True),
    # Where the item is in the order that its owner chose; 0 in albums without one.
    Column("position", StorableInteger, nullable=False, server_default="0"),
)

# Small copies of uploaded query images. Whoever has an id can read the image, so ids cannot be guessed.
query_image = Table(
    "query_image",
    metadata,
    Column("id", StorableText, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("used_at", StorableText, nullable=False),
)

# Whether an item is relevant to a text, as judged by users; `crossmodal models adapt` learns from this.
feedback = Table(
    "feedback",
    metadata,
    Column("id", StorableInteger, primary_key=True),
    Column("text", StorableText, nullable=False, index=True),
    Column("item_id", ForeignKey("item.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("is_relevant", Boolean, nullable=False),
    Column("given_at", StorableText, nullable=False),
    # Without an owner: given when there were no accounts.
    Column("owner_id", ForeignKey("account.id", ondelete="CASCADE"), index=True),
)

# Links to albums for people without an account.
share = Table(
    "share",
    metadata,
    Column("id", StorableInteger, primary_key=True),
    Column("album_id", ForeignKey("album.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("token_hash", StorableText, nullable=False, unique=True),
    Column("created_at", StorableText, nullable=False),
    Column("expires_at", StorableText),
    Column("last_used_at", StorableText),
    sqlite_autoincrement=True,
)
