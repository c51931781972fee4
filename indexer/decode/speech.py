"""What is said in a recording: its subtitles, or its sound for the speech model, or both."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from indexer.decode.content import AudioChunk, FileSummary, Part, Parts, SpeechSample
from indexer.decode.document.subtitle_names import is_same_language, normalize_language
from indexer.decode.document.subtitles import Spoken, convert_lines, read_spoken
from indexer.decode.speech_sample import take_sample
from indexer.decode.subtitle_lines import SubtitleLines
from indexer.transcribe import is_silent
from search.errors import UnreadableMediaError
from search.media.recording.container import INCOMPLETE, DecodeReport
from search.media.recording.sound import SAMPLE_RATE, iterate_sound
from search.media.recording.subtitle_tracks import iterate_lines
from search.media.recording.tracks import StreamFacts, Track, probe
from search.records import MediaFacts, Segment, SegmentKind

# Of a film with subtitles in many languages, this many are read besides the one that is read in any case.
MAX_FURTHER_LANGUAGES = 3


@dataclass
class Speech:
    """What is known about the speech of a recording after it was decoded.

    Attributes:
        language: The language of the subtitles that contain all that is said.
        end: Where the decoded sound ends, in seconds.
        error: Why the sound cannot be decoded, if it cannot.
        remarks: What users should know.
        subtitled: The languages of the subtitles that were read, without those that only have forced lines.
    """

    language: str | None = None
    end: float = 0.0
    error: str | None = None
    remarks: list[str] = field(default_factory=list)
    subtitled: set[str | None] = field(default_factory=set)

    @property
    def remark(self) -> str | None:
        """The remarks as one text. Only the first one that the file is incomplete is kept: every track ends there."""
        first = {INCOMPLETE if remark.startswith(INCOMPLETE) else remark: remark for remark in reversed(self.remarks)}
        return "; ".join(remark for remark in dict.fromkeys(self.remarks) if remark in first.values()) or None


def list_chapters(streams: StreamFacts) -> list[Segment]:
    """Return the chapters, with their titles and times."""
    return [
        Segment(SegmentKind.CHAPTER, chapter.title, start=chapter.start, end=chapter.end)
        for chapter in streams.chapters
    ]


@dataclass(frozen=True)
class SpeechReader:
    """Reads the speech of one recording.

    Attributes:
        path: The recording.
        streams: Its tracks.
        duration: Its duration in seconds, as far as it is known.
        subtitles: Its subtitle files, the most important one first.
    """

    path: Path
    streams: StreamFacts
    duration: float
    subtitles: Sequence[Path] = ()

    def read(self, must_decode: bool) -> Generator[Part, None, Speech]:
        """Yield the subtitles, and the sound unless the subtitles contain all that is said.

        Instead of the sound a sample of it is yielded if it has no known language, and the subtitles have.

        Args:
            must_decode: Decode the sound in any case, to measure it.

        Returns:
            What is known after the last part.

        Raises:
            UnreadableMediaError: There are subtitle files, and none can be read.
        """
        speech, lines = Speech(), SubtitleLines()
        heard = normalize_language(self.streams.sounds[0].language) if self.streams.sounds else None
        # The languages of the subtitles with all that is said, the most important one first.
        languages: dict[str | None, None] = {}
        for spoken in self._list_subtitles(heard, speech, languages):
            yield from lines.add(spoken.mark_lines(), spoken.is_complete(self.duration))
            if spoken.is_complete(self.duration):
                languages.setdefault(spoken.language)
        speech.language = next(iter(languages), None)
        for spoken in self._read_further_tracks(heard, speech):
            yield from spoken.mark_lines()
        if self.streams.sounds and heard is None and languages and None not in languages:
            sample = take_sample(self.path, self.streams.sounds, lines.complete)
            if sample is not None:
                yield SpeechSample(sample, frozenset(filter(None, languages)))
        if self.streams.sounds and (not languages or must_decode):
            yield from self.read_sound(speech, is_wanted=not languages)
        return speech

    def _list_subtitles(
        self, heard: str | None, speech: Speech, languages: Mapping[str | None, None]
    ) -> Iterator[Spoken]:
        """Yield the subtitle files, then the tracks of subtitles that are worth reading, the best one first.

        Args:
            heard: The language of the sound, if it is known.
            speech: Remarks are added here.
            languages: The languages of the subtitles with all that is said among those that were yielded.
        """
        yield from self._read_files(heard, speech)
        full = choose_subtitles(self.streams.subtitles, heard)
        if languages:
            # A track in a further language may be in the language that is spoken, which is not known.
            language = normalize_language(full.language) if full is not None else None
            if full is not None and heard is None and None not in languages and language not in {None, *languages}:
                yield self._read_track(full, heard, speech)
            return
        if full is not None:
            yield self._read_track(full, heard, speech)
        forced = [track for track in self.streams.subtitles if track.is_forced and not track.is_special]
        for track in [] if languages else sorted(forced, key=lambda track: not track.is_default)[:1]:
            yield self._read_track(track, heard, speech)

    def _read_further_tracks(self, heard: str | None, speech: Speech) -> Iterator[Spoken]:
        """Yield the tracks of subtitles with all that is said in further languages, so that they can be chosen.

        Args:
            heard: The language of the sound, if it is known.
            speech: Says in which languages subtitles were read. Remarks are added here.
        """
        further: dict[str, Track] = {}
        for track in self.streams.subtitles:
            language = normalize_language(track.language)
            if language is not None and language not in speech.subtitled and not (track.is_forced or track.is_special):
                further.setdefault(language, track)
        for track in [*further.values()][:MAX_FURTHER_LANGUAGES]:
            yield self._read_track(track, heard, speech)

    def _read_files(self, heard: str | None, speech: Speech) -> Iterator[Spoken]:
        """Yield the content of the subtitle files; those in another language than the sound are partial.

        Of several, one that cannot be read becomes a remark.

        Raises:
            UnreadableMediaError: None can be read.
        """
        failures: list[UnreadableMediaError] = []
        for path in self.subtitles:
            try:
                spoken = read_spoken(path, self.path)
            except UnreadableMediaError as error:
                failures.append(error)
                speech.remarks.append(str(error))
                continue
            speech.subtitled.add(spoken.language)
            yield replace(spoken, is_partial=spoken.is_partial or _is_translated(spoken.language, heard))
        if failures and len(failures) == len(self.subtitles):
            raise failures[0]

    def _read_track(self, track: Track, heard: str | None, speech: Speech) -> Spoken:
        """Read a subtitle track. It is partial if it is forced, has no line, or is not in the language of the sound.

        Damage becomes a remark.
        """
        language, report = normalize_language(track.language), DecodeReport()
        lines: list[Segment] = []
        try:
            lines = convert_lines(iterate_lines(self.path, track.index, report))
        except UnreadableMediaError as error:
            speech.remarks.append(f"subtitle track {track.index + 1} {error}")
        if report.damaged:
            speech.remarks.append(f"parts of subtitle track {track.index + 1} are damaged and were left out")
        if not track.is_forced:
            speech.subtitled.add(language)
        is_partial = track.is_forced or _is_translated(language, heard) or not lines
        return Spoken(lines, language, is_partial)

    def read_sound(self, speech: Speech, is_wanted: bool) -> Generator[Part, None, None]:
        """Yield the sound of the track that a player plays, or of the next one if it is silent or cannot be decoded.

        The silence at the start of one of several tracks is not yielded, so that the sound of two is never mixed. A
        single track is yielded whole: hours of silence without a part would count as a decoder that hangs.

        Args:
            speech: What is known about the sound is added here.
            is_wanted: Yield the sound; otherwise it is only measured.
        """
        chosen: Track | None = None
        is_single = len(self.streams.sounds) == 1
        remark, failures = None, list[str]()
        for track in self.streams.sounds:
            report, has_sound = DecodeReport(), False
            try:
                for start, samples in iterate_sound(self.path, track.index, report):
                    speech.end = max(speech.end, start + len(samples) / SAMPLE_RATE)
                    has_sound = has_sound or not is_silent(samples)
                    if is_wanted and (is_single or has_sound):
                        yield AudioChunk(start, samples)
            except UnreadableMediaError as error:
                speech.error = speech.error or str(error)
                failures.append(f"audio track {track.index + 1} of {len(self.streams.sounds)} {error}")
                if not has_sound:
                    continue
            if chosen is None or has_sound:
                chosen, remark = track, report.describe(track.duration)
            if has_sound or not is_wanted:
                break
        speech.remarks += [remark] if remark else []
        if chosen is None:
            speech.remarks.append(f"the sound {speech.error}")
            return
        speech.remarks += failures
        if is_wanted and len(self.streams.sounds) > 1:
            speech.remarks.append(_describe_track(chosen, len(self.streams.sounds)))


def decode_speech(path: Path) -> Parts:
    """Yield the sound of a recording that is transcribed, and a summary with the remark about it.

    Raises:
        UnreadableMediaError: The file cannot be decoded.
    """
    speech = Speech()
    yield from SpeechReader(path, probe(path), 0.0).read_sound(speech, is_wanted=True)
    yield FileSummary(MediaFacts(), remark=speech.remark)


def _is_translated(language: str | None, heard: str | None) -> bool:
    """Return whether subtitles are in another language than the sound; not if one of the languages is not known."""
    return language is not None and heard is not None and not is_same_language(language, heard)


def choose_subtitles(tracks: Sequence[Track], heard: str | None) -> Track | None:
    """Return the subtitle track with all that is said, in the language that is spoken if there is one.

    Args:
        tracks: The subtitle tracks.
        heard: The language of the sound, if it is known.
    """

    def rank(track: Track) -> tuple[int, bool]:
        language = normalize_language(track.language)
        distance = 1 if language is None or heard is None else 2 * (language != heard)
        return distance, not track.is_default

    full = [track for track in tracks if not track.is_forced and not track.is_special]
    return min(full, key=rank, default=None)


def _describe_track(track: Track, count: int) -> str:
    details = ", ".join(detail for detail in (track.language, track.title) if detail)
    return f"speech is from audio track {track.index + 1} of {count}" + (f" ({details})" if details else "")
