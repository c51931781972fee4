"""Compare a scan with the ledger: decide what is new, changed, renamed or missing, without writing anything."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from indexer.content_hash import hash_content
from indexer.renames import Rename, find_renames
from indexer.scan_results import Problem, ScanResult, Skip
from indexer.volumes import VolumeChanges
from search.disk_guard import DISKS
from search.paths import explain_read_error, find_folder
from search.records import FileFacts, FileStamp, LedgerRow, State, Volume
from search.storage.hidden_items import HIDDEN_REASON
from search.storage.ledger import Ledger

SETTLED_STATES = {State.INDEXED, State.FAILED}
# How many files are checked before it is checked again whether the disk responds.
CHECKED_TOGETHER = 256


@dataclass
class Plan:
    """What to do for a source. `apply_plan` writes it to the ledger.

    Attributes:
        todo: Files to index, by path.
        updated_paths: Paths in `todo` that were indexed or failed before; they are counted as updated.
        reindexed_paths: Paths in `todo` that keep their state and their rows until they are replaced.
        marks: Files by their new state and its reason.
        hidden: Items that are no longer indexed, with the path of the item that they belong to, by reason. Their
            embeddings are kept.
        restored_ids: Items whose unchanged file exists again, can be read again, or is included again.
        changed_rows: The rows of files in `todo` that were indexed with another content, by path.
        unread: Why the files of indexed items could not be read, by id; everything of these items is kept.
        volumes: The folders at which storage begins, with the reasons of those that are unavailable.
        touched: Files with a new date and the same content.
        renames: Files that were moved or renamed.
        missing_ids: Indexed items whose file no longer exists.
        dropped_ids: Rows without segments of files that no longer exist: they were never indexed, or changed and then
            not indexed again.
        failures: Reasons by path, including failures of earlier runs that still apply.
        counts: Counts for the summary of the run.
        volume: The folder at which the storage of the files begins, if it is known.
    """

    todo: dict[str, FileFacts] = field(default_factory=dict)
    updated_paths: set[str] = field(default_factory=set)
    reindexed_paths: set[str] = field(default_factory=set)
    marks: dict[tuple[State, str], list[FileFacts]] = field(default_factory=dict)
    hidden: dict[str, dict[int, str | None]] = field(default_factory=dict)
    restored_ids: list[int] = field(default_factory=list)
    changed_rows: dict[str, LedgerRow] = field(default_factory=dict)
    unread: dict[int, str] = field(default_factory=dict)
    volumes: list[Volume] = field(default_factory=list)
    touched: list[FileFacts] = field(default_factory=list)
    renames: list[Rename] = field(default_factory=list)
    missing_ids: list[int] = field(default_factory=list)
    dropped_ids: list[int] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    volume: str = ""

    def mark(self, row: LedgerRow | None, file: FileFacts, state: State, reason: str) -> None:
        """Plan to put a file into a state, unless its row has that state already."""
        wanted = (state, reason, file.size, file.mtime_ns, file.sidecar, file.belongs_to)
        if row is None or (row.state, row.reason, row.size, row.mtime_ns, row.sidecar, row.belongs_to) != wanted:
            self.marks.setdefault((state, reason), []).append(file)

    def skip(self, row: LedgerRow | None, file: FileFacts, reason: str) -> None:
        """Plan to skip a file. An item that was indexed from this content keeps its embeddings."""
        if row is None or not row.has_segments or (row.size, row.mtime_ns) != (file.size, file.mtime_ns):
            self.mark(row, file, State.SKIPPED, reason)
        elif (row.state, row.reason, row.belongs_to) != (State.SKIPPED, reason, file.belongs_to):
            self.hidden.setdefault(reason, {})[row.id] = file.belongs_to

    def keep_unread(self, row: LedgerRow, reason: str) -> None:
        """Plan to keep an indexed item whose file cannot be read now, with the reason."""
        self.failures[row.path] = reason
        if row.problem != reason:
            self.unread[row.id] = reason

    def merge(self, other: "Plan") -> None:
        """Add the files, failures and counts of the plan of another source."""
        self.todo |= other.todo
        self.updated_paths |= other.updated_paths
        self.failures |= other.failures
        self.counts.update(other.counts)


@dataclass(frozen=True)
class PlanOptions:
    """How a scan is compared with the ledger.

    Attributes:
        retry_failed: Index files again that failed before, even if they are unchanged.
        reindex: Index every file again.
    """

    retry_failed: bool = False
    reindex: bool = False


def plan_source(
    ledger: Ledger,
    results: Iterable[ScanResult],
    stamps: dict[str, FileStamp],
    options: PlanOptions,
    storage: VolumeChanges | None = None,
) -> Plan:
    """Compare the scan of a source with the ledger.

    Args:
        ledger: The ledger; it is only read.
        results: The results of the scan.
        stamps: The stamps of the source's files in the ledger, by path. The stamps of unchanged files are removed from
            it, since a copy would be large.
        options: How to compare.
        storage: The volumes of earlier scans and, when the results have been read, of this scan; None to trust that
            every disk is mounted.

    Returns:
        The plan.
    """
    plan = Plan(volume=storage.root if storage is not None else "")
    unchanged: Counter[str] = Counter()
    changed: list[FileFacts | Skip | Problem] = []
    for result in results:
        if isinstance(result, str):
            unchanged[stamps.pop(result)[0]] += 1
            if storage is not None:
                storage.see(result)
        else:
            changed.append(result)
    plan.counts["scanned"] = unchanged.total() + len(changed)
    plan.counts["unchanged"] = unchanged[State.INDEXED]
    plan.counts["skipped"] = unchanged[State.SKIPPED]
    rows = ledger.read_rows(stamps) if stamps else {}
    _compare_all(plan, changed, rows, options, storage)
    return plan


def _compare_all(
    plan: Plan,
    changed: Sequence[FileFacts | Skip | Problem],
    rows: dict[str, LedgerRow],
    options: PlanOptions,
    storage: VolumeChanges | None,
) -> None:
    """Add all changed files, and the files that vanished, to the plan.

    Args:
        plan: The plan to change.
        changed: The results of the scan without the unchanged files.
        rows: The rows of the source's other files, by path; those of the results are removed.
        options: How to compare.
        storage: As for `plan_source`.
    """
    for result in changed:
        file = result if isinstance(result, FileFacts) else result.file
        row = rows.pop(file.path, None)
        if storage is not None and row is not None and row.state != State.MISSING:
            storage.see(file.path)
        _compare(plan, result, row, options)
    reasons = {result.file.path: result.reason for result in changed if isinstance(result, Skip) and result.is_folder}
    excluded = [row for row in rows.values() if find_folder(row.path, reasons)]
    vanished = [row for row in rows.values() if not find_folder(row.path, reasons)]
    if storage is not None:
        plan.volumes = storage.decide(row.path for row in vanished if row.state != State.MISSING)
    # Files below a path that cannot be read, or whose disk is not mounted, may still exist.
    unreadable = {result.file.path for result in changed if isinstance(result, Problem)}
    unreadable |= {volume.path for volume in plan.volumes if volume.problem is not None}
    _plan_vanished(plan, [row for row in vanished if not find_folder(row.path, unreadable)])
    _plan_excluded(plan, excluded, reasons)


def _compare(plan: Plan, result: FileFacts | Skip | Problem, row: LedgerRow | None, options: PlanOptions) -> None:
    """Add a changed file to the plan.

    Args:
        plan: The plan to change.
        result: The result of the scan.
        row: The file's row in the ledger, if there is one.
        options: How to compare.
    """
    if isinstance(result, Problem) and result.is_temporary and row is not None and row.state == State.INDEXED:
        plan.keep_unread(row, result.reason)
    elif isinstance(result, Problem):
        plan.failures[result.file.path] = result.reason
        plan.mark(row, result.file, State.FAILED, result.reason)
    elif isinstance(result, Skip):
        plan.counts["skipped"] += 1
        plan.skip(row, result.file, result.reason)
    elif row is None:
        plan.todo[result.path] = result
    else:
        _compare_known(plan, result, row, options)


def _compare_known(plan: Plan, result: FileFacts, row: LedgerRow, options: PlanOptions) -> None:
    """Add a file that the ledger knows to the plan."""
    if options.reindex:
        plan.todo[result.path] = result
        plan.updated_paths.add(result.path)
        if row.state == State.INDEXED:
            plan.reindexed_paths.add(result.path)
    elif row.reason == HIDDEN_REASON and row.state == State.SKIPPED and _has_same_stamp(row, result):
        plan.counts["skipped"] += 1
    elif row.state == State.SKIPPED and row.has_segments and _has_same_stamp(row, result):
        plan.counts["unchanged"] += 1
        plan.restored_ids.append(row.id)
    elif _is_settled(row, result, options.retry_failed):
        _plan_unchanged(plan, result, row)
    elif row.state == State.INDEXED and row.size == result.size and row.content_hash is not None:
        _plan_touched(plan, result, row)
    else:
        plan.todo[result.path] = result
        if row.has_segments and not _has_same_stamp(row, result):
            plan.changed_rows[result.path] = row
        # A file that was skipped, or is still pending from a run that was killed, was never in the library.
        if row.state not in {State.PENDING, State.SKIPPED} or row.content_hash is not None:
            plan.updated_paths.add(result.path)


def _plan_unchanged(plan: Plan, file: FileFacts, row: LedgerRow) -> None:
    """Add a file to the plan that needs no indexing."""
    if row.state == State.FAILED:
        plan.failures[file.path] = row.reason or ""
        return
    plan.counts["unchanged"] += 1
    if row.state == State.MISSING or row.problem is not None:
        plan.restored_ids.append(row.id)


def _is_settled(row: LedgerRow, file: FileFacts, retry_failed: bool) -> bool:
    """Return whether a file is unchanged and needs no indexing."""
    if not _has_same_stamp(row, file):
        return False
    if row.state == State.MISSING:
        return True
    return row.state in SETTLED_STATES and not (retry_failed and row.state == State.FAILED)


def _has_same_stamp(row: LedgerRow, file: FileFacts) -> bool:
    return (row.size, row.mtime_ns, row.sidecar) == (file.size, file.mtime_ns, file.sidecar)


def _plan_touched(plan: Plan, file: FileFacts, row: LedgerRow) -> None:
    """Add a file to the plan that has a new date, and the content of its indexed item or another."""
    try:
        content_hash = hash_content(file, plan.volume)
    except OSError as error:
        plan.keep_unread(row, explain_read_error(error))
        return
    if content_hash == row.content_hash:
        plan.counts["unchanged"] += 1
        plan.touched.append(file)
    else:
        plan.todo[file.path] = file
        plan.changed_rows[file.path] = row
        plan.updated_paths.add(file.path)


def _plan_vanished(plan: Plan, vanished: list[LedgerRow]) -> None:
    """Match rows whose file no longer exists with new files. Plan the others as missing or dropped."""
    kept = [row for row in vanished if row.has_segments]
    files = [file for path, file in plan.todo.items() if path not in plan.reindexed_paths]
    plan.renames = find_renames(files, kept, plan.changed_rows, lambda file: _try_hash(file, plan.volume))
    for rename in plan.renames:
        del plan.todo[rename.file.path]
    renamed_ids = {rename.item_id for rename in plan.renames}
    gone = [row for row in vanished if row.id not in renamed_ids and row.state != State.MISSING]
    plan.missing_ids = [row.id for row in gone if row.has_segments]
    plan.dropped_ids = [row.id for row in gone if not row.has_segments]
    plan.counts["renamed"] = len(plan.renames)
    plan.counts["removed"] = sum(row.state != State.SKIPPED or row.size > 0 for row in gone)


def _plan_excluded(plan: Plan, rows: list[LedgerRow], reasons: dict[str, str]) -> None:
    """Plan for the rows of files in folders that are not read: items that were indexed are kept, and not searched.

    Args:
        plan: The plan to change.
        rows: The rows of the files.
        reasons: Why each folder is not read, by path.
    """
    exist = DISKS.iterate(plan.volume, (os.path.lexists(row.path) for row in rows), CHECKED_TOGETHER)
    for row, exists in zip(rows, exist, strict=True):
        folder = find_folder(row.path, reasons)
        reason = f"in {folder}: {reasons[folder]}"
        if not row.has_segments:
            plan.dropped_ids.append(row.id)
        elif not exists:
            if row.state != State.MISSING:
                plan.missing_ids.append(row.id)
        elif (row.state, row.reason) != (State.SKIPPED, reason):
            plan.hidden.setdefault(reason, {})[row.id] = None


def _try_hash(file: FileFacts, volume: str) -> str | None:
    """Return the hash of a file, or None if it cannot be read. Decoding it will fail and record the reason."""
    try:
        return hash_content(file, volume)
    except OSError:
        return None
