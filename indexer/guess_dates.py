"""Guess the dates of indexed items again, after files were renamed or the rules have changed."""

from collections.abc import Iterable
from pathlib import PurePath

from search.media.folder_dates import guess_from_names
from search.storage.database import Database
from search.storage.guessed_dates import list_undated, read_rules, save_guesses, save_rules

# Changed when other names are read than before.
RULES = "1"


def guess_again(database: Database, item_ids: Iterable[int] | None = None) -> None:
    """Guess the dates of items that have none in their metadata.

    Args:
        database: The catalog.
        item_ids: The items; None for all.
    """
    undated = list_undated(database, item_ids)
    save_guesses(database, {item_id: guess_from_names(PurePath(path)) for item_id, path in undated.items()})


def apply_rules(database: Database) -> None:
    """Guess the dates of all items again if the rules have changed since that was done."""
    if read_rules(database) != RULES:
        guess_again(database)
        save_rules(database, RULES)
