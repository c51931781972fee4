"""Files on their way into the catalogue: pieces are embedded across files, whole files are written in groups."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path

from indexer.preparing import Failed, Finished, Message, Prepared
from indexer.profile import Profile
from indexer.speech import Listener
from search.library import Library
from search.records import FileFacts, Lane, Pixels, Record, Segment, SegmentKind, State, Transcript, Vectors

BATCH = 32
# Files are written together, as many as are ready but no more than this; and none waits longer, in seconds.
GROUP = 32
PATIENCE = 0.5


@dataclass
class Draft:
    """A file of which pieces arrive. vectors: of its pictures, by place; heard: what is said, by stretch."""

    file: FileFacts
    content_hash: str = ""
    pictures: list[Segment] = field(default_factory=list)
    vectors: dict[int, Vectors] = field(default_factory=dict)
    passages: list[Segment] = field(default_factory=list)
    heard: list[tuple[float, "Future[Transcript]"]] = field(default_factory=list)
    end: Finished | Failed | None = None
    record: Record | None = None

    def settle(self) -> None:
        """Fail the file when a part of it could not be transcribed."""
        errors = [error for _, future in self.heard if (error := future.exception()) is not None]
        if errors and isinstance(self.end, Finished):
            self.end = Failed(f"its speech could not be recognised: {type(errors[0]).__name__}: {errors[0]}")

    @property
    def is_whole(self) -> bool:
        """True when nothing more is to come."""
        if self.end is None:
            return False
        return isinstance(self.end, Failed) or (
            len(self.vectors) == len(self.pictures) and all(future.done() for _, future in self.heard)
        )


class Assembly:
    """Collects what arrives, embeds it, and writes what is whole. Used by one thread."""

    def __init__(self, library: Library, listener: Listener, profile: Profile) -> None:
        self._library = library
        self._listener = listener
        self._profile = profile
        self._batch: list[tuple[Draft, int, Pixels]] = []
        self._waiting: list[Draft] = []
        self._oldest = 0.0

    def add(self, draft: Draft, message: Message) -> None:
        """Take a piece of a file in."""
        if isinstance(message, Prepared):
            if not self._batch:
                self._oldest = time.monotonic()
            self._batch.append((draft, len(draft.pictures), message.pixels))
            draft.pictures.append(message.segment)
            if len(self._batch) >= BATCH:
                self._embed()
        elif isinstance(message, Segment):
            draft.passages.append(message)
        elif isinstance(message, Finished | Failed):
            draft.end = message
            self._waiting.append(draft)

    def take_whole(self, ending: bool) -> Iterator[list[Draft]]:
        """Write what is whole and give it, group by group; at the end of the run, all there is."""
        if self._batch and (ending or time.monotonic() - self._oldest > PATIENCE):
            self._embed()
        whole = [draft for draft in self._waiting if draft.is_whole]
        overdue = bool(whole) and time.monotonic() - self._oldest > PATIENCE
        for start in range(0, len(whole), GROUP):
            group = whole[start : start + GROUP]
            if len(group) < GROUP and not (ending or overdue):
                return
            self._write(group)
            self._waiting = [draft for draft in self._waiting if draft not in group]
            self._oldest = time.monotonic()
            yield group

    @property
    def is_empty(self) -> bool:
        """True when every file that came to its end is written."""
        return not self._waiting

    def _embed(self) -> None:
        batch, self._batch = self._batch, []
        with self._profile.measure("pictures", len(batch)):
            rows = self._library.models.picture.encode_pictures([pixels for _, _, pixels in batch])
        for (draft, place, _), row in zip(batch, rows, strict=True):
            draft.vectors[place] = row

    def _write(self, group: Sequence[Draft]) -> None:
        for draft in group:
            draft.settle()
        good = [draft for draft in group if isinstance(draft.end, Finished)]
        texts = [self._list_texts(draft) for draft in good]
        meant = [segment.text or "" for segments in texts for segment in segments]
        with self._profile.measure("texts", len(meant)):
            rows = iter(self._library.models.meaning.encode_passages(meant) if meant else ())
        records = [
            draft.record or self._make_record(draft, segments, [next(rows) for _ in segments])
            for draft, segments in zip(good, texts, strict=True)
        ]
        with self._profile.measure("writing", len(group)):
            ids = self._library.catalogue.save_items(records)
            for draft in group:
                if isinstance(draft.end, Failed):
                    self._library.catalogue.mark([draft.file], State.FAILED, draft.end.reason)
            for draft, item_id in zip(good, ids, strict=True):
                if isinstance(draft.end, Finished) and draft.end.thumbnail is not None:
                    _write_thumbnail(self._library.home.thumbnail(item_id), draft.end.thumbnail)
                self._listener.forget(draft.content_hash)

    def _list_texts(self, draft: Draft) -> list[Segment]:
        """Give what of a file is embedded as text."""
        if draft.record is not None:
            return []
        spoken = [segment for start, future in draft.heard for segment in _make_speech(start, future.result())]
        draft.passages[:0] = spoken
        return draft.passages

    def _make_record(self, draft: Draft, texts: Sequence[Segment], rows: Sequence[Vectors]) -> Record:
        assert isinstance(draft.end, Finished)
        languages = [future.result().language for _, future in draft.heard]
        language = next((one for one in languages if one), draft.end.facts.language)
        spaces = self._library.spaces
        embeddings = [(at, spaces[Lane.PICTURE].space_id, draft.vectors[at]) for at in range(len(draft.pictures))]
        first = len(draft.pictures)
        embeddings += [(first + at, spaces[Lane.MEANING].space_id, row) for at, row in enumerate(rows)]
        return Record(
            file=draft.file,
            content_hash=draft.content_hash,
            media=replace(draft.end.facts, language=language),
            # A name is matched by its words; as a sentence it would mean little.
            segments=[*draft.pictures, *texts, name_segment(draft.file)],
            embeddings=embeddings,
        )


def name_segment(file: FileFacts) -> Segment:
    """Make the file's own and its folder's name findable."""
    path = Path(file.path)
    return Segment(SegmentKind.NAME, f"{path.parent.name}/{path.name}")


def _make_speech(start: float, heard: Transcript) -> list[Segment]:
    return [
        Segment(
            SegmentKind.SPEECH,
            one.text,
            start=round(start + one.start, 3),
            end=round(start + one.end, 3),
            confidence=round(one.confidence * (1 - one.no_speech), 4),
        )
        for one in heard.segments
    ]


def _write_thumbnail(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(body)
    temporary.replace(path)
