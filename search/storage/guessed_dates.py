"""The dates of items that are guessed from the names of their files and folders."""

from collections.abc import Iterable, Mapping

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from search.records import ItemType
from search.storage import tables as t
from search.storage.database import Database, match_values, pack_values

# The setting that says that the dates of all items were guessed by the current rules.
_RULES_KEY = "guessed_dates"
Guess = tuple[str, str | None] | None


def list_undated(database: Database, item_ids: Iterable[int] | None = None) -> dict[int, str]:
    """Return the paths of the items without a date in their metadata, by id; documents are left out.

    Args:
        database: The catalog.
        item_ids: Only these items; None for all.
    """
    c = t.item.c
    query = select(c.id, c.path).where(
        c.indexed_at.is_not(None),
        c.type.is_distinct_from(ItemType.DOCUMENT),
        or_(c.captured_at.is_(None), c.is_date_guessed),
    )
    with database.read() as db:
        if item_ids is None:
            return {row.id: row.path for row in db.execute(query)}
        return {row.id: row.path for row in db.execute(query.where(match_values(c.id)), pack_values(item_ids))}


def save_guesses(database: Database, guesses: Mapping[int, Guess]) -> None:
    """Replace the dates of items; None for those whose names contain no date."""
    rows = [
        {"item": item_id, "date": guess and guess[0], "precision": guess and guess[1], "guessed": guess is not None}
        for item_id, guess in guesses.items()
    ]
    statement = (
        update(t.item)
        .where(t.item.c.id == bindparam("item"))
        .values(
            captured_at=bindparam("date"), date_precision=bindparam("precision"), is_date_guessed=bindparam("guessed")
        )
    )
    with database.write() as db:
        if rows:
            db.execute(statement, rows)


def read_rules(database: Database) -> str | None:
    """Return the version of the rules by which the dates of all items were guessed; None if they were not."""
    with database.read() as db:
        return db.execute(select(t.setting.c.value).where(t.setting.c.key == _RULES_KEY)).scalar()


def save_rules(database: Database, version: str) -> None:
    """Store the version of the rules by which the dates of all items were guessed."""
    statement = upsert(t.setting).values(key=_RULES_KEY, value=version)
    with database.write() as db:
        db.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": version}))
