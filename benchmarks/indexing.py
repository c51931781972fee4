"""Measure speed and memory of indexing, compared with the bare models.

    python benchmarks/indexing.py --photos DIR [--speech DIR] [--sizes 1000 10000] [--minutes 10]

- Images are photos that are re-encoded with small changes, so that no two files are equal. There are two baselines, on
  prepared pixels in memory: the model as ONNX Runtime runs it, one batch at a time on all cores, and as the indexer
  runs it, one image at a time on each core.
- Sound is recordings joined to files of a minute and to a long one. The baseline is Whisper on decoded sound, one file
  after the other on all cores.
- A film shows the photos with the recordings. The baseline is decoding, the image encoder and Whisper.

Models are loaded before each measurement. Each size is indexed by a separate process, whose peak memory is printed.
Then the unchanged tree is indexed again and compared with a bare walk of it.
"""

import argparse
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np

from indexer.pipeline import Options, Summary, run_index
from search.encoders.compact.files import CompactFiles
from search.encoders.onnx import open_session
from search.media.image.pillow import USEFUL_SIDE, make_noise, open_image
from search.media.recording.frames import iterate_frames
from search.media.recording.sound import SAMPLE_RATE, decode_sound
from search.media.recording.writing import write_video
from search.open_home import OpenHome, open_home
from search.settings import count_cores, read_settings

BATCH_SIZE = 32
# The batch size at which ONNX Runtime is fastest.
PLAIN_BATCH_SIZE = 8
FRAME_RATE = 10
WARM_UP_BATCHES = 3
ROUNDS = 3


