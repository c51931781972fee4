"""The run: scan, decode ahead in processes, embed in batches, write in groups."""

import os
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from indexer.assembly import Assembly
from indexer.feed import Feed
from indexer.ledger import Plan, plan_source
from indexer.preparing import Failed
from indexer.profile import Profile
from indexer.sandbox import Decoder, InlineDecoder, Limits, Sandbox
from indexer.speech import Listener
from search.errors import UsageError
from search.library import Library
from search.records import FileFacts


@dataclass(frozen=True)
class Options:
    """How to run. workers: decoders side by side; sandbox: each in a process of its own, within the limits."""

    workers: int = 2
    sandbox: bool = True
    limits: Limits = field(default_factory=Limits)
    retry_failed: bool = False
    dry_run: bool = False


@dataclass
class Summary:
    """What a run did. failures: reason by path, earlier ones that still stand included."""

    profile: Profile = field(default_factory=Profile)
    counts: Counter[str] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


Progress = Callable[[int, int, str], None]


def run_index(library: Library, paths: list[Path], options: Options, progress: Progress) -> Summary:
    """Bring the library up to date with folders or files.

    progress is called with (done, total, path). Raises UsageError when a path does not exist.
    """
    began = time.perf_counter()
    roots = [_resolve(path) for path in paths]
    summary = Summary()
    with library.home.lock():
        with summary.profile.measure("scanning", 0):
            plans = [_plan(library, root, options) for root in roots]
        known: set[str] = set()
        todo: dict[str, FileFacts] = {}
        for plan in plans:
            summary.counts.update(plan.counts)
            summary.failures.update(plan.failures)
            known |= plan.known
            todo |= {file.path: file for file in plan.todo}
        if options.dry_run:
            summary.counts["updated"] = len(known & todo.keys())
            summary.counts["added"] = len(todo) - summary.counts["updated"]
        else:
            _process(library, list(todo.values()), known, options, progress, summary)
            with summary.profile.measure("indexing", 0):
                _build_spaces(library)
    summary.counts["failed"] = len(summary.failures)
    summary.seconds = time.perf_counter() - began
    return summary


def _resolve(path: Path) -> Path:
    root = path.expanduser().absolute()
    if not root.exists():
        raise UsageError(f"{path} does not exist")
    # Without `..` and `.`, but with symbolic links as the user wrote them.
    return Path(os.path.normpath(root))


def _plan(library: Library, root: Path, options: Options) -> Plan:
    catalogue = library.catalogue
    above = {
        source.path: source.id
        for source in library.sources.list_all()
        if root == Path(source.path) or Path(source.path) in root.parents
    }
    if above:
        source_id = above[min(above, key=len)]
    elif options.dry_run:
        source_id = -1
    else:
        source_id = library.sources.add(str(root))
        library.sources.merge(str(root), source_id)
    return plan_source(catalogue, source_id, root, library.home.root, options.retry_failed, options.dry_run)


def _process(
    library: Library,
    todo: list[FileFacts],
    known: set[str],
    options: Options,
    progress: Progress,
    summary: Summary,
) -> None:
    def open_decoder() -> Decoder:
        if options.sandbox:
            return Sandbox(library.home.models, options.limits)
        return InlineDecoder(library.models.picture.prepare)

    done = 0
    workers = min(options.workers, len(todo))
    with (
        closing(Listener(library.models.speech, library.home.partial, summary.profile)) as listener,
        closing(Feed(library, listener, todo, [open_decoder() for _ in range(workers)], summary.profile)) as feed,
    ):
        assembly = Assembly(library, listener, summary.profile)
        while not (feed.is_over and assembly.is_empty):
            for draft, message in feed.take():
                assembly.add(draft, message)
            for group in assembly.take_whole(feed.is_over):
                for draft in group:
                    if isinstance(draft.end, Failed):
                        summary.failures[draft.file.path] = draft.end.reason
                    else:
                        summary.counts["updated" if draft.file.path in known else "added"] += 1
                    done += 1
                    progress(done, len(todo), draft.file.path)


def _build_spaces(library: Library) -> None:
    revision = library.catalogue.read_revision()
    for space in library.spaces.values():
        snapshot = space.refresh(revision)
        if snapshot.generation is None and snapshot.count:
            space.build(revision)
