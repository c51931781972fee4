"""What a query matches, to count it by facet and by folder."""

from dataclasses import dataclass

from search.records.filters import Filters
from search.records.query import Tier


@dataclass(frozen=True)
class Matches:
    """The items that a query matches.

    Attributes:
        filters: The filters of the query, wherever they were written.
        item_ids: The items, best first, one of each stack; None for all items that satisfy the filters.
        tier: The tier of the items: `possible` if nothing is relevant.
        total: The number of results.
        is_estimate: Whether `total` is an estimate, because not all results were scored. `item_ids` has the best.
    """

    filters: Filters
    item_ids: tuple[int, ...] | None = None
    tier: Tier = Tier.RELEVANT
    total: int = 0
    is_estimate: bool = False

    def scale(self, count: int) -> int:
        """Return a number of results for a number of matched items: of an estimate, in proportion to its total."""
        if not self.is_estimate or not self.item_ids:
            return count
        return round(count * max(1.0, self.total / len(self.item_ids)))
