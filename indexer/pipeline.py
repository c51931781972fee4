"""The run: scan, decode ahead in threads, embed in batches, commit file by file."""

import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from indexer.decoders import decode_file
from indexer.ledger import Plan, hash_content, plan_source
from indexer.scan import scan_source
from search.errors import CrossmodalError, UsageError
from search.library import Library
from search.media.picture import encode_thumbnail, measure_look
from search.records import (
    FileFacts,
    Lane,
    MediaFacts,
    Pixels,
    Samples,
    Segment,
    SegmentKind,
    State,
    Vectors,
)

BATCH = 32
# Decoded files waiting for the models: enough to fill a batch, few enough to bound memory.
LOOK_AHEAD = 48


@dataclass(frozen=True)
class Options:
    """How to run. workers: decoding threads."""

    workers: int = 2
    retry_failed: bool = False
    dry_run: bool = False


@dataclass(frozen=True)
class Decoded:
    """A file made ready for the models, or the reason why it could not be."""

    file: FileFacts
    reason: str | None = None
    content_hash: str = ""
    facts: MediaFacts = field(default_factory=MediaFacts)
    pictures: list[tuple[Segment, Pixels]] = field(default_factory=list)
    passages: list[Segment] = field(default_factory=list)
    samples: Samples | None = None
    thumbnail: bytes | None = None


@dataclass
class Summary:
    """What a run did. failures: reason by path, earlier ones that still stand included."""

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
        path: source_id
        for source_id, path in catalogue.list_sources().items()
        if root == Path(path) or Path(path) in root.parents
    }
    if above:
        source_id = above[min(above, key=len)]
    elif options.dry_run:
        source_id = -1
    else:
        source_id = catalogue.add_source(str(root))
        catalogue.merge_source(str(root), source_id)
    found = scan_source(root, source_id, library.home.root)
    return plan_source(catalogue, source_id, root, found, options.retry_failed, options.dry_run)


def _process(
    library: Library,
    todo: list[FileFacts],
    known: set[str],
    options: Options,
    progress: Progress,
    summary: Summary,
) -> None:
    done = 0
    for batch in _fill_batches(_decode_ahead(library, todo, options.workers)):
        vectors = _embed_pictures(library, batch)
        for decoded in batch:
            if decoded.reason is None:
                _commit(library, decoded, vectors)
                summary.counts["updated" if decoded.file.path in known else "added"] += 1
            else:
                library.catalogue.mark([decoded.file], State.FAILED, decoded.reason)
                summary.failures[decoded.file.path] = decoded.reason
            done += 1
            progress(done, len(todo), decoded.file.path)


def _decode_ahead(library: Library, todo: list[FileFacts], workers: int) -> Iterator[Decoded]:
    """Decode in threads, giving results in order and never more than LOOK_AHEAD ahead."""
    waiting: deque[Future[Decoded]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="decode")
    try:
        for file in todo:
            waiting.append(pool.submit(_decode, library, file))
            if len(waiting) >= LOOK_AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _decode(library: Library, file: FileFacts) -> Decoded:
    encoder = library.models.picture
    path = Path(file.path)
    try:
        if file.size == 0:
            return Decoded(file, "empty file: it has no content")
        if file.type is None:
            return Decoded(file, "unknown file type")
        content = decode_file(path, file.type)
        return Decoded(
            file,
            content_hash=hash_content(file.path),
            facts=content.facts,
            pictures=[
                (replace(segment, look=measure_look(picture)), encoder.prepare(picture))
                for segment, picture in content.pictures
            ],
            passages=[*content.passages, _name_segment(file)],
            samples=content.samples,
            thumbnail=encode_thumbnail(content.thumbnail) if content.thumbnail else None,
        )
    except CrossmodalError as error:
        return Decoded(file, str(error))
    except OSError as error:
        return Decoded(file, f"cannot be read: {error.strerror or error}")
    except Exception as error:  # a decoder's own bug must cost one file, and be on record
        return Decoded(file, f"cannot be decoded: {type(error).__name__}: {error}")


def _name_segment(file: FileFacts) -> Segment:
    """Make the file's own and its folder's name findable."""
    path = Path(file.path)
    return Segment(SegmentKind.NAME, f"{path.parent.name}/{path.name}")


def _fill_batches(decoded: Iterator[Decoded]) -> Iterator[list[Decoded]]:
    """Group files until their pictures fill a batch of the picture model; sound goes alone."""
    batch: list[Decoded] = []
    for one in decoded:
        batch.append(one)
        if sum(len(each.pictures) for each in batch) >= BATCH or one.samples is not None:
            yield batch
            batch = []
    if batch:
        yield batch


def _embed_pictures(library: Library, batch: list[Decoded]) -> dict[str, list[Vectors]]:
    """Give the vectors of every file's pictures by path, computing across files."""
    owners = [one.file.path for one in batch for _ in one.pictures]
    pixels = [pixels for one in batch for _, pixels in one.pictures]
    vectors: dict[str, list[Vectors]] = {one.file.path: [] for one in batch}
    for start in range(0, len(pixels), BATCH):
        rows = library.models.picture.encode_pictures(pixels[start : start + BATCH])
        for owner, row in zip(owners[start : start + BATCH], rows, strict=True):
            vectors[owner].append(row)
    return vectors


def _commit(library: Library, decoded: Decoded, vectors: dict[str, list[Vectors]]) -> None:
    facts = decoded.facts
    segments = [segment for segment, _ in decoded.pictures]
    picture_space = library.spaces[Lane.PICTURE].space_id
    embeddings = [(at, picture_space, vector) for at, vector in enumerate(vectors[decoded.file.path])]
    texts = list(decoded.passages)
    if decoded.samples is not None:
        heard, language = _transcribe(library, decoded.samples)
        texts = heard + texts
        facts = MediaFacts(**{**facts.__dict__, "language": language})
    # A name is matched by its words; as a sentence it would mean little.
    meant = [segment for segment in texts if segment.kind is not SegmentKind.NAME]
    if meant:
        rows = library.models.meaning.encode_passages([segment.text or "" for segment in meant])
        first = len(segments)
        space_id = library.spaces[Lane.MEANING].space_id
        embeddings += [(first + at, space_id, row) for at, row in enumerate(rows)]
    segments += meant + [segment for segment in texts if segment.kind is SegmentKind.NAME]
    item_id = library.catalogue.save_item(decoded.file, decoded.content_hash, facts, segments, embeddings)
    if decoded.thumbnail is not None:
        _write_thumbnail(library.home.thumbnail(item_id), decoded.thumbnail)


def _transcribe(library: Library, samples: Samples) -> tuple[list[Segment], str | None]:
    transcript = library.models.speech.transcribe(samples)
    segments = [
        Segment(
            SegmentKind.SPEECH,
            one.text,
            start=round(one.start, 3),
            end=round(one.end, 3),
            confidence=round(one.confidence * (1 - one.no_speech), 4),
        )
        for one in transcript.segments
    ]
    return segments, transcript.language


def _write_thumbnail(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(body)
    temporary.replace(path)


def _build_spaces(library: Library) -> None:
    revision = library.catalogue.read_revision()
    for space in library.spaces.values():
        snapshot = space.refresh(revision)
        if snapshot.generation is None and snapshot.count:
            space.build(revision)
