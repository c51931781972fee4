"""Models that answer in microseconds and give the same vectors on every machine.

The image encoder recognizes colors, the text encoder words, and the transcriber tones. `fake_demo` writes files in
these colors and tones, so that a search for "a cat" finds the file that replaces the photo of a cat.
"""

import hashlib
import re
from collections.abc import Sequence
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np

from search.encoders.bank import read_bank_texts
from search.encoders.registry import SPEECH_MODEL, ModelNames, Models
from search.encoders.runtime import Machine
from search.media.image.transform import ResizeCrop
from search.records import Pixels, SpeechSegment, Transcript, Vectors, Waveform, Word

# The color that represents each concept. No two are closer than 90 of 255.
CONCEPTS = MappingProxyType(
    {
        "astronaut": (225, 225, 225),
        "cat": (225, 128, 30),
        "coffee": (128, 30, 30),
        "rocket": (128, 225, 225),
        "motorcycle": (225, 30, 128),
        "coin": (128, 128, 30),
        "galaxy": (30, 30, 128),
        "moon": (128, 128, 128),
        "brick": (225, 128, 128),
        "grass": (30, 128, 30),
        "palace": (225, 225, 30),
        "flower": (225, 30, 225),
        "red": (225, 30, 30),
        "green": (30, 225, 30),
        "blue": (30, 30, 225),
    }
)
SYNONYMS = MappingProxyType({"dahlia": "flower", "animal": "cat", "kitten": "cat", "cup": "coffee", "launch": "rocket"})
MAX_COLOR_DISTANCE = 60.0
SIDE = 8
WORD_DIMENSION = 256
SAMPLE_RATE = 16_000
LOWEST_TONE, TONE_STEP, TONE_TOLERANCE = 600, 150, 20  # Hz
QUIET = 0.01
ORDINARY, ODD = 3.5, 7.0  # bits of surprise per letter
_WORD = re.compile(r"\w+")
_LETTER_SALAD = re.compile(r"[bcdfghjklmnpqrstvwxz]{5}|q(?!u)|zz[a-z]", re.IGNORECASE)


def split_words(text: str) -> list[str]:
    """Return the words of a text in lower case, without a plural s."""
    words = [word.lower() for word in _WORD.findall(text)]
    return [word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word for word in words]


@cache
def draw_direction(word: str, dimension: int) -> Vectors:
    """Return a direction that depends on the word only, shape (d,), unit length."""
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
    vector = np.random.default_rng(seed).standard_normal(dimension).astype(np.float32)
    return vector / np.float32(np.linalg.norm(vector))


def find_concept(word: str) -> str | None:
    """Return the concept that a word means."""
    name = SYNONYMS.get(word, word)
    return name if name in CONCEPTS else None


@cache
def choose_bank_texts() -> tuple[str, ...]:
    """Return the texts of the query bank that name no concept: they are unrelated to any image."""
    return tuple(text for text in read_bank_texts() if not any(map(find_concept, split_words(text))))


def normalize(rows: Vectors) -> Vectors:
    """Return rows of unit length, shape (n, d)."""
    return (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)).astype(np.float32)


