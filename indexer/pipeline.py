"""The run that indexes files: scan, plan, decode, transcribe, embed, write, and maintain the indexes."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from indexer.apply import apply_plan
from indexer.decode.content import Failed, Finished, Postponed
from indexer.decode.decode_pool import DecodePool, FileReader
from indexer.decode.decoder import Decoder, InlineDecoder, SandboxedDecoder
from indexer.embed import PendingItem
from indexer.guess_dates import apply_rules
from indexer.maintain import IndexMaintenance
from indexer.places import update_places
from indexer.plan import Plan, PlanOptions, plan_source
from indexer.progress import Progress, TimeEstimate, check_each, find_position, sort_by_kind
from indexer.read_text import TextReading
from indexer.roots import find_silent_volumes, list_volume_paths, resolve_all
from indexer.rules import make_rules
from indexer.scan import scan_source
from indexer.summary import Summary
from indexer.tag import tag_items
from indexer.transcribe import TranscriptionQueue
from indexer.volumes import VolumeChanges, complete_volumes
from indexer.write import Writer
from search.disk_guard import DISKS
from search.forget import delete_derived, forget_items
from search.media.image.transform import ImageTransform
from search.media.sandbox import Limits
from search.open_home import OpenHome
from search.paths import explain_read_error, find_access_problem, find_folder
from search.process_memory import tune_malloc
from search.records import Source
from search.storage.activities import Activities
from search.storage.ledger import Ledger
from search.storage.places import Places
from search.storage.sources import explain_removed

# If there are more files to index than this, the catalog is searched for copies only of files whose size occurs more
# than once. Listing these sizes takes less time than querying the catalog for each file.
MIN_FILES_TO_COMPARE_SIZES = 200
# How many files are scanned before it is checked again whether the disk responds.
SCANNED_TOGETHER = 256
# A modification time that no file has.
UNKNOWN_TIME = -(2**63)


@dataclass(frozen=True)
class Options:
    """The options of a run.

    Attributes:
        workers: How many files are decoded at the same time.
        sandbox: Decode in separate processes, within the limits.
        limits: The limits of each decoder process.
        retry_failed: Index files again that failed before.
        dry_run: Report what would be done, and write nothing.
        reindex: Index every file again, even if it is unchanged.
        exclude: Patterns of files and folders that are not indexed, which replace those of the source; None keeps them.
        reads_hidden: Whether hidden files and folders are indexed; None keeps the current value of the source.
        forget_after: Days after which an item whose file is missing is removed; None for never.
        quiet_seconds: How long a file must not have changed before it is read; 0 if no later run will read it.
        check: Called several times per second; raises an exception to end the run.
        skip_absent: Record a path that does not exist or is not in a source as a failure, and index the other paths.
    """

    workers: int = 2
    sandbox: bool = True
    limits: Limits = field(default_factory=Limits)
    retry_failed: bool = False
    dry_run: bool = False
    reindex: bool = False
    exclude: tuple[str, ...] | None = None
    reads_hidden: bool | None = None
    forget_after: float | None = None
    quiet_seconds: float = 0.0
    check: Callable[[], None] = lambda: None
    skip_absent: bool = False


def run_index(library: OpenHome, paths: list[Path], options: Options, progress: Progress) -> Summary:
    """Index folders or files, while no other process does.

    Args:
        library: An open home.
        paths: The folders or files.
        options: How to run.
        progress: Called when a file is done, and when another one is being read.

    Returns:
        The summary of the run.

    Raises:
        UsageError: A path does not exist.
        HomeError: Another process is indexing, or the home cannot be written.
    """
    with library.home.lock():
        return index_paths(library, paths, options, progress)


def index_paths(library: OpenHome, paths: list[Path], options: Options, progress: Progress) -> Summary:
    """Index folders or files like `run_index`, for a caller that holds the lock of the home.

    Raises:
        UsageError: A path does not exist.
        HomeError: The home cannot be written.
    """
    library = _update_models(library, options, progress)
    if not options.dry_run:
        update_places(Places(library.database), options.check)
    began = time.perf_counter()
    summary = Summary()
    if not options.dry_run:
        apply_rules(library.database)
    roots = resolve_all(library, paths, options.skip_absent, summary)
    plan = Plan()
    with summary.profile.measure("scanning", 0):
        for root in roots:
            plan.merge(_scan_root(library, root, options, summary))
    are_lost = bool(roots) and all(find_folder(root, summary.unavailable) for root in roots)
    summary.is_refused = are_lost and not plan.counts["scanned"]
    summary.counts.update(plan.counts)
    summary.failures.update(plan.failures)
    if options.dry_run:
        summary.counts["updated"] = len(plan.updated_paths & plan.todo.keys())
        summary.counts["added"] = len(plan.todo) - summary.counts["updated"]
    else:
        _index_files(library, plan, options, progress, summary)
        _read_texts(library, roots, options, progress, summary)
        tag_items(library, options.check, summary.profile)
    summary.counts["failed"] = len(summary.failures)
    summary.seconds = time.perf_counter() - began
    return summary


def _index_files(library: OpenHome, plan: Plan, options: Options, progress: Progress, summary: Summary) -> None:
    """Decode, transcribe, embed and write the files of a plan, and keep the indexes up to date."""
    files = sort_by_kind(plan.todo.values())
    models, profile = library.models, summary.profile
    decoders = open_decoders(models.image_encoder.transform, len(files), options)
    is_large = len(files) > MIN_FILES_TO_COMPARE_SIZES
    shared_sizes = Ledger(library.database).list_shared_sizes() if is_large and not options.reindex else None
    volumes, estimate = list_volume_paths(library), TimeEstimate(files)
    with (
        closing(TranscriptionQueue(models.transcriber, library.home.partial, profile)) as transcription,
        closing(
            DecodePool(
                FileReader(
                    library, transcription, profile, options.reindex, shared_sizes, options.quiet_seconds, volumes
                ).read,
                files,
                decoders,
            )
        ) as pool,
        closing(Writer(library, transcription, profile)) as writer,
        closing(IndexMaintenance(library, profile)) as maintenance,
    ):
        while not (pool.is_over and writer.is_empty):
            options.check()
            has_more = False
            for file, message in pool.take():
                writer.add(file, message)
                estimate.advance(file, find_position(message))
                has_more = True
            for group in writer.write_complete(pool.is_over, has_more):
                for item in group:
                    _count(item, plan, summary)
                    pool.finish(item.file)
                    estimate.finish(item.file, item.length, isinstance(item.end, Finished))
            progress(len(files) - estimate.file_count, len(files), pool.oldest, estimate.seconds_left)
            maintenance.rebuild_if_due()
        maintenance.finish(options.check)


def _read_texts(
    library: OpenHome, roots: Sequence[str], options: Options, progress: Progress, summary: Summary
) -> None:
    """Read the text in images of indexed files that was not read yet, unless the settings say no."""
    reader = library.models.text_reader
    if reader is None or not library.settings.read_text or not roots:
        return
    decoders = open_decoders(library.models.image_encoder.transform, reader.streams, options)
    TextReading(library, reader, summary.profile).run(roots, options, progress, decoders)


def _count(item: PendingItem, plan: Plan, summary: Summary) -> None:
    """Add a written file to the summary."""
    if isinstance(item.end, Failed):
        summary.failures[item.file.path] = item.end.reason
    elif isinstance(item.end, Postponed):
        summary.counts["postponed"] += 1
    else:
        summary.counts["updated" if item.file.path in plan.updated_paths else "added"] += 1


def _update_models(library: OpenHome, options: Options, progress: Progress) -> OpenHome:
    """Return the library with the current models; vectors of outdated models are replaced first."""
    if not library.is_current():
        # The model was changed while this process waited for the lock.
        library = library.reload_models()
    if library.outdated and not options.dry_run:
        # Imported here because the model change imports this module.
        from indexer.model_change.change import update_outdated

        update_outdated(library, options, progress)
        library = library.reload_models()
    return library


def _scan_root(library: OpenHome, root: str, options: Options, summary: Summary) -> Plan:
    """Scan a folder or file, write the plan to the ledger and return it. Storage that is gone is only recorded."""
    source = library.sources.find_above(root)
    problem = find_access_problem(root)
    if source is not None and problem is not None:
        lost = root if find_access_problem(source.path) is None else source.path
        _record_lost(library, source, {lost: problem}, options, summary)
        return Plan()
    if source is None and options.skip_absent:
        summary.failures[root] = explain_removed(root)
        return Plan()
    source = source or _add_source(library, root, options)
    if source.path == root and not options.dry_run:
        # Only a run merges, which has the lock of the home: another one must not be indexing a source that is deleted.
        _merge_nested(library, source, summary)
    source = _find_rules(library, source, options)
    is_source, volumes = source.path == root, library.volumes
    known = complete_volumes(root, volumes.list_below(root)) if is_source else volumes.list_below(root)
    storage = VolumeChanges(root, is_source, known, volumes.list_strays(root))
    try:
        plan = _plan_root(library, storage, source, options)
    except TimeoutError as error:
        silent = find_silent_volumes([volume.path for volume in known if volume.path != root])
        _record_lost(library, source, silent or {root: explain_read_error(error)}, options, summary)
        return Plan()
    summary.unavailable.update({volume.path: volume.problem for volume in plan.volumes if volume.problem is not None})
    if not options.dry_run:
        library.volumes.replace(source.id, root, plan.volumes)
        _apply(library, root, plan, options)
    return plan


def _record_lost(
    library: OpenHome, source: Source, lost: Mapping[str, str], options: Options, summary: Summary
) -> None:
    """Record the problem of each folder whose storage is unavailable."""
    for path, problem in lost.items():
        summary.unavailable[path] = f"the folder {problem}"
        if not options.dry_run:
            library.volumes.mark_unavailable(source.id, path, summary.unavailable[path])


def _add_source(library: OpenHome, root: str, options: Options) -> Source:
    """Add a source and return it."""
    if options.dry_run:
        return Source(-1, root, "", False)
    return library.sources.get(library.sources.add(root))


def _merge_nested(library: OpenHome, source: Source, summary: Summary) -> None:
    """Make the sources below a source part of it, and record this."""
    for path in library.sources.merge(source.path, source.id, str(library.home.uploads)):
        summary.merged[path] = source.path
        Activities(library.database).add(None, "source-merged", f"{path} → {source.path}", None)


def _find_rules(library: OpenHome, source: Source, options: Options) -> Source:
    """Return a source with the rules of this run, which are stored with it unless nothing is to be changed."""
    if not options.dry_run:
        library.sources.set_rules(source.id, options.exclude, options.reads_hidden)
        return library.sources.get(source.id)
    exclude = source.exclude if options.exclude is None else options.exclude
    reads_hidden = source.reads_hidden if options.reads_hidden is None else options.reads_hidden
    return replace(source, exclude=exclude, reads_hidden=reads_hidden)


def _plan_root(library: OpenHome, storage: VolumeChanges, source: Source, options: Options) -> Plan:
    """Scan a folder or file and compare it with the ledger."""
    ledger = Ledger(library.database)
    stamps = ledger.read_stamps(source.id, storage.root)
    known = stamps
    if options.reindex:  # every file counts as changed, and the names of its items are still known
        known = {path: stamp._replace(mtime_ns=UNKNOWN_TIME) for path, stamp in stamps.items()}
    rules = make_rules(source, library.settings.exclude, library.settings.follow_outside_links)
    results = scan_source(Path(storage.root), source.id, library.home.root, known, storage.found, rules)
    results = check_each(DISKS.iterate(storage.root, results, SCANNED_TOGETHER), options.check)
    return plan_source(ledger, results, stamps, PlanOptions(options.retry_failed, options.reindex), storage)


def _apply(library: OpenHome, root: str, plan: Plan, options: Options) -> None:
    """Write the plan of a folder or file to the ledger, and forget what has been missing for too long."""
    ledger = Ledger(library.database)
    if plan.dropped_ids:  # before their rows: a run that is killed in between leaves no file without an item
        delete_derived(library.home, plan.dropped_ids)
    apply_plan(ledger, plan)
    # A disk that is not mounted is an empty folder: its items are not forgotten.
    if options.forget_after is not None and plan.counts["scanned"]:
        plan.counts["forgotten"] = forget_items(library, ledger.list_missing(root, options.forget_after))


def open_decoders(transform: ImageTransform, file_count: int, options: Options) -> list[Decoder]:
    """Return a decoder for each worker, but not more decoders than files.

    Args:
        transform: The image transform of the image encoder.
        file_count: The number of files to decode.
        options: The number of workers, and whether to decode in a sandbox.

    Returns:
        The decoders. Their processes are started when they decode their first file.
    """
    count = min(options.workers, file_count)
    if options.sandbox:
        tune_malloc()  # decoders send images as large blocks of memory
        return [SandboxedDecoder(transform, options.limits) for _ in range(count)]
    return [InlineDecoder(transform) for _ in range(count)]
