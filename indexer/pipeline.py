"""The run: scan, decode ahead in processes, embed in batches, write in groups."""

import os
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from indexer.decode.decode_pool import DecodePool
from indexer.decode.file_reader import FileReader
from indexer.decode.preprocess import Failed
from indexer.decode.sandbox import Decoder, InlineDecoder, Limits, Sandbox, tune_malloc
from indexer.maintain import IndexMaintenance
from indexer.plan import Plan, plan_source
from indexer.summary import Summary
from indexer.transcribe import TranscriptionQueue
from indexer.write import Writer
from search.errors import UsageError
from search.forget import forget_items
from search.library import Library
from search.media.image.transform import ImageTransform
from search.records import FileFacts
from search.storage.ledger import Ledger

# Of more files than this, a copy is looked for only where another has the same size: to know the sizes of all costs
# less than to ask for each.
MANY = 200


@dataclass(frozen=True)
class Options:
    """How to run.

    workers: decoders side by side; sandbox: each in a process of its own, within the limits; forget_after: days after
    which an item whose file is missing is forgotten, None for never; check: called several times a second, to end the
    run by what it raises; reindex: read every file anew, as if it had changed.
    """

    workers: int = 2
    sandbox: bool = True
    limits: Limits = field(default_factory=Limits)
    retry_failed: bool = False
    dry_run: bool = False
    reindex: bool = False
    forget_after: float | None = None
    check: Callable[[], None] = lambda: None


Progress = Callable[[int, int, str], None]


def run_index(library: Library, paths: list[Path], options: Options, progress: Progress) -> Summary:
    """Bring the library up to date with folders or files, as the only one who does.

    progress is called with (done, total, path). Raises UsageError when a path does not exist, HomeError when another
    process is indexing.
    """
    with library.home.lock():
        return index_paths(library, paths, options, progress)


def index_paths(library: Library, paths: list[Path], options: Options, progress: Progress) -> Summary:
    """Do what `run_index` does, for a caller who holds the home's lock."""
    if not library.is_current():
        # The model was changed while this one waited for the lock: the old space must get nothing more.
        library = library.reload_models()
    if library.outdated and not options.dry_run:
        # Imported here because the model change decodes by this module.
        from indexer.model_change.change import update_outdated

        update_outdated(library, options, progress)
        library = library.reload_models()
    began = time.perf_counter()
    roots = [_resolve(path) for path in paths]
    summary = Summary()
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
    above = library.sources.find_above(str(root))
    if above is not None:
        source_id = above.id
    elif options.dry_run:
        source_id = -1
    else:
        source_id = library.sources.add(str(root))
        library.sources.merge(str(root), source_id)
    ledger, leave_out = Ledger(library.database), library.home.root
    plan = plan_source(ledger, source_id, root, leave_out, options.retry_failed, options.dry_run, options.reindex)
    # A disk that is not mounted is an empty folder: what was on it is not to be forgotten.
    if options.forget_after is not None and plan.counts["scanned"] and not options.dry_run:
        plan.counts["forgotten"] = forget_items(library, ledger.list_missing(str(root), options.forget_after))
    return plan


def _process(
    library: Library,
    todo: list[FileFacts],
    known: set[str],
    options: Options,
    progress: Progress,
    summary: Summary,
) -> None:
    done = 0
    decoders = open_decoders(library.models.image_encoder.transform, len(todo), options)
    shared = Ledger(library.database).list_shared_sizes() if len(todo) > MANY and not options.reindex else None
    with (
        closing(TranscriptionQueue(library.models.transcriber, library.home.partial, summary.profile)) as listener,
        closing(
            DecodePool(FileReader(library, listener, summary.profile, options.reindex, shared).read, todo, decoders)
        ) as feed,
        closing(Writer(library, listener, summary.profile)) as assembly,
        closing(IndexMaintenance(library, summary.profile)) as upkeep,
    ):
        while not (feed.is_over and assembly.is_empty):
            options.check()
            has_more = False
            for draft, message in feed.take():
                assembly.add(draft, message)
                has_more = True
            for group in assembly.take_whole(feed.is_over, has_more):
                for draft in group:
                    if isinstance(draft.end, Failed):
                        summary.failures[draft.file.path] = draft.end.reason
                    else:
                        summary.counts["updated" if draft.file.path in known else "added"] += 1
                    done += 1
                    progress(done, len(todo), draft.file.path)
            upkeep.follow()
        upkeep.finish()


def open_decoders(transform: ImageTransform, files: int, options: Options) -> list[Decoder]:
    """Return as many decoders as are asked for, or as there are files; none is started yet."""
    count = min(options.workers, files)
    if options.sandbox:
        tune_malloc()  # pictures come from the decoders as large pieces
        return [Sandbox(transform, options.limits) for _ in range(count)]
    return [InlineDecoder(transform) for _ in range(count)]
