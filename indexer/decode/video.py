"""The family of videos: a few frames of every shot, and the sound."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from indexer.decode.content import DecodedImage, FileSummary, Part, Parts
from indexer.decode.document.subtitles import SUBTITLE_SUFFIXES
from indexer.decode.family import Family, Format, Signature, split_suffixes
from indexer.decode.speech import SpeechReader, list_chapters
from search.errors import UnreadableMediaError
from search.media.image.pillow import USEFUL_SIDE, PilImage, measure_change
from search.media.recording.container import DecodeReport
from search.media.recording.frames import Frame, iterate_frames
from search.media.recording.tracks import StreamFacts, probe
from search.records import ItemType, MediaFacts, Segment, SegmentKind

# One frame per interval is compared.
FRAME_SPACING_SECONDS = 1.0
# For longer videos, only key frames are compared, which encoders place where the image changes.
LONG_VIDEO_SECONDS = 600.0
# A larger change between two frames is a cut; measured on handheld and cartoon clips.
MIN_CUT_CHANGE = 0.12
# A frame that differs less than this from the one before shows the same scene.
MIN_SCENE_CHANGE = 0.03
# The frames that are kept of a shot while it changes. If it continues to change, one more is kept after each interval.
MAX_SHOT_FRAMES = 3
MIN_SHOT_FRAME_SECONDS = 10.0
# The cover is this frame, or the last one of a shorter video: the first frames are often black or a title.
COVER_FRAME = 3
# Bytes of a packet of an MPEG transport stream. Each packet begins with the same byte.
TS_PACKET_BYTES = 188
TS_SYNC_BYTE = ord("G")


@dataclass
class _ShotDetector:
    """Chooses which frames are kept. A kept frame is held until the time of the next one is known.

    Attributes:
        previous: The frame that was compared last.
        kept: The frame that was kept last.
        shot_frames: How many frames of the current shot were kept.
    """

    previous: PilImage | None = None
    kept: Frame | None = None
    shot_frames: int = 0

    def add(self, frame: Frame) -> Frame | None:
        """Compare the next frame. If it is kept, return the frame that was kept before it, else None."""
        is_cut = self.previous is None or measure_change(self.previous, frame.image) >= MIN_CUT_CHANGE
        self.previous = frame.image
        if is_cut:
            self.shot_frames = 0
        elif self.kept and self._is_redundant(self.kept, frame):
            return None
        self.shot_frames += 1
        before, self.kept = self.kept, frame
        return before

    def _is_redundant(self, kept: Frame, frame: Frame) -> bool:
        """Return whether the frame that was kept last represents this one as well."""
        if measure_change(kept.image, frame.image) < MIN_SCENE_CHANGE:
            return True
        return self.shot_frames >= MAX_SHOT_FRAMES and frame.seconds - kept.seconds < MIN_SHOT_FRAME_SECONDS


@dataclass
class _Shots:
    """What is known about the images of a video after they were decoded.

    Attributes:
        cover: The image for the thumbnail.
        end: Where the last shot ends, in seconds.
        remark: What users should know.
    """

    cover: PilImage | None = None
    end: float = 0.0
    remark: str | None = None


def decode_video(path: Path, subtitles: Sequence[Path]) -> Parts:
    """Yield a few frames of every shot, the chapters, and the subtitles; the sound if they do not contain all speech.

    The summary has a remark if the file is incomplete or damaged, if only the images or only the sound can be decoded,
    and about which of several audio tracks was used.

    Args:
        path: The file.
        subtitles: Subtitle files.

    Raises:
        UnreadableMediaError: Neither images nor sound can be decoded, or no subtitle file can be read.
    """
    streams = probe(path)
    shots = yield from _decode_shots(path, streams)
    yield from list_chapters(streams)
    speech = yield from SpeechReader(path, streams, shots.end, subtitles).read(must_decode=shots.cover is None)
    if shots.cover is None and not speech.end:
        raise UnreadableMediaError(shots.remark or "the video has no frame")
    speech.remarks[:0] = [shots.remark] if shots.remark else []
    media = _swap_size_if_rotated(streams.media, shots.cover) if shots.cover else streams.media
    media = replace(media, duration=round(max(shots.end, speech.end), 3), language=speech.language)
    yield FileSummary(media, shots.cover, remark=speech.remark)


def _decode_shots(path: Path, streams: StreamFacts) -> Generator[Part, None, _Shots]:
    """Yield a few frames of every shot, and return what is known about them. Errors become a remark."""
    report, shots = DecodeReport(), _Shots()
    count, error = 0, None
    try:
        for shot in _find_shots(path, streams.media.duration or 0.0, report):
            count, shots.end = count + 1, shot.segment.end or 0.0
            if count <= COVER_FRAME:
                shots.cover = shot.image
            yield shot
    except UnreadableMediaError as failure:
        error = f"the images {failure}"
    shots.remark = error or (report.describe(streams.video_duration) if count else None)
    return shots


def _swap_size_if_rotated(media: MediaFacts, cover: PilImage) -> MediaFacts:
    """Return metadata with width and height swapped if the decoded frames are rotated by 90 degrees."""
    if media.width and media.height and (media.width < media.height) != (cover.width < cover.height):
        return replace(media, width=media.height, height=media.width)
    return media


def _find_shots(path: Path, duration: float, report: DecodeReport) -> Iterator[DecodedImage]:
    """Yield the frames that represent the shots, each until the next one.

    Args:
        path: The file.
        duration: The duration in seconds that the header states.
        report: Damage is recorded here.
    """
    shots = _ShotDetector()
    end = 0.0
    for frame in iterate_frames(path, FRAME_SPACING_SECONDS, duration > LONG_VIDEO_SECONDS, report):
        end = frame.seconds
        before = shots.add(Frame(frame.seconds, _shrink(frame.image)))
        if before is not None:
            yield _make_shot(before, frame.seconds)
    if shots.kept is not None:
        yield _make_shot(shots.kept, max(end, report.end))


def _make_shot(frame: Frame, until: float) -> DecodedImage:
    return DecodedImage(Segment(SegmentKind.FRAME, start=round(frame.seconds, 3), end=round(until, 3)), frame.image)


def _shrink(image: PilImage) -> PilImage:
    """Return a frame no larger than the models and the thumbnail need."""
    scale = USEFUL_SIDE / min(image.size)
    if scale >= 1:
        return image
    return image.resize((round(image.width * scale), round(image.height * scale)))


def _is_transport_stream(_path: Path, head: bytes) -> bool:
    return len(head) > 2 * TS_PACKET_BYTES and set(head[0 : 3 * TS_PACKET_BYTES : TS_PACKET_BYTES]) == {TS_SYNC_BYTE}


# What is indexed of all formats.
VIDEO_READS = "one to three frames of each shot, as a player shows them; speech, or what subtitles say; tags"

VIDEO = Family(
    type=ItemType.VIDEO,
    formats=(
        Format(
            "MP4, MOV, Matroska, WebM",
            split_suffixes("mp4 m4v mov mkv webm"),
            f"{VIDEO_READS}; subtitle tracks of text; titles of chapters",
            "bitmap subtitles; audio tracks other than the one that a player plays",
        ),
        Format("AVI, WMV, FLV, OGV, 3GP", split_suffixes("avi divx wmv asf flv f4v ogv 3gp 3g2"), VIDEO_READS),
        Format(
            "MPEG, transport streams, MXF",
            split_suffixes("mpg mpeg vob ts mts m2ts mxf"),
            VIDEO_READS,
            "teletext and closed captions",
        ),
    ),
    decode=decode_video,
    signatures=(
        Signature(0, (b"\x1aE\xdf\xa3", b"\0\0\1\xba", b"\0\0\1\xb3", b"FLV\1", b"0&\xb2u\x8ef\xcf\x11")),
        Signature(4, (b"ftyp", b"moov", b"mdat\0")),
        Signature(8, (b"AVI ",)),
    ),
    detect=_is_transport_stream,
    sidecars=SUBTITLE_SUFFIXES,
)
