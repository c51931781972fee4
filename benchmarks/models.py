"""Compare indexing speed with the bare encoder, a plain open_clip loop and clip-retrieval.

    python benchmarks/models.py PHOTOS CHECKPOINT [--count 1000] [--export] [--peer PYTHON] [--rounds 3]

All in one run, with the same weights (of ViT-B-32) and the same photos. There are two bare encoders, both on prepared
tensors: open_clip's `encode_image`, one batch at a time on all cores, in the precision that ours uses; and ours, which
runs batches in parallel. PYTHON is the interpreter of an environment with `pip install clip-retrieval "setuptools<80"`.
Rounds alternate, so that a noisy machine affects all in the same way; medians are printed. With --export, ours uses the
runtime that `crossmodal models export` finds to be fastest. Start and loading are excluded: ours and the loop are timed
after it, and the time of clip-retrieval for a few photos is subtracted. At the end, the time of a query of a few words
is measured for ours and for open_clip's encoder.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from indexer.model_change.change import use_model
from indexer.pipeline import Options, run_index
from search.encoders.class_names import read_classes
from search.encoders.manifest import find_folder
from search.encoders.open_clip.export import export_towers
from search.encoders.open_clip.imports import import_open_clip, import_torch
from search.media.image.pillow import USEFUL_SIDE, open_image
from search.media.image.transform import ImageTransform
from search.open_home import open_home
from search.records import Pixels
from search.settings import Settings, count_cores

BATCH_SIZE = 32
# clip-retrieval is also timed with this few photos, to subtract its start.
FEW_PHOTOS = 32
CALIBRATION_PHOTOS = 128
# The slow baselines are measured with this many photos.
MAX_PLAIN_PHOTOS = 320


def time_call(call: Callable[[], Any]) -> float:
    """Return the seconds that a call takes."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def make_home(folder: Path, model: str, runtime: str | None, calibration_photos: list[Path]) -> Path:
    """Create an empty home that uses a model.

    Args:
        folder: The home.
        model: The name of the model.
        runtime: How to run it; None for the fastest.
        calibration_photos: Photos to calibrate an export with; empty for no export.

    Returns:
        The home.
    """
    library = open_home(Settings(home=folder), create=True)
    with library.home.lock():
        use_model(library, model, None, Options(), lambda *_: None)
    model_folder = find_folder(library.home.models, model)
    manifest = model_folder.read()
    assert manifest is not None
    assert manifest.transform is not None
    if calibration_photos:
        pixels = prepare_photos(manifest.transform, calibration_photos)
        manifest, checks = export_towers(manifest, model_folder, library.home.models, library.machine, pixels, print)
        print(json.dumps({check.precision: [check.rate, check.agreement, check.cosine] for check in checks}))
    if runtime is not None:
        model_folder.write(replace(manifest, runtime=runtime))
    library.close()
    return folder


def index_photos(template: Path, home: Path, photos: Path, count: int) -> float:
    """Return photos per second of what `crossmodal index` runs; the model is loaded before."""
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(template, home)
    library = open_home(Settings(home=home))
    encoder = library.models.image_encoder
    encoder.encode_images([np.zeros_like(encoder.transform(Image.new("RGB", (300, 300))))])
    seconds = time_call(lambda: run_index(library, [photos], Options(), lambda *_: None))
    found = library.spaces.count(library.spaces.get("visual").id)
    library.close()
    assert found == count, f"{found} of {count} were indexed"
    return count / seconds


def prepare_photos(transform: ImageTransform, photos: list[Path]) -> list[Pixels]:
    """Return the pixels that an encoder takes."""
    return [transform(open_image(path, USEFUL_SIDE)[0]) for path in photos]


def run_bare(template: Path, photos: list[Path]) -> tuple[float, str]:
    """Return prepared images per second of our encoder, and its runtime."""
    library = open_home(Settings(home=template))
    encoder = library.models.image_encoder
    pixels = prepare_photos(encoder.transform, photos)
    batches = [pixels[start : start + BATCH_SIZE] for start in range(0, len(pixels), BATCH_SIZE)]
    encoder.encode_images(batches[0])
    rate = len(pixels) / time_call(lambda: [encoder.encode_images(batch) for batch in batches])
    library.close()
    return rate, encoder.runtime


def run_plain(checkpoint: Path, template: Path, photos: list[Path], runtime: str) -> float:
    """Return prepared images per second of open_clip's encoder, in the precision of a runtime."""
    open_clip, torch = import_open_clip(), import_torch()
    torch.set_num_threads(count_cores())
    precision = torch.bfloat16 if runtime.endswith("bf16") else torch.float32
    model = open_clip.create_model("ViT-B-32", str(checkpoint)).eval().to(precision)
    library = open_home(Settings(home=template))
    pixels = np.stack(prepare_photos(library.models.image_encoder.transform, photos))
    library.close()
    # The values do not influence the time.
    tensors = (torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 128 - 1).to(precision)
    with torch.inference_mode():
        model.encode_image(tensors[:BATCH_SIZE])
        return len(photos) / time_call(lambda: [model.encode_image(part) for part in tensors.split(BATCH_SIZE)])


