"""Comparing what a scan found with what the ledger knows: what is new, changed, back, moved or gone."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from indexer.scan import Problem, Skip, scan_source
from search.paths import is_below
from search.records import FileFacts, LedgerRow, State
from search.storage.ledger import Ledger

SETTLED = {State.INDEXED, State.SKIPPED, State.FAILED}


@dataclass
class Plan:
    """What is to be done for one source, and the counts for the summary.

    found_meanwhile: files that are read anew though they have not changed, and keep what is known of them until then.
    """

    todo: list[FileFacts] = field(default_factory=list)
    found_meanwhile: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    failures: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)


@dataclass
class ScanDiff:
    """What a scan found to be otherwise than the ledger has it. marks: files by their new state and its reason."""

    fresh: list[FileFacts] = field(default_factory=list)
    touched: list[FileFacts] = field(default_factory=list)
    back: list[int] = field(default_factory=list)
    marks: dict[tuple[State, str], list[FileFacts]] = field(default_factory=dict)

    def note(self, row: LedgerRow | None, file: FileFacts, state: State, reason: str) -> None:
        """Remember to put a file into a state, if it is not in it already."""
        now = (state, reason, file.size, file.mtime_ns, file.sidecar)
        if row is None or (row.state, row.reason, row.size, row.mtime_ns, row.sidecar) != now:
            self.marks.setdefault((state, reason), []).append(file)


def hash_content(file: FileFacts) -> str:
    """Return the BLAKE2b-128 of a file's bytes, and of its side-car's, in hexadecimal. Raises OSError."""
    digest = hashlib.blake2b(digest_size=16)
    for path in (Path(file.path), file.sidecar_path):
        if path is not None:
            with path.open("rb") as stream:
                hashlib.file_digest(stream, lambda: digest)
    return digest.hexdigest()


def plan_source(
    ledger: Ledger,
    source_id: int,
    root: Path,
    leave_out: Path,
    retry_failed: bool,
    dry_run: bool = False,
    reindex: bool = False,
) -> Plan:
    """Scan a source, bring its ledger up to date and give what is left to index; with `reindex`, everything."""
    plan, news = Plan(), ScanDiff()
    stamps = ledger.read_stamps(source_id, str(root))
    same: Counter[str] = Counter()
    changed: list[FileFacts | Skip | Problem] = []
    for found in scan_source(root, source_id, leave_out, {} if reindex else stamps):
        if isinstance(found, str):
            same[stamps.pop(found).state] += 1
        else:
            changed.append(found)
    plan.counts.update(scanned=same.total() + len(changed), unchanged=same[State.INDEXED], skipped=same[State.SKIPPED])
    rows = ledger.read_rows(stamps) if stamps else {}
    unreadable: list[str] = []
    for one in changed:
        if isinstance(one, Problem) and one.is_folder:
            unreadable.append(one.file.path)
        file = one if isinstance(one, FileFacts) else one.file
        row = rows.pop(file.path, None)
        if reindex and isinstance(one, FileFacts):
            news.fresh.append(one)
            if row is not None:
                plan.known.add(one.path)
            if row is not None and row.state == State.INDEXED:
                plan.found_meanwhile.add(one.path)
            continue
        _compare(plan, news, one, row, retry_failed)
    # What lies in a folder that could not be read is not gone, only out of sight.
    gone = {path: row for path, row in rows.items() if not any(is_below(path, folder) for folder in unreadable)}
    renames = _find_renames(news.fresh, gone)
    plan.todo = [file for file in news.fresh if file.path not in renames]
    plan.counts["renamed"] = len(renames)
    plan.counts["removed"] = len([row for row in gone.values() if row.state != State.MISSING])
    if not dry_run:
        _write(ledger, plan, news, gone, renames)
    return plan


def _compare(
    plan: Plan, news: ScanDiff, found: FileFacts | Skip | Problem, row: LedgerRow | None, retry_failed: bool
) -> None:
    """Return what is new about a file. row: what the ledger has of it."""
    if isinstance(found, Problem):
        plan.failures[found.file.path] = found.reason
        news.note(row, found.file, State.FAILED, found.reason)
    elif isinstance(found, Skip):
        plan.counts["skipped"] += 1
        news.note(row, found.file, State.SKIPPED, found.reason)
    elif row is not None and _is_settled(row, found, retry_failed):
        plan.counts["unchanged"] += 1
        if row.state == State.MISSING:
            news.back.append(row.id)
        elif row.state == State.FAILED:
            plan.failures[found.path] = row.reason or ""
    elif row is not None and _is_touched(row, found):
        plan.counts["unchanged"] += 1
        news.touched.append(found)
    else:
        news.fresh.append(found)
        # What a run that was killed left waiting was never in the library.
        if row is not None and (row.state != State.PENDING or row.content_hash is not None):
            plan.known.add(found.path)


def _write(
    ledger: Ledger,
    plan: Plan,
    news: ScanDiff,
    gone: dict[str, LedgerRow],
    renames: dict[str, tuple[int, FileFacts]],
) -> None:
    for (state, reason), files in news.marks.items():
        ledger.mark(files, state, reason)
    if news.back:
        ledger.restore(news.back)
    if news.touched:
        ledger.touch(news.touched)
    for item_id, file in renames.values():
        ledger.rename(item_id, file)
    left = [row for row in gone.values() if row.state != State.MISSING]
    missing = [row.id for row in left if row.state == State.INDEXED]
    if missing:
        ledger.mark_missing(missing)
    # A file that is gone and was never indexed leaves nothing behind worth keeping.
    never = [row.id for row in left if row.state != State.INDEXED]
    if never:
        ledger.forget(never)
    waiting = [file for file in plan.todo if file.path not in plan.found_meanwhile]
    if waiting:
        ledger.mark(waiting, State.PENDING)


def _is_touched(row: LedgerRow, file: FileFacts) -> bool:
    """Return whether an indexed file has a new date and its old content."""
    if row.state != State.INDEXED or row.size != file.size or row.content_hash is None:
        return False
    try:
        return hash_content(file) == row.content_hash
    except OSError:
        return False  # the decoder will meet the same error and record it


def _is_settled(row: LedgerRow, file: FileFacts, retry_failed: bool) -> bool:
    if (row.size, row.mtime_ns, row.sidecar) != (file.size, file.mtime_ns, file.sidecar):
        return False
    if row.state == State.MISSING:
        return True
    return row.state in SETTLED and not (retry_failed and row.state == State.FAILED)


def _find_renames(fresh: list[FileFacts], gone: dict[str, LedgerRow]) -> dict[str, tuple[int, FileFacts]]:
    """Match new files with vanished ones of equal content; give (item id, file) by new path."""
    by_size: dict[int, dict[str, LedgerRow]] = {}
    for row in gone.values():
        if row.content_hash and row.state in {State.INDEXED, State.MISSING}:
            by_size.setdefault(row.size, {})[row.content_hash] = row
    renames = {}
    for file in fresh:
        candidates = by_size.get(file.size)
        if not candidates:
            continue
        try:
            digest = hash_content(file)
        except OSError:
            continue  # the decoder will meet the same error and record it
        if digest in candidates:
            row = candidates.pop(digest)
            renames[file.path] = (row.id, file)
            gone.pop(row.path)
    return renames
