"""How browsers can play a recording: the file itself, or fragments of it that are made while they play."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from search.media.recording.container import open_container
from search.media.recording.tracks import is_supported, list_videos

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.stream import VideoStream

# The length of a fragment in seconds.
FRAGMENT_SECONDS = 6.0
# What fragments are encoded as: H.264, High profile, level 4.0, and AAC.
ENCODED_VIDEO, ENCODED_AUDIO = "avc1.640028", "mp4a.40.2"
# Pixels that every decoder of H.264 supports.
COMMON_PIXELS = {"yuv420p", "yuvj420p"}
# The names of codecs in media types (RFC 6381), for main profiles. H.264 is described by its own profile.
CODEC_NAMES = {
    "hevc": "hvc1.1.6.L120.90",
    "av1": "av01.0.08M.08",
    "vp8": "vp8",
    "vp9": "vp09.00.40.08",
    "aac": "mp4a.40.2",
    "mp3": "mp4a.69",
    "opus": "opus",
    "vorbis": "vorbis",
    "flac": "flac",
    "ac3": "ac-3",
    "eac3": "ec-3",
}
HEVC_10_BITS = "hvc1.2.4.L120.90"
# The containers of films that browsers open: the codecs in them that every current browser decodes.
COMMON_FILMS = {
    "video/mp4": ({"h264"}, {"aac", "mp3", None}),
    "video/webm": ({"vp8", "vp9"}, {"opus", "vorbis", None}),
}
# The suffixes of recordings of sound that browsers open: the media type, and the codecs that every browser decodes.
COMMON_SOUNDS = {
    ".mp3": ("audio/mpeg", {"mp3"}),
    ".m4a": ("audio/mp4", {"aac"}),
    ".m4b": ("audio/mp4", {"aac"}),
    ".aac": ("audio/aac", {"aac"}),
    ".wav": ("audio/wav", {"pcm_s16le", "pcm_u8"}),
    ".flac": ("audio/flac", {"flac"}),
    ".ogg": ("audio/ogg", {"vorbis", "opus"}),
    ".oga": ("audio/ogg", {"vorbis", "opus"}),
    ".opus": ("audio/ogg", {"opus"}),
    ".weba": ("audio/webm", {"opus", "vorbis"}),
}
# The containers whose packets have the times that copying them needs.
COPIED_FORMATS = {"mov", "matroska"}


@dataclass(frozen=True)
class Playback:
    """How a recording can be played.

    Attributes:
        container: The name of the container.
        video: The codec of the images; None without images.
        audio: The codec of the sound; None without sound.
        duration: In seconds, as the headers state it.
        type: The media type of the file with its codecs, to ask a browser; None if no browser opens the container.
        is_common: Whether every current browser plays the file.
        copies_video: Whether images can be copied into fragments; otherwise they are encoded again.
        copies_audio: The same for sound.
        fragment_type: The media type of the fragments.
    """

    container: str
    video: str | None
    audio: str | None
    duration: float
    type: str | None
    is_common: bool
    copies_video: bool
    copies_audio: bool
    fragment_type: str


def examine(source: Path, may_copy: bool) -> Playback:
    """Read how a recording can be played from its headers.

    Args:
        source: The recording.
        may_copy: Whether packets of the file may be copied; otherwise everything is encoded again.

    Raises:
        UnreadableMediaError: The file cannot be decoded.
    """
    with open_container(source) as container:
        videos = [stream for stream in list_videos(container) if is_supported(stream)]
        sounds = [stream for stream in container.streams.audio if is_supported(stream)]
        video, audio = next(iter(videos), None), next(iter(sounds), None)
        name = container.format.name.split(",")[0]
        can_copy = may_copy and name in COPIED_FORMATS
        copies_video = can_copy and video is not None and _is_plain_h264(video)
        copies_audio = can_copy and audio is not None and _name_codec(audio) == "aac" and _has_setup(audio)
        media_type, is_common = _find_type(source, name, video, audio)
        codecs = [_name_video(video) if copies_video and video is not None else ENCODED_VIDEO] if video else []
        codecs += [ENCODED_AUDIO] if audio else []
        return Playback(
            container=name,
            video=_name_codec(video) if video else None,
            audio=_name_codec(audio) if audio else None,
            duration=_read_duration(container),
            type=media_type,
            is_common=is_common,
            copies_video=copies_video,
            copies_audio=copies_audio,
            fragment_type=f'{"video" if video else "audio"}/mp4; codecs="{", ".join(codecs)}"',
        )


def _name_codec(stream: "VideoStream | AudioStream") -> str:
    """Return the name of the codec, not that of the decoder."""
    return stream.codec_context.codec.canonical_name


def _read_duration(container: "InputContainer") -> float:
    return container.duration / 1_000_000 if container.duration else 0.0


def _find_type(
    source: Path, name: str, video: "VideoStream | None", audio: "AudioStream | None"
) -> tuple[str | None, bool]:
    """Return the media type of a file with its codecs, and whether every browser plays it."""
    sound = _name_codec(audio) if audio else None
    if video is None:
        media_type, codecs = COMMON_SOUNDS.get(source.suffix.lower(), (None, set()))
        return media_type, sound in codecs
    film = {"mov": "video/mp4", "matroska": "video/webm" if source.suffix.lower() == ".webm" else None}.get(name)
    if film is None:
        return None, False
    images, sounds = COMMON_FILMS[film]
    shown = _name_codec(video)
    is_plain = video.codec_context.pix_fmt in COMMON_PIXELS
    names = [_name_video(video), *([CODEC_NAMES.get(sound, sound)] if sound else [])]
    return f'{film}; codecs="{", ".join(names)}"', shown in images and sound in sounds and is_plain


def _name_video(stream: "VideoStream") -> str:
    """Return the name of the codec of a track of images in media types."""
    codec = _name_codec(stream)
    if codec == "h264":
        return f"avc1.{_read_h264_profile(stream.codec_context.extradata or b'')}"
    if codec == "hevc" and "10" in (stream.codec_context.pix_fmt or ""):
        return HEVC_10_BITS
    return CODEC_NAMES.get(codec, codec)


def _read_h264_profile(setup: bytes) -> str:
    """Return the profile, the constraints and the level of H.264 as hexadecimal digits."""
    if setup[:1] == b"\1":  # the record of MP4 and Matroska
        return setup[1:4].hex()
    start = next(
        (at for at in range(len(setup) - 4) if setup[at : at + 3] == b"\0\0\1" and setup[at + 3] & 31 == 7), -1
    )
    return setup[start + 4 : start + 7].hex() if start >= 0 else ENCODED_VIDEO.removeprefix("avc1.")


def _is_plain_h264(stream: "VideoStream") -> bool:
    context = stream.codec_context
    return _name_codec(stream) == "h264" and context.pix_fmt in COMMON_PIXELS and _has_setup(stream)


def _has_setup(stream: "VideoStream | AudioStream") -> bool:
    """Return whether the container has what a decoder needs to begin; in streams, it is between the packets."""
    return bool(stream.codec_context.extradata)
