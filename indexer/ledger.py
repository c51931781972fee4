"""Comparing what a scan found with what the catalogue knows: what is new, changed, back, moved or gone."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from indexer.scan import Found, Problem, Skip
from search.records import FileFacts, State
from search.store.catalogue import Catalogue

SETTLED = {State.INDEXED, State.SKIPPED, State.FAILED}


@dataclass
class Plan:
    """What is to be done for one source, and the counts for the summary."""

    todo: list[FileFacts] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    failures: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)


def hash_content(path: str) -> str:
    """Give the BLAKE2b-128 of a file's bytes in hexadecimal. Raises OSError."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def plan_source(
    catalogue: Catalogue,
    source_id: int,
    root: Path,
    found: Iterable[Found],
    retry_failed: bool,
    dry_run: bool = False,
) -> Plan:
    """Bring the ledger of a source up to date with a finished scan and give what is left to index."""
    ledger = {path: row for path, row in catalogue.read_ledger(source_id).items() if _lies_in(path, str(root))}
    plan = Plan()
    fresh: list[FileFacts] = []
    marks: dict[tuple[State, str | None], list[FileFacts]] = {}
    unreadable: list[str] = []
    back: list[int] = []
    seen: set[str] = set()
    for one in found:
        file = one if isinstance(one, FileFacts) else one.file
        seen.add(file.path)
        plan.counts["scanned"] += 1
        row = ledger.get(file.path)
        if isinstance(one, Problem):
            if one.is_folder:
                unreadable.append(file.path)
            plan.failures[file.path] = one.reason
            marks.setdefault((State.FAILED, one.reason), []).append(file)
        elif isinstance(one, Skip):
            plan.counts["skipped"] += 1
            marks.setdefault((State.SKIPPED, one.reason), []).append(file)
        elif row is None or not _is_settled(row, file, retry_failed):
            fresh.append(file)
            if row is not None:
                plan.known.add(file.path)
        else:
            plan.counts["unchanged"] += 1
            if row.state == State.MISSING:
                back.append(row.id)
            elif row.state == State.FAILED:
                plan.failures[file.path] = row.reason
    # What lies in a folder that could not be read is not gone, only out of sight.
    gone = {
        path: row
        for path, row in ledger.items()
        if path not in seen and not any(_lies_in(path, folder) for folder in unreadable)
    }
    renames = _find_renames(fresh, gone)
    plan.todo = [file for file in fresh if file.path not in renames]
    plan.counts["renamed"] = len(renames)
    plan.counts["removed"] = len([row for row in gone.values() if row.state != State.MISSING])
    if not dry_run:
        _write(catalogue, plan, marks, back, gone, renames, ledger)
    return plan


def _write(
    catalogue: Catalogue,
    plan: Plan,
    marks: dict[tuple[State, str | None], list[FileFacts]],
    back: list[int],
    gone: dict[str, Any],
    renames: dict[str, tuple[int, FileFacts]],
    ledger: dict[str, Any],
) -> None:
    for (state, reason), files in marks.items():
        news = [file for file in files if not _is_recorded(ledger.get(file.path), file, state, reason)]
        if news:
            catalogue.mark(news, state, reason)
    if back:
        catalogue.restore(back)
    for item_id, file in renames.values():
        catalogue.rename(item_id, file)
    left = [row for row in gone.values() if row.state != State.MISSING]
    missing = [row.id for row in left if row.state == State.INDEXED]
    if missing:
        catalogue.mark_missing(missing)
    # A file that is gone and was never indexed leaves nothing behind worth keeping.
    never = [row.id for row in left if row.state != State.INDEXED]
    if never:
        catalogue.forget(never)
    if plan.todo:
        catalogue.mark(plan.todo, State.PENDING)


def _is_settled(row: Any, file: FileFacts, retry_failed: bool) -> bool:
    if (row.size, row.mtime_ns) != (file.size, file.mtime_ns):
        return False
    if row.state == State.MISSING:
        return True
    return row.state in SETTLED and not (retry_failed and row.state == State.FAILED)


def _is_recorded(row: Any, file: FileFacts, state: State, reason: str | None) -> bool:
    return (
        row is not None
        and (row.state, row.reason) == (state, reason)
        and (row.size, row.mtime_ns) == (file.size, file.mtime_ns)
    )


def _lies_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _find_renames(fresh: list[FileFacts], gone: dict[str, Any]) -> dict[str, tuple[int, FileFacts]]:
    """Match new files with vanished ones of equal content; give (item id, file) by new path."""
    by_size: dict[int, dict[str, Any]] = {}
    for row in gone.values():
        if row.content_hash and row.state in {State.INDEXED, State.MISSING}:
            by_size.setdefault(row.size, {})[row.content_hash] = row
    renames = {}
    for file in fresh:
        candidates = by_size.get(file.size)
        if not candidates:
            continue
        try:
            row = candidates.pop(hash_content(file.path), None)
        except OSError:
            continue  # the decoder will meet the same error and record it
        if row is not None:
            renames[file.path] = (row.id, file)
            gone.pop(row.path)
    return renames
