"""The vocabulary as a document: each tag with its names, its measured precision and its number of items."""

from collections.abc import Mapping
from typing import Any

from search.home import Home
from search.tagging.cuts import choose_cuts
from search.tagging.vocabulary import find_vocabulary, read_vocabulary


def list_tags(home: Home, model: str, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return all tags of the vocabulary of a home.

    Args:
        home: The home.
        model: The name of the image encoder in use.
        counts: The number of items by tag.

    Raises:
        UsageError: The user's copy of the vocabulary is not valid.
    """
    entries = read_vocabulary(find_vocabulary(home.tags)).entries
    return [
        {
            "name": used.entry.name,
            "group": used.entry.group,
            "names": {"en": used.entry.name, **used.entry.names},
            "given": used.cut is not None,
            "precision": used.precision,
            "recall": used.fitted.recall if used.precision is not None and used.fitted else None,
            "measured_together": used.precision is not None and bool(used.fitted and used.fitted.is_pooled),
            "count": counts.get(used.entry.name, 0),
        }
        for used in choose_cuts(entries, model)
    ]
