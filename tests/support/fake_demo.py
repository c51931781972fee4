"""The files of the demo library, for the fake models: flat colors for photographs and tones for speech.

Names and texts are those of `crossmodal.demo`, which takes photographs and voices from packages.
"""

import wave
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from crossmodal.demo import DOCUMENTS, FILM, FILM_SPEECH, FRAME_RATE, PHOTOS, SCENE_SECONDS, SPEECH
from search.media.recording.writing import write_video
from tests.support.fake_models import CONCEPTS, SAMPLE_RATE, make_tone

# What each photograph shows, in the order of PHOTOS.
SUBJECTS = (
    "astronaut", "cat", "coffee", "rocket", "motorcycle", "coin",
    "galaxy", "moon", "brick", "grass", "palace", "flower",
)  # fmt: skip
FILM_SENTENCES = tuple(f"{sentence.strip('. ')}." for sentence in FILM_SPEECH.split(". "))
SENTENCES = (*SPEECH.values(), *FILM_SENTENCES)
NOTE_SECONDS = 4
PAUSE_SECONDS = 0.5
SIZE = (480, 320)


def make_fake_demo(folder: Path) -> None:
    """Write the library into a folder."""
    names = [name for _, _, name in PHOTOS]
    for number, (name, subject) in enumerate(zip(names, SUBJECTS, strict=True)):
        draw_photo(subject, number).save(_prepare(folder / f"{name}.jpg"), quality=90)
    for name, text in DOCUMENTS.items():
        _prepare(folder / name).write_text(text, encoding="utf-8")
    for number, name in enumerate(SPEECH):
        _write_wave(_prepare(folder / f"{name}.wav"), make_tone(number, NOTE_SECONDS))
    # Other blocks than the photographs have, so that no frame is a copy of one.
    scenes = [draw_photo(SUBJECTS[names.index(name)], len(names) + names.index(name)) for name in FILM]
    pause = np.zeros(round(PAUSE_SECONDS * SAMPLE_RATE), np.int16)
    tones = [make_tone(len(SPEECH) + number, SCENE_SECONDS - PAUSE_SECONDS) for number in range(len(FILM_SENTENCES))]
    sound = np.concatenate([samples for tone in tones for samples in (tone, pause)])
    path = _prepare(folder / "films/holiday.mp4")
    write_video(path, _repeat(scenes), Fraction(FRAME_RATE), sound, SAMPLE_RATE)


def draw_photo(subject: str, number: int) -> Image.Image:
    """Return an image in the color of a subject, with darker blocks that differ by number."""
    image = Image.new("RGB", SIZE, CONCEPTS[subject])
    draw = ImageDraw.Draw(image)
    chance = np.random.default_rng(number)
    for left, top in chance.integers((0, 0), (SIZE[0] - 40, SIZE[1] - 40), (12, 2)).tolist():
        draw.rectangle((left, top, left + 40, top + 40), fill=tuple(value - 15 for value in CONCEPTS[subject]))
    return image


def _repeat(scenes: list[Image.Image]) -> Iterator[Image.Image]:
    for scene in scenes:
        for _ in range(round(SCENE_SECONDS * FRAME_RATE)):
            yield scene


def _prepare(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _write_wave(path: Path, samples: "np.ndarray[tuple[int], np.dtype[np.int16]]") -> None:
    with wave.open(str(path), "wb") as stream:
        stream.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        stream.writeframes(samples.tobytes())