class FakeImageEncoder:
    """Compares the colors of an image with the words of a text."""

    name = "fake/colors"
    fingerprint = "fake-colors-1"
    batch = 16
    is_multilingual = True
    # Colors, other properties of an image, and words that represent no color.
    parts = (len(CONCEPTS) + 3 * SIDE + 64,)

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return self.parts[0]

    @cached_property
    def bank(self) -> Vectors:
        """The texts of the query bank, shape (b, d)."""
        return self.encode_text_parts(choose_bank_texts())

    @cached_property
    def reference(self) -> Vectors:
        """No reference images, shape (0, d)."""
        return np.zeros((0, self.dimension), np.float32)

    @property
    def transform(self) -> ResizeCrop:
        """The whole image, pressed into a small square."""
        return ResizeCrop(SIDE, SIDE, "squash")

    def encode_images(self, prepared: Sequence[Pixels]) -> Vectors:
        """Return how much of each image has the color of each concept; shape (n, d), float32, unit length."""
        pixels = np.stack(prepared).astype(np.float32)
        palette = np.array(list(CONCEPTS.values()), np.float32)
        distances = np.linalg.norm(pixels[:, :, :, None, :] - palette, axis=-1)
        colors = np.maximum(1 - distances / MAX_COLOR_DISTANCE, 0).mean((1, 2))
        layout = (pixels.mean(1) / 255 - 0.5).reshape(len(pixels), -1)
        layout *= 0.3 / np.maximum(np.linalg.norm(layout, axis=1, keepdims=True), 1e-6)
        rows = np.zeros((len(pixels), self.dimension), np.float32)
        rows[:, : colors.shape[1]] = colors
        rows[:, colors.shape[1] : colors.shape[1] + layout.shape[1]] = layout
        return normalize(rows)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Return the concepts that texts name; shape (n, d), float32, unit length."""
        rows = np.zeros((len(texts), self.dimension), np.float32)
        names = {name: place for place, name in enumerate(CONCEPTS)}
        for row, text in zip(rows, texts, strict=True):
            for word in split_words(text):
                concept = find_concept(word)
                if concept is None:
                    row[-64:] += 0.2 * draw_direction(word, 64)
                else:
                    row[names[concept]] = 1.0
        return normalize(rows)

    def encode_text_parts(self, texts: Sequence[str]) -> Vectors:
        """Return the same as `encode_texts`: the space has one part; shape (n, d), float32."""
        return self.encode_texts(texts)


class FakeTextEncoder:
    """The similarity of two texts increases with the number of words that they share."""

    name = "fake/words"
    fingerprint = "fake-words-1"
    dimension = WORD_DIMENSION
    parts = (WORD_DIMENSION,)
    is_multilingual = True

    @cached_property
    def bank(self) -> Vectors:
        """The texts of the query bank, shape (b, d)."""
        return self.encode_queries(read_bank_texts())

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Return the sum of the directions of the words; shape (n, d), float32, unit length."""
        return normalize(np.stack([self._add_words(text) for text in texts]))

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Return the same as `encode_queries`; shape (n, d), float32."""
        return self.encode_queries(texts)

    def _add_words(self, text: str) -> Vectors:
        # The small part is there so that a text without words has a direction too.
        total = np.float32(1e-3) * draw_direction(f"text {text}", self.dimension)
        for word in split_words(text):
            total = total + draw_direction(word, self.dimension)
        return total


class FakeTranscriber:
    """Transcribes a tone of `make_tone` as the sentence that it represents, and any other sound as silence."""

    name = SPEECH_MODEL
    streams = 1
    can_translate = True

    def __init__(self, sentences: Sequence[str]) -> None:
        """Know some sentences; the first has the lowest tone."""
        self._sentences = tuple(sentences)

    def transcribe(self, samples: Waveform, language: str | None = None, translate: bool = False) -> Transcript:
        """Return one segment for each run of seconds with the same tone."""
        recognized = [self._recognize(samples[at : at + SAMPLE_RATE]) for at in range(0, len(samples), SAMPLE_RATE)]
        segments, start = [], 0
        for end in range(1, len(recognized) + 1):
            if end == len(recognized) or recognized[end] != recognized[start]:
                number = recognized[start]
                if number is not None:
                    segments.append(_speak(self._sentences[number], float(start), min(end, len(samples) / SAMPLE_RATE)))
                start = end
        return Transcript((language or "en") if segments else None, tuple(segments))

    def transcribe_concurrently(self, samples: Waveform, language: str | None = None) -> Transcript:
        """Return the same as `transcribe`."""
        return self.transcribe(samples, language)

    def transcribe_together(self, clips: Sequence[Waveform]) -> list[Transcript]:
        """Return the same as `transcribe` for each clip."""
        return [self.transcribe(samples) for samples in clips]

    def transcribe_query(self, samples: Waveform, languages: Sequence[str] = (), translate: bool = False) -> Transcript:
        """Return the same as `transcribe`, in the first of the languages."""
        return self.transcribe(samples, languages[0] if languages else None, translate)

    def detect_language(self, samples: Waveform) -> str | None:
        """Return English for a sentence, None for any other sound."""
        return self.transcribe(samples).language

    def _recognize(self, second: Waveform) -> int | None:
        if len(second) < SAMPLE_RATE // 4 or float(np.abs(second).max()) < QUIET:
            return None
        loudness = np.abs(np.fft.rfft(second))
        pitch = float(np.fft.rfftfreq(len(second), 1 / SAMPLE_RATE)[loudness.argmax()])
        number = round((pitch - LOWEST_TONE) / TONE_STEP)
        if not 0 <= number < len(self._sentences) or abs(pitch - LOWEST_TONE - number * TONE_STEP) > TONE_TOLERANCE:
            return None
        return number


def make_tone(number: int, seconds: float) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    """Return the sound that is transcribed as a sentence, shape (n,), at 16 kHz."""
    at = np.arange(round(seconds * SAMPLE_RATE))
    wave = np.sin(at * 2 * np.pi * (LOWEST_TONE + number * TONE_STEP) / SAMPLE_RATE)
    return (wave * 12_000).astype(np.int16)


def _speak(text: str, start: float, end: float) -> SpeechSegment:
    words = text.split()
    times = np.linspace(start, end, len(words) + 1).tolist()
    spoken = tuple(Word(times[place], times[place + 1], word) for place, word in enumerate(words))
    return SpeechSegment(start, end, text, confidence=0.9, no_speech=0.0, words=spoken)


class FakeQueryClassifier:
    """Takes short texts for names of things and longer ones for descriptions of scenes."""

    def measure_oddness(self, text: str) -> float:
        """Return 7 for random letters and 3.5 for any other text."""
        return ODD if _LETTER_SALAD.search(text) else ORDINARY

    def measure_kinds(self, texts: Sequence[str]) -> Vectors:
        """Return the probabilities of a name, a scene and neither, shape (n, 3)."""
        rows = [(0.7, 0.25, 0.05) if len(split_words(text)) <= 3 else (0.25, 0.7, 0.05) for text in texts]
        return np.array(rows, np.float32)

    def measure_class_likeness(self, texts: Sequence[str]) -> Vectors:
        """Return 0 for every text, shape (n,)."""
        return np.zeros(len(texts), np.float32)


@cache
def make_models(sentences: tuple[str, ...]) -> Models:
    """Return one of each; made once, because their query banks are encoded once."""
    return Models(FakeImageEncoder(), FakeTextEncoder(), FakeTranscriber(sentences), FakeQueryClassifier())


def choose_fake_models(_folder: Path, _machine: Machine, _names: ModelNames) -> Models:
    """Return the fake models, whatever a home has chosen."""
    from tests.support.fake_demo import SENTENCES

    return make_models(SENTENCES)
