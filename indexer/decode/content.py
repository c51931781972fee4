"""The records that pass from the decoders to the models, one part of a file at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from search.media.image.pillow import PilImage
from search.media.recording.sound import Pcm16
from search.records import ItemType, MediaFacts, Pixels, Segment


class Scope(Enum):
    """What of a file is decoded: everything, its images, the sound to transcribe, or its images to read text in."""

    ALL = auto()
    IMAGES = auto()
    SOUND = auto()
    TEXT = auto()


@dataclass(frozen=True)
class DecodedImage:
    """A still image or a video frame.

    Attributes:
        segment: The segment that the image becomes.
        image: The decoded image, RGB and upright.
    """

    segment: Segment
    image: PilImage


@dataclass(frozen=True)
class AudioChunk:
    """A chunk of mono sound at 16 kHz.

    Attributes:
        start: Where the chunk starts in the recording, in seconds.
        samples: Shape (n,), int16.
    """

    start: float
    samples: Pcm16


@dataclass(frozen=True)
class SpeechSample:
    """A short piece of sound by which the spoken language is detected.

    Attributes:
        samples: Mono sound at 16 kHz, shape (n,), int16.
        languages: The languages of the subtitles that contain all that is said. If another language is spoken, the
            subtitles are translations, and the sound is transcribed.
    """

    samples: Pcm16
    languages: frozenset[str]


@dataclass(frozen=True)
class TextImage:
    """An image at the size at which text in it is read.

    Attributes:
        pixels: RGB, shape (height, width, 3), uint8.
        page: The page that it shows, from 1.
        start: The time of a video frame, in seconds.
        end: The time of the next frame that is read.
    """

    pixels: Pixels
    page: int | None = None
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True)
class FileSummary:
    """The facts about the whole file; always the last part.

    Attributes:
        facts: Metadata of the file.
        thumbnail: The image to make the thumbnail from.
        type: The item type that decoding found, None when it is the expected one.
        remark: What users should know about the file, such as that its end is missing.
    """

    facts: MediaFacts
    thumbnail: PilImage | None = None
    type: ItemType | None = None
    remark: str | None = None


Part = DecodedImage | AudioChunk | SpeechSample | Segment | FileSummary
Parts = Iterator[Part]


@dataclass(frozen=True)
class PreparedImage:
    """An image in the form that the image encoder takes.

    Attributes:
        segment: The segment that the image becomes.
        pixels: The output of the encoder's image transform, shape (..., height, width, 3), uint8.
    """

    segment: Segment
    pixels: Pixels


@dataclass(frozen=True)
class Finished:
    """The last message of a file that was decoded completely.

    Attributes:
        facts: Metadata of the file.
        thumbnail: A JPEG file, None when the file has no image.
        type: The item type that decoding found, None when it is the expected one.
        content_hash: The hash of the file's content; the decoders leave it empty.
        remark: What users should know about the file, such as that its end is missing.
    """

    facts: MediaFacts
    thumbnail: bytes | None
    type: ItemType | None = None
    content_hash: str = ""
    remark: str | None = None


@dataclass(frozen=True)
class Postponed:
    """The last message of a file that is read later, since it is still being written.

    Attributes:
        reason: What is known about it, for users.
    """

    reason: str


@dataclass(frozen=True)
class Failed:
    """The last message of a file that could not be decoded.

    Attributes:
        reason: Why, without the name of the file.
        is_temporary: Whether the file could not be read, which may pass, unlike damage.
    """

    reason: str
    is_temporary: bool = False


Message = PreparedImage | TextImage | AudioChunk | SpeechSample | Segment | Finished | Failed
Messages = Iterator[Message]
