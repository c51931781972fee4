"""Films of photos that a camera moves over, with sound, subtitle tracks, burnt-in subtitles and chapters."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.stream import Stream
from PIL import Image, ImageDraw

from benchmarks.review.fonts import Fonts
from benchmarks.review.sounds import RATE, Samples, encode_sound

SIZE = (640, 480)
FRAMES_PER_SECOND = 8
SECONDS_PER_PHOTO = 4
ASS_HEADER = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname
Style: Default,Arial

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


@dataclass(frozen=True)
class Film:
    """What a film consists of.

    Attributes:
        photos: Its scenes.
        sound: Its samples; None for a silent film.
        codec: The encoder of the pictures.
        subtitles: Tracks: the language (ISO 639-2) and the lines, which are spread over the film.
        burnt: A line for each scene that is drawn into the picture.
        chapters: Titles of chapters of equal length.
    """

    photos: Sequence[Image.Image]
    sound: Samples | None = None
    codec: str = "libx264"
    subtitles: Sequence[tuple[str, Sequence[str]]] = ()
    burnt: Sequence[str] = ()
    chapters: Sequence[str] = ()

    @property
    def seconds(self) -> int:
        """Its duration."""
        return SECONDS_PER_PHOTO * len(self.photos)


def write_film(target: Path, film: Film, fonts: Fonts) -> None:
    """Write a film in the format of its file name's ending."""
    kind = {".m4v": "mp4"}.get(target.suffix)
    with av.open(str(target), "w", format=kind) as out:
        video = out.add_stream(film.codec, rate=FRAMES_PER_SECOND)
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        if film.codec == "libx265":
            video.codec_context.codec_tag = "hvc1"
            video.options = {"x265-params": "log-level=error"}
        sound = _add_sound(out, target.suffix) if film.sound is not None else None
        tracks = [_add_subtitles(out, language, target.suffix) for language, _ in film.subtitles]
        if film.chapters:
            out.set_chapters(_make_chapters(film))
        for frame in _draw_frames(film, fonts):
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if sound is not None and film.sound is not None:
            encode_sound(out, sound, film.sound[: film.seconds * RATE])
        for track, (_, lines) in zip(tracks, film.subtitles, strict=True):
            _write_lines(out, track, lines, film.seconds, target.suffix)


def _add_sound(out: OutputContainer, suffix: str) -> AudioStream:
    stream = out.add_stream("libmp3lame" if suffix == ".avi" else "aac", rate=RATE)
    stream.layout = "mono"
    return stream


def _draw_frames(film: Film, fonts: Fonts) -> Iterator[av.VideoFrame]:
    """Yield the frames: in each scene, the picture slowly comes closer."""
    count = SECONDS_PER_PHOTO * FRAMES_PER_SECOND
    for index, photo in enumerate(film.photos):
        width, height = photo.size
        for step in range(count):
            cut = 0.08 * step / count
            box = (width * cut, height * cut, width * (1 - cut), height * (1 - cut))
            image = _pad(photo.crop(tuple(round(value) for value in box)))
            if film.burnt:
                _burn(image, film.burnt[index % len(film.burnt)], fonts)
            frame = av.VideoFrame.from_image(image)
            frame.pts = index * count + step
            frame.time_base = Fraction(1, FRAMES_PER_SECOND)
            yield frame


def _pad(image: Image.Image) -> Image.Image:
    """Return a picture in the middle of a black frame."""
    scale = min(SIZE[0] / image.width, SIZE[1] / image.height)
    fitted = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BILINEAR)
    frame = Image.new("RGB", SIZE)
    frame.paste(fitted, ((SIZE[0] - fitted.width) // 2, (SIZE[1] - fitted.height) // 2))
    return frame


def _burn(image: Image.Image, text: str, fonts: Fonts) -> None:
    draw = ImageDraw.Draw(image)
    spot, font = (SIZE[0] / 2, SIZE[1] - 34), fonts.fit("sign", text, 30)
    draw.text(spot, text, fill=(255, 255, 255), stroke_fill=(0, 0, 0), stroke_width=3, font=font, anchor="mm")


def _make_chapters(film: Film) -> list[dict[str, object]]:
    length = film.seconds * 1000 // len(film.chapters)
    return [
        {
            "id": index,
            "start": index * length,
            "end": (index + 1) * length,
            "time_base": Fraction(1, 1000),
            "metadata": {"title": title},
        }
        for index, title in enumerate(film.chapters)
    ]


def _add_subtitles(out: OutputContainer, language: str, suffix: str) -> Stream:
    stream = out.add_stream("mov_text" if suffix == ".mp4" else "subrip")
    stream.time_base, stream.codec_context.subtitle_header = Fraction(1, 1000), ASS_HEADER
    stream.metadata["language"] = language
    return stream


def _write_lines(out: OutputContainer, stream: Stream, lines: Sequence[str], seconds: int, suffix: str) -> None:
    length = seconds * 1000 // len(lines)
    for index, line in enumerate(lines):
        body = line.encode()
        # A sample of timed text in MP4 starts with its length.
        packet = av.Packet(len(body).to_bytes(2, "big") + body if suffix == ".mp4" else body)
        packet.stream, packet.time_base = stream, Fraction(1, 1000)
        packet.pts = packet.dts = index * length
        packet.duration = length - 200
        out.mux(packet)
