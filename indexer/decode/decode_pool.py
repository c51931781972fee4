"""Read many files at once, with one thread per decoder. One other thread takes their messages."""

import logging
import queue
import threading
from collections.abc import Callable, Container, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

from indexer.content_hash import hash_content
from indexer.decode.content import AudioChunk, Failed, Finished, Message, Postponed, Scope, SpeechSample
from indexer.decode.decoder import Decoder
from indexer.decode.document.subtitle_names import is_same_language
from indexer.decode.growing import STILL_WRITTEN, may_be_incomplete, must_wait
from indexer.decode.preprocess import add_guessed_date
from indexer.embed import Copied, FileMessage, PendingSpeech
from indexer.summary import Profile
from indexer.transcribe import TranscriptionQueue
from indexer.write import make_name_segment
from search.deadline import set_stop
from search.disk_guard import DISKS
from search.errors import CrossmodalError, find_reason
from search.open_home import OpenHome
from search.paths import explain_read_error, find_folder
from search.records import FileFacts, SegmentKind

# The maximum number of decoded messages that wait for the models: enough to fill a batch, without using much memory.
MAX_WAITING_MESSAGES = 48
POLL_SECONDS = 0.1

M = TypeVar("M")
T = TypeVar("T")


class DecodePool(Generic[M]):
    """Reads files in threads, one for each decoder."""

    def __init__(
        self, read: Callable[[Decoder, FileFacts], Iterator[M]], files: Sequence[FileFacts], decoders: Sequence[Decoder]
    ) -> None:
        """Start the threads.

        Args:
            read: Yields the messages of one file; called in the threads.
            files: The files to read.
            decoders: One for each thread.
        """
        self._read = read
        self._files = iter(files)
        self._decoders = decoders
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._queue: queue.Queue[tuple[FileFacts, M]] = queue.Queue(MAX_WAITING_MESSAGES)
        self._failure: BaseException | None = None
        self._unfinished: dict[str, FileFacts] = {}
        self._threads = [threading.Thread(target=self._run, args=(decoder,)) for decoder in decoders]
        for thread in self._threads:
            thread.start()

    @property
    def is_over(self) -> bool:
        """True when every file was read and every message was taken. Raises the error of a thread that failed."""
        if self._failure is not None:
            raise self._failure
        return not any(thread.is_alive() for thread in self._threads) and self._queue.empty()

    @property
    def oldest(self) -> str:
        """The path of the file that was begun first and is not finished; empty if there is none."""
        with self._lock:
            return next(iter(self._unfinished), "")

    def finish(self, file: FileFacts) -> None:
        """Note that a file was written."""
        with self._lock:
            self._unfinished.pop(file.path, None)

    def take(self) -> Iterator[tuple[FileFacts, M]]:
        """Yield the waiting messages with their files, in order for each file. Wait briefly for the first message."""
        try:
            yield self._queue.get(timeout=POLL_SECONDS)
            for _ in range(MAX_WAITING_MESSAGES):
                yield self._queue.get_nowait()
        except queue.Empty:
            return

    def close(self) -> None:
        """Stop the threads, even in the middle of a file."""
        self._stop.set()
        for decoder in self._decoders:
            decoder.close()
        while any(thread.is_alive() for thread in self._threads):
            for _ in self.take():  # a thread may wait until the queue has room
                pass
        for thread in self._threads:
            thread.join()
        for decoder in self._decoders:  # a thread may have started its decoder again
            decoder.close()

    def _run(self, decoder: Decoder) -> None:
        set_stop(self._stop)
        try:
            while (file := self._next_file()) is not None:
                for message in self._read(decoder, file):
                    self._put(file, message)
                    if self._stop.is_set():
                        return
        except BaseException as error:
            self._failure = error

    def _next_file(self) -> FileFacts | None:
        with self._lock:
            file = None if self._stop.is_set() else next(self._files, None)
            if file is not None:
                self._unfinished[file.path] = file
            return file

    def _put(self, file: FileFacts, message: M) -> None:
        while not self._stop.is_set():
            try:
                self._queue.put((file, message), timeout=POLL_SECONDS)
            except queue.Full:
                continue
            return


