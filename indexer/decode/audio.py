"""The family of sound recordings."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from indexer.decode.content import DecodedImage, FileSummary, Parts
from indexer.decode.document.subtitles import SUBTITLE_SUFFIXES
from indexer.decode.family import Family, Format, Signature, split_suffixes
from indexer.decode.speech import SpeechReader, list_chapters
from search.errors import UnreadableMediaError
from search.media.image.pillow import PilImage
from search.media.recording.tracks import probe, read_cover
from search.records import ItemType, Segment, SegmentKind

# The first bytes of RIFF files: with 32-bit and with 64-bit sizes.
RIFF_NAMES = (b"RIFF", b"RF64", b"BW64", b"RIFX")
WAVE64_SIGNATURE = b"riff\x2e\x91\xcf\x11"
# Bitrates in kbit/s of MPEG audio, layer 3, by their number in a frame header: version 1, then the later versions.
MP3_BITRATES = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
)
# Sample rates in Hz by their number, and the divisor of each version by its second byte (without the last bit).
MP3_SAMPLE_RATES = (44100, 48000, 32000)
MP3_DIVISORS = {0xFA: 1, 0xF2: 2, 0xE2: 4}


def decode_audio(path: Path, subtitles: Sequence[Path]) -> Parts:
    """Yield the cover of a recording, its chapters and its sound, or its subtitles in place of the sound.

    The duration is that of the decoded sound: the file's header may be wrong.

    Args:
        path: The file.
        subtitles: Subtitle files.

    Raises:
        UnreadableMediaError: The file cannot be decoded, or none of its subtitle files can be.
    """
    cover = _find_cover(path)
    if cover is not None:
        yield DecodedImage(Segment(SegmentKind.IMAGE), cover)
    streams = probe(path)
    yield from list_chapters(streams)
    speech = yield from SpeechReader(path, streams, streams.media.duration or 0.0, subtitles).read(must_decode=True)
    if not speech.end:
        raise UnreadableMediaError(speech.error or "the recording has no sound")
    media = replace(streams.media, duration=round(speech.end, 3), language=speech.language)
    yield FileSummary(media, cover, remark=speech.remark)


def _find_cover(path: Path) -> PilImage | None:
    """Return the cover; None if there is none, or it is damaged."""
    try:
        return read_cover(path)
    except UnreadableMediaError:
        return None


def _is_wave_or_mp3(_path: Path, head: bytes) -> bool:
    if head.startswith(RIFF_NAMES) and head[8:12] == b"WAVE":
        return True
    return _has_mp3_frames(head)


def _has_mp3_frames(head: bytes) -> bool:
    """Return whether a file begins with two MP3 frames, without tags before them."""
    size = _measure_mp3_frame(head)
    return bool(size) and bool(_measure_mp3_frame(head[size:]))


def _measure_mp3_frame(body: bytes) -> int:
    """Return the length in bytes of the MP3 frame at the start; 0 if there is none."""
    if len(body) < 4 or body[0] != 0xFF or body[1] & 0xFE not in MP3_DIVISORS:
        return 0
    divisor, bitrate, sample_rate = MP3_DIVISORS[body[1] & 0xFE], body[2] >> 4, body[2] >> 2 & 3
    if not 0 < bitrate < len(MP3_BITRATES[0]) or sample_rate >= len(MP3_SAMPLE_RATES):
        return 0
    kilobits = MP3_BITRATES[divisor > 1][bitrate]
    samples = 144_000 if divisor == 1 else 72_000
    return samples * kilobits * divisor // MP3_SAMPLE_RATES[sample_rate] + (body[2] >> 1 & 1)


# What is indexed of all formats.
AUDIO_READS = "speech, or what subtitles next to it say; the cover as an image; tags"

AUDIO = Family(
    type=ItemType.AUDIO,
    formats=(
        Format("WAV, BWF, RF64, W64, AIFF, AU, CAF", split_suffixes("wav w64 aiff aif aifc au caf"), AUDIO_READS),
        Format("MP3, AAC, M4A, M4B", split_suffixes("mp3 m4a m4b m4r aac"), f"{AUDIO_READS}; titles of chapters"),
        Format("Ogg, Opus, FLAC, WebM", split_suffixes("ogg oga opus flac weba mka"), AUDIO_READS),
        Format("WMA, AMR, AC-3, WavPack, Monkey's Audio", split_suffixes("wma amr ac3 wv ape"), AUDIO_READS),
    ),
    decode=decode_audio,
    signatures=(
        Signature(0, (b"ID3", b"fLaC", b"OggS", b"\xff\xf1", b"\xff\xf9", b"#!AMR", b"caff\0\1", b"wvpk", b"MAC ")),
        Signature(0, (b".snd\0\0\0", WAVE64_SIGNATURE)),
        Signature(4, (b"ftypM4A ", b"ftypM4B ")),
        Signature(8, (b"AIFF", b"AIFC")),
    ),
    detect=_is_wave_or_mp3,
    sidecars=SUBTITLE_SUFFIXES,
)
