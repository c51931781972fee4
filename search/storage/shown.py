"""Which item is shown in place of one that is an attachment now.

The original of an edited photo may be in albums, may have feedback, and may be a result of a watched search. All of
that counts for the edited version while that is shown. Nothing is rewritten, so it counts for the original again when
the edited version is deleted.
"""

from sqlalchemy import ColumnElement, func, select

from search.records import State
from search.storage import tables as t


def read_shown_id(item_id: ColumnElement[int]) -> ColumnElement[int]:
    """Return the SQL expression for the id of the item that an attachment belongs to; of other items, their id.

    Args:
        item_id: The column with the id of the item.
    """
    part, owner = t.item.alias(), t.item.alias()
    query = (
        select(owner.c.id)
        .join_from(part, owner, owner.c.path == part.c.belongs_to)
        .where(part.c.id == item_id, part.c.state == State.SKIPPED)
    )
    return func.coalesce(query.correlate_except(part, owner).scalar_subquery(), item_id)
