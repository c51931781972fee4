"""What a model must offer, whatever runs it."""

from collections.abc import Sequence
from typing import Protocol

from search.media.image.transform import ImageTransform
from search.records import Pixels, Transcript, Vectors, Waveform

# So many query texts an encoder remembers the vectors of.
REMEMBERED_QUERIES = 512


class ImageEncoder(Protocol):
    """Embeds pictures and texts into one space (`picture`); vectors have unit length."""

    @property
    def name(self) -> str:
        """The model's name, `architecture/pretrained`."""

    @property
    def fingerprint(self) -> str:
        """Changes when the vectors would."""

    @property
    def dimension(self) -> int:
        """The length of a vector."""

    @property
    def parts(self) -> tuple[int, ...]:
        """The lengths of the parts of a vector that are judged apart; they add up to the dimension."""

    @property
    def bank(self) -> Vectors:
        """The texts of the query bank as `encode_text_parts` returns them, shape (b, d)."""

    @property
    def reference(self) -> Vectors:
        """Fixed pictures that no library can change, shape (r, d); none for most models."""

    @property
    def batch(self) -> int:
        """How many pictures at once keep what runs it busy."""

    @property
    def is_multilingual(self) -> bool:
        """True when texts may be in more languages than English."""

    @property
    def transform(self) -> ImageTransform:
        """What scales and cuts a picture to what the model sees; can be sent to another process."""

    def encode_images(self, prepared: Sequence[Pixels]) -> Vectors:
        """Embed prepared pictures; shape (n, d), float32."""

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed texts to be compared with pictures; shape (n, d), float32, unit length."""

    def encode_text_parts(self, texts: Sequence[str]) -> Vectors:
        """Embed texts for each part of the space, each part at its full length; shape (n, d), float32."""


class TextEncoder(Protocol):
    """Embeds questions and passages into one space (`meaning`); vectors have unit length."""

    @property
    def name(self) -> str:
        """The model's name."""

    @property
    def fingerprint(self) -> str:
        """Changes when the vectors would."""

    @property
    def dimension(self) -> int:
        """The length of a vector."""

    @property
    def parts(self) -> tuple[int, ...]:
        """The length of a vector: it is compared as a whole."""

    @property
    def is_multilingual(self) -> bool:
        """True when texts may be in more languages than English."""

    @property
    def bank(self) -> Vectors:
        """Unrelated queries, shape (b, d)."""

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Embed what is asked; shape (n, d), float32."""

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Embed what is searched; shape (n, d), float32."""


class QueryClassifier(Protocol):
    """Tells what kind of query a text is; needs no picture, and is the same whatever models are chosen."""

    def measure_oddness(self, text: str) -> float:
        """Return how unlike words of any language a text is: about 3.5 for most, above 5 for random letters."""

    def measure_kinds(self, texts: Sequence[str]) -> Vectors:
        """Return the probabilities that texts name a thing, describe a scene, or do neither: shape (n, 3)."""

    def measure_class_likeness(self, texts: Sequence[str]) -> Vectors:
        """Return the cosine of each text with the nearest name of a class that `compact` was trained on, (n,)."""


class Transcriber(Protocol):
    """Turns speech into words with their times."""

    @property
    def name(self) -> str:
        """The model's name."""

    def transcribe(self, samples: Waveform, language: str | None = None, translate: bool = False) -> Transcript:
        """Return what is said in mono sound at 16 kHz; empty where nothing is.

        language: where it is known already; translate: give it in English; the transcript's language stays that heard.
        """

    def transcribe_beside(self, samples: Waveform, language: str | None = None) -> Transcript:
        """Do the same for one of several that are heard at once: each takes longer, all together less."""

    @property
    def streams(self) -> int:
        """How many stretches are best heard at once."""

    @property
    def can_translate(self) -> bool:
        """True when the model knows more languages than English."""
