"""Queries that have only filters."""

from search.query.filters import join_filters, leave_out
from search.query.grammar import parse_query
from search.records import Filters, Query


def read_filters(query: Query) -> Filters | None:
    """Return the filters of a query that has nothing else, or None for any other query. An empty query has none.

    Raises:
        UsageError: A filter in the text is not valid.
    """
    parsed = parse_query(query.text or "")
    if parsed.text.strip() or parsed.added or query.parts or query.voice is not None:
        return None
    return leave_out(join_filters(query.filters, parsed.filters), query.without)
