"""The protocols that models implement."""

from collections.abc import Sequence
from typing import Protocol

from search.media.image.transform import ImageTransform
from search.records import EncoderFacts, Pixels, Transcript, Vectors, Waveform

# The size of the LRU cache of query vectors in each encoder.
MAX_CACHED_QUERIES = 512


class Encoder(EncoderFacts, Protocol):
    """What image encoders and text encoders have in common."""

    @property
    def parts(self) -> tuple[int, ...]:
        """The lengths of the parts of a vector that are scored separately; their sum is the dimension."""

    @property
    def is_multilingual(self) -> bool:
        """Whether the model supports languages other than English."""


class ImageEncoder(Encoder, Protocol):
    """Embeds images and texts into the `visual` space; vectors have unit length."""

    @property
    def bank(self) -> Vectors:
        """The texts of the query bank as `encode_text_parts` returns them, shape (b, d)."""

    @property
    def reference(self) -> Vectors:
        """Vectors of fixed images that do not depend on the library, shape (r, d); empty for most models."""

    @property
    def batch(self) -> int:
        """The preferred number of images per call."""

    @property
    def transform(self) -> ImageTransform:
        """The resizing and cropping of the model; can be pickled."""

    def encode_images(self, prepared: Sequence[Pixels]) -> Vectors:
        """Embed transformed images; shape (n, d), float32."""

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed queries to compare with images; shape (n, d), float32, unit length."""

    def encode_text_parts(self, texts: Sequence[str]) -> Vectors:
        """Embed texts for each part of the space, each part at its full length; shape (n, d), float32."""


class TextEncoder(Encoder, Protocol):
    """Embeds queries and passages into the `semantic` space; vectors have unit length."""

    @property
    def bank(self) -> Vectors:
        """Unrelated queries, shape (b, d)."""

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed queries; shape (n, d), float32."""

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Embed passages; shape (n, d), float32."""


class QueryClassifier(Protocol):
    """Classifies queries by their text. It does not depend on the chosen models."""

    def measure_oddness(self, text: str) -> float:
        """Return how unusual a text is in any language: about 3.5 for most texts, above 5 for random letters."""

    def measure_kinds(self, texts: Sequence[str]) -> Vectors:
        """Return the probabilities that texts are a name, a description or neither; shape (n, 3)."""

    def measure_class_likeness(self, texts: Sequence[str]) -> Vectors:
        """Return the cosine of each text with the nearest class name of `compact`; shape (n,)."""


class Transcriber(Protocol):
    """Transcribes speech into words with times."""

    @property
    def name(self) -> str:
        """The model's name."""

    def transcribe(self, samples: Waveform, language: str | None = None, translate: bool = False) -> Transcript:
        """Transcribe mono audio.

        Args:
            samples: Audio at 16 kHz, shape (n,), float32 from -1 to 1.
            language: The ISO 639-1 code of the spoken language, if it is known; otherwise it is detected.
            translate: Translate into English. The transcript still has the spoken language.

        Returns:
            The transcript; empty if there is no speech.
        """

    def transcribe_concurrently(self, samples: Waveform, language: str | None = None) -> Transcript:
        """Transcribe one of several chunks that are transcribed concurrently. All chunks together take less time.

        Args:
            samples: Audio at 16 kHz, shape (n,), float32 from -1 to 1.
            language: The ISO 639-1 code of the spoken language, if it is known.
        """

    def transcribe_together(self, clips: Sequence[Waveform]) -> list[Transcript]:
        """Transcribe several short recordings that have nothing to do with each other, in less time than one by one.

        Args:
            clips: Audio at 16 kHz, each of shape (n,), float32 from -1 to 1, of unknown language.

        Returns:
            The transcript of each clip.
        """

    def transcribe_query(self, samples: Waveform, languages: Sequence[str] = (), translate: bool = False) -> Transcript:
        """Transcribe a spoken query, without the times of words.

        Args:
            samples: Audio at 16 kHz, shape (n,), float32 from -1 to 1.
            languages: The ISO 639-1 codes of the languages that it can be in; empty for all. Those that the model does
                not support are ignored.
            translate: Translate into English. The transcript still has the spoken language.
        """

    def detect_language(self, samples: Waveform) -> str | None:
        """Return the ISO 639-1 code of the language that is spoken, None if that is not clear.

        Args:
            samples: Audio at 16 kHz, shape (n,), float32 from -1 to 1. At most 30 seconds are used.
        """

    @property
    def streams(self) -> int:
        """The preferred number of concurrent chunks."""

    @property
    def can_translate(self) -> bool:
        """Whether the model can translate speech into English."""
