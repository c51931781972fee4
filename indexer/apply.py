"""Write a plan to the ledger."""

from indexer.guess_dates import guess_again
from indexer.plan import Plan
from search.records import State
from search.storage.ledger import Ledger


def apply_plan(ledger: Ledger, plan: Plan) -> None:
    """Update the ledger of a source. The files to index become pending, except those of `plan.reindexed_paths`.

    Searches find the current rows of these until they are replaced.

    Args:
        ledger: The ledger to write.
        plan: The plan of one source.
    """
    for (state, reason), files in plan.marks.items():
        ledger.mark(files, state, reason)
    if plan.restored_ids:
        ledger.restore(plan.restored_ids)
    if plan.unread:
        ledger.mark_unread(plan.unread)
    if plan.touched:
        ledger.touch(plan.touched)
    for reason, owners in plan.hidden.items():
        ledger.hide(owners, reason)
    if plan.renames:
        ledger.rename({rename.item_id: rename.file for rename in plan.renames})
        guess_again(ledger.database, [rename.item_id for rename in plan.renames])
    if plan.missing_ids:
        ledger.mark_missing(plan.missing_ids)
    if plan.dropped_ids:
        ledger.forget(plan.dropped_ids)
    pending = [file for path, file in plan.todo.items() if path not in plan.reindexed_paths]
    if pending:
        ledger.mark(pending, State.PENDING)
