"""Queries that have only filters."""

from search.query.filters import leave_out
from search.query.intent.reading import read_query
from search.records import Filters, Query


def read_filters(query: Query) -> Filters | None:
    """Return the filters of a query that has nothing else, or None for any other query. An empty query has none.

    Raises:
        UsageError: A filter in the text is not valid.
    """
    reading = read_query(query)
    parsed = reading.parsed
    if parsed.text.strip() or parsed.added or query.parts or query.voice is not None:
        return None
    return leave_out(reading.filters, query.without)