@dataclass(frozen=True)
class FileReader:
    """Reads one file: hashes it, then copies the rows of an identical indexed file, or else decodes it.

    Attributes:
        library: The library to index into.
        transcription: The queue for sound.
        profile: The profile to add the time to.
        reindex: Do not copy from identical files.
        shared_sizes: The sizes in bytes that several files have; only such files can be copies. None if not known.
        quiet_seconds: How long a file must not have changed before it is read; 0 if no later run will read it.
        volumes: The folders at which storage begins.
    """

    library: OpenHome
    transcription: TranscriptionQueue
    profile: Profile
    reindex: bool = False
    shared_sizes: Container[int] | None = None
    quiet_seconds: float = 0.0
    volumes: frozenset[str] = frozenset()

    def read(self, decoder: Decoder, file: FileFacts) -> Iterator[FileMessage]:
        """Yield the messages of a file; the last is `Finished`, `Copied`, `Failed` or `Postponed`.

        Raises:
            CrossmodalError: The home or a model cannot be used; this is not a failure of the file.
        """
        try:
            if self._access(file, lambda: must_wait(file, self.quiet_seconds)):
                yield Postponed(STILL_WRITTEN)
                return
        except OSError as error:
            yield Failed(explain_read_error(error), is_temporary=True)
            return
        try:
            for message in self._read(decoder, file):
                yield self._check_failure(file, message) if isinstance(message, Failed) else message
        except CrossmodalError:
            raise
        except Exception as error:  # whatever a file contains, it fails only itself
            logging.getLogger("crossmodal").exception("unexpected error while reading %s", file.path)
            yield Failed(f"cannot be read: {type(error).__name__}: {find_reason(error)}")

    def _check_failure(self, file: FileFacts, failure: Failed) -> Failed | Postponed:
        """Return the failure of a file: temporary if it cannot be read, postponed if it is still being written."""
        if failure.is_temporary:
            return failure
        try:
            self._access(file, lambda: Path(file.path).open("rb").close())
            may_change = self._access(file, lambda: may_be_incomplete(file, self.quiet_seconds))
        except OSError as error:
            return Failed(explain_read_error(error), is_temporary=True)
        return Postponed(STILL_WRITTEN) if may_change else failure

    def _access(self, file: FileFacts, action: Callable[[], T]) -> T:
        """Return the result of an action that accesses a file. Raises OSError, also if its disk does not respond."""
        return DISKS.call(self._find_volume(file), action, turn_seconds=DISKS.step_seconds)

    def _find_volume(self, file: FileFacts) -> str:
        return find_folder(file.path, self.volumes) or file.path

    def _read(self, decoder: Decoder, file: FileFacts) -> Iterator[FileMessage]:
        if file.size == 0:
            yield Failed("the file is empty")
            return
        try:
            with self.profile.measure("hashing"):
                content_hash = hash_content(file, self._find_volume(file))
        except OSError as error:
            yield Failed(explain_read_error(error), is_temporary=True)
            return
        copied = self._copy(file, content_hash)
        if copied is not None:
            yield copied
            return
        yield from self._decode(decoder, file, content_hash)

    def _decode(self, decoder: Decoder, file: FileFacts, content_hash: str) -> Iterator[FileMessage]:
        """Yield the messages of a file; if its subtitles turn out to be translations, also those of its sound."""
        language, is_translated = None, False
        for message in self._measure(decoder.decode(file)):
            if isinstance(message, AudioChunk):
                yield self._submit(content_hash, message)
            elif isinstance(message, SpeechSample):
                language = self.transcription.detect_language(content_hash, message.samples)
                is_translated = language is not None and not any(
                    is_same_language(language, known) for known in message.languages
                )
            elif isinstance(message, Finished):
                end = replace(message, content_hash=content_hash)
                if language is not None:
                    end = replace(end, facts=replace(end.facts, language=language))
                yield (yield from self._decode_speech(decoder, file, end)) if is_translated else end
            else:
                yield message

    def _decode_speech(
        self, decoder: Decoder, file: FileFacts, end: Finished
    ) -> Generator[FileMessage, None, Finished]:
        """Yield the sound of a file, and return its last message with the remarks about the sound."""
        remark = None
        for message in self._measure(decoder.decode(file, Scope.SOUND)):
            if isinstance(message, AudioChunk):
                yield self._submit(end.content_hash, message)
            elif isinstance(message, Finished):
                remark = message.remark
            elif isinstance(message, Failed):
                remark = f"the sound {message.reason}"
        remarks = dict.fromkeys(one for one in (end.remark, remark) if one)
        return replace(end, remark="; ".join(remarks) or None)

    def _measure(self, messages: Iterator[Message]) -> Iterator[Message]:
        return self.profile.measure_each("decoding", messages, lambda part: isinstance(part, Finished))

    def _submit(self, content_hash: str, chunk: AudioChunk) -> PendingSpeech:
        return PendingSpeech(chunk.start, self.transcription.submit(content_hash, chunk))

    def _copy(self, file: FileFacts, content_hash: str) -> Copied | None:
        """Return the rows of an indexed file with the same content, None if there is none."""
        if file.type is None or self.reindex or (self.shared_sizes is not None and file.size not in self.shared_sizes):
            return None
        item_id = self.library.catalog.find_copy(content_hash, file.type)
        if item_id is None:
            return None
        record = self.library.catalog.read_record(item_id, file)
        segments = [segment for segment in record.segments if segment.kind is not SegmentKind.NAME]
        if list(record.segments[: len(segments)]) != segments:
            return None  # embeddings refer to positions, which only stay if the name is the last segment
        media = add_guessed_date(record.media, Path(file.path).name, file.type)
        segments.append(make_name_segment(file, media))
        try:
            thumbnail = self.library.home.thumbnail(item_id).read_bytes()
        except OSError:
            thumbnail = None  # it is made when it is first requested
        return Copied(replace(record, media=media, segments=segments), thumbnail)