def run_texts(checkpoint: Path, template: Path) -> tuple[float, float]:
    """Return the median milliseconds of a query of a few words: ours, and open_clip's encoder."""
    open_clip, torch = import_open_clip(), import_torch()
    torch.set_num_threads(count_cores())
    library = open_home(Settings(home=template))
    encoder = library.models.image_encoder
    model = open_clip.create_model("ViT-B-32", str(checkpoint)).eval()
    tokenize = open_clip.get_tokenizer("ViT-B-32")
    texts = [f"a {class_names.names['en'][0]} in the street" for class_names in read_classes()[:60]]
    seconds: dict[str, list[float]] = {"ours": [], "open_clip": []}
    with torch.inference_mode():
        for text in texts:
            seconds["ours"].append(time_call(lambda text=text: encoder.encode_texts([text])))
            seconds["open_clip"].append(time_call(lambda text=text: model.encode_text(tokenize([text]))))
    library.close()
    ours, theirs = (statistics.median(seconds[name][10:]) * 1000 for name in ("ours", "open_clip"))
    return ours, theirs


def run_loop(checkpoint: Path, photos: list[Path]) -> float:
    """Return photos per second of a plain loop over open_clip."""
    open_clip, torch = import_open_clip(), import_torch()
    torch.set_num_threads(count_cores())
    model, _, preprocess = open_clip.create_model_and_transforms("ViT-B-32", str(checkpoint))
    model.eval()

    def run() -> None:
        with torch.inference_mode():
            for start in range(0, len(photos), BATCH_SIZE):
                part = [preprocess(Image.open(path)) for path in photos[start : start + BATCH_SIZE]]
                model.encode_image(torch.stack(part))

    return len(photos) / time_call(run)


def run_peer(python: str, checkpoint: Path, folder: Path) -> float:
    """Return the seconds of clip-retrieval for a folder."""
    with tempfile.TemporaryDirectory() as out:
        command = [
            *(python, "-c", "from clip_retrieval.cli import main; main()", "inference"),
            *("--input_dataset", str(folder), "--output_folder", out, "--input_format", "files"),
            *("--clip_model", f"open_clip:ViT-B-32/{checkpoint}", "--enable_text", "False", "--use_jit", "False"),
            *("--batch_size", str(BATCH_SIZE), "--num_prepro_workers", str(count_cores())),
        ]
        environment = os.environ | {"CUDA_VISIBLE_DEVICES": ""}
        environment.pop("PYTHONPATH", None)
        began = time.perf_counter()
        result = subprocess.run(command, capture_output=True, env=environment, check=False)
        seconds = time.perf_counter() - began
        files = list(Path(out).rglob("img_emb_*.npy"))
        assert result.returncode == 0, result.stderr.decode()[-2000:]
        assert files, "clip-retrieval wrote nothing"
    return seconds


def run_rounds(options: argparse.Namespace, folder: Path) -> tuple[dict[str, list[float]], str]:
    """Measure everything in alternating rounds.

    Args:
        options: The options of the command line.
        folder: A temporary folder.

    Returns:
        Images per second of each round by name, and the runtime of our encoder.
    """
    figures: dict[str, list[float]] = {name: [] for name in ("plain", "bare", "ours", "loop", "clip-retrieval")}
    photos = sorted(path for path in options.photos.rglob("*") if path.suffix.lower() == ".jpg")[: options.count]
    for name, part in (("all", photos), ("few", photos[:FEW_PHOTOS])):
        (folder / name).mkdir()
        for path in part:
            (folder / name / path.name).symlink_to(path.absolute())
    model = f"ViT-B-32/{options.checkpoint.absolute()}"
    calibration_photos = photos[:CALIBRATION_PHOTOS] if options.export else []
    template = make_home(folder / "template", model, options.runtime, calibration_photos)
    runtime = ""
    for _ in range(options.rounds):
        # Before and after, since a processor slows down when it gets warm.
        before, runtime = run_bare(template, photos)
        figures["ours"].append(index_photos(template, folder / "home", folder / "all", len(photos)))
        after, _ = run_bare(template, photos)
        figures["bare"].append((before + after) / 2)
        figures["plain"].append(run_plain(options.checkpoint, template, photos[:MAX_PLAIN_PHOTOS], runtime))
        figures["loop"].append(run_loop(options.checkpoint, photos[:MAX_PLAIN_PHOTOS]))
        if options.peer:
            whole = run_peer(options.peer, options.checkpoint, folder / "all")
            few = run_peer(options.peer, options.checkpoint, folder / "few")
            figures["clip-retrieval"].append((len(photos) - FEW_PHOTOS) / (whole - few))
        print(json.dumps({name: [round(rate, 2) for rate in rates] for name, rates in figures.items()}), flush=True)
    ours, theirs = run_texts(options.checkpoint, template)
    print(f"a query of a few words: {ours:.1f} ms, with open_clip's encoder {theirs:.1f} ms")
    return figures, runtime


def report(figures: dict[str, list[float]], runtime: str) -> None:
    """Print the medians and ratios over the rounds."""
    medians = {name: round(statistics.median(rates), 2) for name, rates in figures.items() if rates}
    best = max(rate for name, rate in medians.items() if name in {"loop", "clip-retrieval"})
    print(json.dumps(medians | {"runtime": runtime}))
    for name in ("plain", "bare"):
        ratios = [ours / baseline for ours, baseline in zip(figures["ours"], figures[name], strict=True)]
        low, high = min(ratios), max(ratios)
        print(f"ours to the {name} encoder: {statistics.median(ratios):.2f}, {low:.2f} to {high:.2f}")
    print(f"ours to the best of the others: {medians['ours'] / best:.2f}")


def main() -> None:
    """Run the rounds and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--export", action="store_true")
    parser.add_argument("--peer")
    parser.add_argument("--runtime", help="a runtime such as torch-fp32, instead of the fastest")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        figures, runtime = run_rounds(options, Path(scratch))
    report(figures, runtime)


if __name__ == "__main__":
    main()