def time_call(call: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def make_photos(originals: list[Path], folder: Path, count: int) -> None:
    """Write `count` photos, re-encoded with a random brightness so that no two are equal."""
    from PIL import Image, ImageEnhance

    folder.mkdir(parents=True)
    rng = random.Random(1)
    for number in range(count):
        with Image.open(originals[number % len(originals)]) as image:
            brightened = ImageEnhance.Brightness(image.convert("RGB")).enhance(rng.uniform(0.9, 1.1))
        subfolder = folder / f"{number // 500:03d}"
        subfolder.mkdir(exist_ok=True)
        brightened.save(subfolder / f"{number:06d}.jpg", quality=88)


def join_speech(recordings: list[Path], path: Path, minutes: float) -> None:
    """Write recordings as one WAV file of a given length, with pauses between them."""
    parts: list[np.typing.NDArray[np.float32]] = []
    pause = np.zeros(SAMPLE_RATE // 2, np.float32)
    while sum(map(len, parts)) < minutes * 60 * SAMPLE_RATE:
        for recording in recordings:
            parts += [decode_sound(recording), pause]
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        whole = np.concatenate(parts)[: int(minutes * 60 * SAMPLE_RATE)]
        out.writeframes((whole * 32767).astype(np.int16).tobytes())


def index(home: Path, folder: Path) -> tuple[Summary, OpenHome]:
    """Index a folder as the command does, after the image encoder was loaded."""
    library = open_home(read_settings(home=home), create=True)
    library.models.image_encoder.encode_images([library.models.image_encoder.transform(make_noise(1)[0])])
    return run_index(library, [folder], Options(), lambda *_: None), library


def measure_images(library: OpenHome, folder: Path) -> tuple[float, float, float]:
    """Measure the two baselines on prepared pixels.

    Returns:
        Images per second of each, medians over rounds, and the CPU milliseconds per image of the second one.
    """
    paths = sorted(folder.rglob("*.jpg"))[: 10 * BATCH_SIZE]
    model = library.models.image_encoder
    pixels = [model.transform(open_image(path, USEFUL_SIDE)[0]) for path in paths]
    session = open_session(CompactFiles().image_graph, count_cores())
    views = [
        np.concatenate(pixels[start : start + PLAIN_BATCH_SIZE]) for start in range(0, len(pixels), PLAIN_BATCH_SIZE)
    ]
    batches = [pixels[start : start + BATCH_SIZE] for start in range(0, len(pixels), BATCH_SIZE)]
    for view, batch in zip(views[:WARM_UP_BATCHES], batches, strict=False):
        session.run(None, {"pixels": view})
        model.encode_images(batch)
    rounds = [
        (
            time_call(lambda: [session.run(None, {"pixels": view}) for view in views]),
            time_call(lambda: [model.encode_images(batch) for batch in batches]),
        )
        for _ in range(ROUNDS)
    ]
    bare, parallel = (len(pixels) / statistics.median(seconds) for seconds in zip(*rounds, strict=True))
    began = measure_cpu_seconds()[0]
    for batch in batches:
        model.encode_images(batch)
    return bare, parallel, (measure_cpu_seconds()[0] - began) / len(pixels) * 1000


def walk(folder: str) -> int:
    """Read the metadata of every file below a folder, and return their number."""
    count = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                count += walk(entry.path)
            else:
                entry.stat()
                count += 1
    return count


def measure_cpu_seconds() -> tuple[float, float]:
    """Return the CPU seconds that this process, and its children that have ended, have used."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return usage[0].ru_utime + usage[0].ru_stime, usage[1].ru_utime + usage[1].ru_stime


def run_images(folder: Path, home: Path) -> dict[str, float]:
    """Index images and measure the baselines before and after. Run it in a new process, to measure its memory."""
    library = open_home(read_settings(home=home), create=True)
    before = measure_images(library, folder)
    library.close()
    began = measure_cpu_seconds()
    summary, library = index(home, folder)
    ended = measure_cpu_seconds()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    after = measure_images(library, folder)
    count = summary.counts["added"]
    walked = statistics.median(time_call(lambda: walk(str(folder))) for _ in range(ROUNDS))
    rescanned = statistics.median(
        time_call(lambda: run_index(library, [folder], Options(), lambda *_: None)) for _ in range(ROUNDS)
    )
    library.close()
    return {
        "files": count,
        "per_second": count / summary.seconds,
        "plain": (before[0] + after[0]) / 2,
        "parallel": (before[1] + after[1]) / 2,
        "model": (before[2] + after[2]) / 2,
        "run": (ended[0] - began[0]) / count * 1000,
        "decoders": (ended[1] - began[1]) / count * 1000,
        "peak": peak,
        "rescan": rescanned / walked,
    } | {f"seconds in {name}": round(stage.seconds, 1) for name, stage in summary.profile.stages.items()}


def report_images(originals: list[Path], size: int, out: Path) -> None:
    """Index `size` images in a new process and print the figures."""
    folder = out / f"photos{size}"
    make_photos(originals, folder, size)
    command = [
        sys.executable,
        __file__,
        "--child",
        str(folder),
        "--out",
        str(out / f"home{size}"),
        "--photos",
        str(out),
    ]
    figures = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print(
        f"{size:>8,} images  {figures['per_second']:6.1f}/s  bare model {figures['plain']:6.1f}/s, as the indexer "
        f"runs it {figures['parallel']:6.1f}/s  ratios {figures['per_second'] / figures['plain']:.2f}, "
        f"{figures['per_second'] / figures['parallel']:.2f}  CPU milliseconds per image: decoders "
        f"{figures['decoders']:.1f}, everything else {figures['run']:.1f}, of which the model alone takes "
        f"{figures['model']:.1f}  peak {figures['peak']:.0f} MiB  "
        f"unchanged: {figures['rescan']:.1f} times a bare walk   "
        + ", ".join(f"{name[11:]} {value} s" for name, value in figures.items() if name.startswith("seconds in ")),
        flush=True,
    )
    shutil.rmtree(folder)


def report_sound(recordings: list[Path], minutes: float, out: Path, files: int) -> None:
    """Index sound and print the figures.

    Args:
        recordings: Recordings to join.
        minutes: The length of all sound together.
        out: A temporary folder.
        files: The number of files to split the sound into.
    """
    folder, home = out / f"sound{files}", out / f"home-sound{files}"
    for number in range(files):
        # Each file starts with another recording, so that none is a copy of another.
        start = number * len(recordings) // files
        join_speech([*recordings[start:], *recordings[:start]], folder / f"{number}.wav", minutes / files)
    library = open_home(read_settings(home=home), create=True)
    sounds = [decode_sound(path) for path in sorted(folder.iterdir())]
    library.models.transcriber.transcribe(sounds[0][: 30 * SAMPLE_RATE])
    baseline = time_call(lambda: [library.models.transcriber.transcribe(samples) for samples in sounds])
    library.close()
    summary, library = index(home, folder)
    library.close()
    seconds = minutes * 60
    print(
        f"{minutes:g} minutes of speech in {files} files  {seconds / summary.seconds:5.1f} s per second  bare Whisper "
        f"{seconds / baseline:5.1f}  ratio {baseline / summary.seconds:.2f}",
        flush=True,
    )


def make_film(photos: list[Path], recordings: list[Path], path: Path, minutes: float) -> None:
    """Write a film that shows each photo for two seconds, with recordings as its sound."""
    path.parent.mkdir(parents=True)
    count = int(minutes * 30)
    stills = [open_image(photo)[0].resize((640, 480)) for photo in photos[:count]]
    frames = (still for still in stills for _ in range(2 * FRAME_RATE))
    join_speech(recordings, path.parent / "sound" / "track.wav", minutes)
    samples = (decode_sound(path.parent / "sound" / "track.wav") * 32767).astype(np.int16)
    shutil.rmtree(path.parent / "sound")
    write_video(path, frames, Fraction(FRAME_RATE), samples, SAMPLE_RATE)


def report_film(photos: list[Path], recordings: list[Path], minutes: float, out: Path) -> None:
    """Index a film and print the figures. The baseline decodes a frame per second, embeds frames, and runs Whisper."""
    film = out / "film" / "film.mp4"
    make_film(photos, recordings, film, minutes)
    library = open_home(read_settings(home=out / "home-film"), create=True)
    samples = decode_sound(film)
    library.models.transcriber.transcribe(samples[: 30 * SAMPLE_RATE])
    model = library.models.image_encoder
    shown = [model.transform(frame.image) for frame in iterate_frames(film, 2.0)]
    model.encode_images(shown[:BATCH_SIZE])
    baseline = time_call(lambda: sum(1 for _ in iterate_frames(film, 1.0)))
    baseline += time_call(
        lambda: [model.encode_images(shown[at : at + BATCH_SIZE]) for at in range(0, len(shown), BATCH_SIZE)]
    )
    baseline += time_call(lambda: library.models.transcriber.transcribe(samples))
    library.close()
    summary, library = index(out / "home-film", film.parent)
    library.close()
    print(
        f"a film of {minutes:g} minutes  {minutes * 60 / summary.seconds:5.1f} s per second  decoding, image encoder "
        f"and Whisper bare {minutes * 60 / baseline:5.1f}  ratio {baseline / summary.seconds:.2f}",
        flush=True,
    )


def main() -> None:
    """Measure images, and sound and a film if recordings are given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--speech", type=Path)
    parser.add_argument("--sizes", type=int, nargs="*", default=[1_000, 10_000])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(run_images(options.child, options.out)))
        return
    with tempfile.TemporaryDirectory(dir=options.out) as scratch:
        out = Path(scratch)
        for size in options.sizes:
            report_images(sorted(options.photos.glob("*.jpg")), size, out)
        if options.speech:
            for files in (max(2, int(options.minutes)), 1):
                report_sound(sorted(options.speech.glob("*.wav")), options.minutes, out, files)
            report_film(
                sorted(options.photos.glob("*.jpg")), sorted(options.speech.glob("*.wav")), options.minutes, out
            )


if __name__ == "__main__":
    main()
