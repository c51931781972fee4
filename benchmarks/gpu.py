"""Compare an image encoder, Whisper and index builds on a GPU and on the CPU: the table for docs/models.md.

    python benchmarks/gpu.py PHOTOS CHECKPOINT [--architecture ViT-B-32] [--sound FILE]

Needs a CUDA device and the `clip` extra (with a CUDA build of torch). Prints images per second by precision and number
of devices, the worst cosine to the vectors in float32 on the CPU, and how much faster than real time speech is
transcribed, and how many vectors per second are divided into cells (on the GPU with the GPU build of FAISS only).
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from search.encoders.open_clip.imports import choose_devices
from search.encoders.open_clip.loading import find_source, make_resize_crop
from search.encoders.open_clip.towers import TorchTowers
from search.encoders.runtime import Machine
from search.encoders.whisper.choice import BUNDLED, choose_transcriber
from search.errors import ModelError
from search.media.image.pillow import USEFUL_SIDE, open_image
from search.media.recording.sound import SAMPLE_RATE, decode_sound
from search.settings import count_cores
from search.storage.faiss_build import build_index

MAX_PHOTOS = 512
ROUNDS = 5
INDEXED, DIMENSION = 200_000, 768


def measure(call: Callable[[], Any], count: int) -> float:
    """Return inputs per second: the median over rounds, after a warm-up."""
    call()
    seconds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return count / statistics.median(seconds)


def measure_index_builds() -> None:
    """Print how many random vectors per second an index is built of, on the CPU and on the GPUs."""
    import faiss
    import numpy as np

    vectors = np.random.default_rng(0).normal(size=(INDEXED, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids = np.arange(INDEXED, dtype=np.int64)
    for device in ("cpu", "cuda")[: 1 + bool(faiss.get_num_gpus())]:
        began = time.perf_counter()
        build_index(ids, vectors, device)
        print(f"| {device} | index build | {INDEXED / (time.perf_counter() - began):.0f} vectors/s | |")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--architecture", default="ViT-B-32")
    parser.add_argument("--sound", type=Path)
    options = parser.parse_args()
    try:
        devices = choose_devices("cuda")
    except ModelError as error:
        sys.exit(f"Nothing to measure: {error}")
    import numpy as np

    source = find_source(f"{options.architecture}/{options.checkpoint.absolute()}", Path())
    reference = TorchTowers(source, "fp32", ["cpu"], count_cores())
    resize_crop = make_resize_crop(reference.preprocess)
    paths = sorted(options.photos.rglob("*.jpg"))[:MAX_PHOTOS]
    pixels = np.stack([resize_crop(open_image(path, USEFUL_SIDE)[0]) for path in paths])
    reference_vectors = reference.encode_pixels(pixels[:64])
    print("| device | precision | images/s | worst cosine to float32 on the CPU |\n|---|---|---|---|")
    print(f"| CPU | fp32 | {measure(lambda: reference.encode_pixels(pixels[:64]), 64):.1f} | 1 |")
    for count in sorted({1, len(devices)}):
        for precision in ("fp32", "bf16", "fp16"):
            towers = TorchTowers(source, precision, devices[:count], count_cores())
            worst = float((towers.encode_pixels(pixels[:64]) * reference_vectors).sum(axis=1).min())
            rate = measure(lambda towers=towers: towers.encode_pixels(pixels), len(pixels))
            print(f"| {count} GPU | {precision} | {rate:.1f} | {worst:.5f} |")
    measure_index_builds()
    if options.sound:
        samples = decode_sound(options.sound)
        for device in ("cpu", "cuda"):
            transcriber = choose_transcriber(BUNDLED, options.checkpoint.parent, Machine(count_cores(), device))
            rate = measure(lambda model=transcriber: model.transcribe(samples), len(samples) // SAMPLE_RATE)
            print(f"| {device} | whisper-base | {rate:.1f} times real time | |")


if __name__ == "__main__":
    main()
