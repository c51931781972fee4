"""Films: shots along the timeline, each by a few frames, and the sound track."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from indexer.decode.content import AudioChunk, DecodedImage, FileSummary, Parts
from indexer.decode.document.subtitles import read_spoken
from search.errors import UnreadableMediaError
from search.media.container import SAMPLE_RATE, Frame, iterate_frames, iterate_sound, probe
from search.media.image.picture import USEFUL_SIDE, Picture, measure_change
from search.records import Segment, SegmentKind

# A frame is looked at every second; of longer films only the frames that stand by themselves, which an encoder puts
# where the picture changes.
SPACING = 1.0
LONG = 600.0
# A larger change between frames that follow one another is a cut; measured on handheld and cartoon clips.
CUT = 0.12
# Below this mean change a frame shows what the one before did.
SAME_SCENE = 0.03
# So many frames of a shot are kept as it changes; of one that goes on changing, one more every so many seconds.
MAX_FRAMES = 3
SPREAD = 10.0
COVER_AT = 3


@dataclass
class _Shots:
    """Frames kept so far, each until the next one's time is known."""

    last: Picture | None = None
    kept: Frame | None = None
    in_shot: int = 0

    def take(self, frame: Frame) -> Frame | None:
        """Look at the next frame; give the one kept before when this one takes its place."""
        cut = self.last is None or measure_change(self.last, frame.picture) >= CUT
        self.last = frame.picture
        if cut:
            self.in_shot = 0
        elif self.kept and self._is_told(self.kept, frame):
            return None
        self.in_shot += 1
        before, self.kept = self.kept, frame
        return before

    def _is_told(self, kept: Frame, frame: Frame) -> bool:
        """Return whether what was kept last stands for this one as well."""
        if measure_change(kept.picture, frame.picture) < SAME_SCENE:
            return True
        return self.in_shot >= MAX_FRAMES and frame.seconds - kept.seconds < SPREAD


def decode_video(path: Path, sidecar: Path | None) -> Parts:
    """Take a few frames of every shot, and what is said: from the subtitles beside it, or else the sound."""
    facts = probe(path)
    media = facts.media
    count, end = 0, 0.0
    cover: Picture | None = None
    for shot in _find_shots(path, media.duration or 0.0):
        count, end = count + 1, shot.segment.end or 0.0
        if count <= COVER_AT:
            cover = shot.picture
        yield shot
    if cover is None:
        raise UnreadableMediaError("empty video: it holds no frame")
    if media.width and media.height and (media.width < media.height) != (cover.width < cover.height):
        # Held upright: the frames were turned as the file says.
        media = replace(media, width=media.height, height=media.width)
    if sidecar is not None:
        spoken, language = read_spoken(sidecar, path)
        yield from spoken
        media = replace(media, language=language)
    elif facts.has_audio:
        for start, samples in iterate_sound(path):
            end = max(end, start + len(samples) / SAMPLE_RATE)
            yield AudioChunk(start, samples)
    yield FileSummary(replace(media, duration=round(end, 3)), cover)


def _find_shots(path: Path, duration: float) -> Iterator[DecodedImage]:
    shots = _Shots()
    end = 0.0
    for frame in iterate_frames(path, SPACING, keys_only=duration > LONG):
        end = frame.seconds
        before = shots.take(Frame(frame.seconds, _shrink(frame.picture)))
        if before is not None:
            yield _make_shot(before, frame.seconds)
    if shots.kept is not None:
        yield _make_shot(shots.kept, max(end, duration if duration < end + LONG else end))


def _make_shot(frame: Frame, until: float) -> DecodedImage:
    return DecodedImage(Segment(SegmentKind.FRAME, start=round(frame.seconds, 3), end=round(until, 3)), frame.picture)


def _shrink(picture: Picture) -> Picture:
    """Keep no more of a frame than the model and the thumbnail need."""
    scale = USEFUL_SIDE / min(picture.size)
    if scale >= 1:
        return picture
    return picture.resize((round(picture.width * scale), round(picture.height * scale)))
