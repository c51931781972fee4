"""Films: frames along the timeline and the sound track."""

from dataclasses import replace
from pathlib import Path

from indexer.decoders.content import Content
from search.errors import UnreadableMediaError
from search.media.container import Frame, decode_sound, iterate_frames, probe
from search.media.picture import USEFUL_SIDE, Picture, measure_change
from search.records import MediaFacts, Segment, SegmentKind

SPACING = 1.0
MAX_FRAMES = 600
# Below this mean change a frame shows what the one before did; measured on handheld and cartoon clips.
SAME_SCENE = 0.03


def decode_video(path: Path) -> Content:
    """Take a frame wherever the picture has changed, at most one a second and 600 in all."""
    facts = probe(path)
    if not facts.has_video:
        raise UnreadableMediaError("no video track")
    spacing = max(SPACING, (facts.duration or 0) / MAX_FRAMES)
    frames, end = _keep_changes(path, spacing)
    if not frames:
        raise UnreadableMediaError("empty video: it holds no frame")
    duration = max(end, facts.duration or 0.0)
    ends = [frame.seconds for frame in frames[1:]] + [duration]
    pictures = [
        (Segment(SegmentKind.FRAME, start=round(frame.seconds, 3), end=round(until, 3)), frame.picture)
        for frame, until in zip(frames, ends, strict=True)
    ]
    return Content(
        facts=MediaFacts(title=facts.title, duration=round(duration, 3), width=facts.width, height=facts.height),
        pictures=pictures,
        samples=decode_sound(path) if facts.has_audio else None,
        thumbnail=frames[min(len(frames) - 1, len(frames) // 3)].picture,
    )


def _keep_changes(path: Path, spacing: float) -> tuple[list[Frame], float]:
    kept: list[Frame] = []
    end = 0.0
    for frame in iterate_frames(path, spacing):
        end = frame.seconds
        if kept and measure_change(kept[-1].picture, frame.picture) < SAME_SCENE:
            continue
        kept.append(replace(frame, picture=_shrink(frame.picture)))
    return kept, end


def _shrink(picture: Picture) -> Picture:
    """Keep no more of a frame than the model and the thumbnail need: hundreds are held at once."""
    scale = USEFUL_SIDE / min(picture.size)
    if scale >= 1:
        return picture
    return picture.resize((round(picture.width * scale), round(picture.height * scale)))
