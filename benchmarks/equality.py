"""Compare our vectors with those of open_clip, including preprocessing.

    python benchmarks/equality.py PHOTOS CHECKPOINTS [--count 200]

Creates checkpoints of four architectures with seeded random weights in the folder CHECKPOINTS (once). For the photos
and as many texts it compares our vectors (images decoded in full, and scaled down as when indexing) with open_clip's
`preprocess_val` on the file opened by Pillow, then `encode_image` and `encode_text`, in float32.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from search.encoders.manifest import find_folder
from search.encoders.open_clip.encoder import OpenClipImageEncoder
from search.encoders.open_clip.imports import import_open_clip, import_torch
from search.encoders.open_clip.loading import find_source
from search.encoders.registry import read_manifest
from search.encoders.runtime import Machine
from search.media.image.pillow import USEFUL_SIDE, open_image
from search.records import Retriever, Vectors
from search.settings import count_cores
from tests.support.checkpoints import list_texts, make_checkpoint, make_siglip, make_xlm_roberta

BATCH_SIZE = 25


def compare(name: str, models: Path, photos: Sequence[Path], texts: Sequence[str]) -> dict[str, Any]:
    """Return the largest difference of a component and the smallest cosine, for texts and for both ways of decoding.

    Args:
        name: The name of the model.
        models: The folder of the models.
        photos: The photos to encode.
        texts: The texts to encode.
    """
    machine = Machine(count_cores())
    # In float32, also if another runtime was measured to be faster.
    manifest = replace(read_manifest(name, Retriever.VISUAL, models, machine), runtime="torch-fp32")
    ours = OpenClipImageEncoder(manifest, find_folder(models, name), models, machine)
    image_vectors, text_vectors = encode_by_open_clip(name, models, photos, texts)
    figures: dict[str, Any] = {"model": Path(name).name, "photos": len(photos), "texts": len(texts)}
    figures["texts_differ"], figures["texts_cosine"] = compare_vectors(ours.encode_texts(texts), text_vectors)
    for decoding, side in (("full", None), ("draft", USEFUL_SIDE)):
        vectors = []
        for start in range(0, len(photos), BATCH_SIZE):
            part = [open_image(path, side)[0] for path in photos[start : start + BATCH_SIZE]]
            vectors.append(ours.encode_images([ours.transform(image) for image in part]))
        figures[f"{decoding}_differ"], figures[f"{decoding}_cosine"] = compare_vectors(
            np.concatenate(vectors), image_vectors
        )
    return figures


def encode_by_open_clip(
    name: str, models: Path, photos: Sequence[Path], texts: Sequence[str]
) -> tuple[Vectors, Vectors]:
    """Return the vectors of photos and texts, shape (n, d) each, computed as in open_clip's README."""
    open_clip, torch = import_open_clip(), import_torch()
    source = find_source(name, models)
    local = source.architecture.startswith("local-dir:")
    # From weights without a configuration open_clip cannot infer the image transform.
    transform = {} if local else {f"image_{key}": value for key, value in source.preprocess.items()}
    model, _, preprocess = open_clip.create_model_and_transforms(
        source.architecture, None if local else str(source.checkpoint), **transform
    )
    tokenize = open_clip.get_tokenizer(source.architecture)
    model.eval()
    image_vectors = []
    with torch.inference_mode():
        for start in range(0, len(photos), BATCH_SIZE):
            part = [ImageOps.exif_transpose(Image.open(path)) for path in photos[start : start + BATCH_SIZE]]
            image_vectors.append(model.encode_image(torch.stack([preprocess(image) for image in part]), normalize=True))
        text_vectors = [
            model.encode_text(tokenize(list(texts[start : start + BATCH_SIZE])), normalize=True)
            for start in range(0, len(texts), BATCH_SIZE)
        ]
        return torch.cat(image_vectors).numpy(), torch.cat(text_vectors).numpy()


def compare_vectors(ours: Vectors, theirs: Vectors) -> tuple[float, float]:
    """Return the largest absolute difference of a component, and the smallest cosine of two vectors.

    Args:
        ours: Unit vectors, shape (n, d).
        theirs: The vectors to compare with, shape (n, d).
    """
    return float(np.abs(ours - theirs).max()), float((ours * theirs).sum(axis=1).min())


def main() -> None:
    """Compare the four architectures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("checkpoints", type=Path)
    parser.add_argument("--count", type=int, default=200)
    options = parser.parse_args()
    photos = sorted(path for path in options.photos.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    photos, texts = photos[: options.count], list_texts()[: options.count]
    options.checkpoints.mkdir(parents=True, exist_ok=True)
    names = [make_checkpoint(architecture, options.checkpoints) for architecture in ("ViT-B-32", "MobileCLIP2-S0")]
    for make in (make_siglip, make_xlm_roberta):
        folder = options.checkpoints / make.__name__.removeprefix("make_")
        folder.mkdir(exist_ok=True)
        names.append(make(folder, list(texts)))
    for name in names:
        print(json.dumps(compare(name, options.checkpoints / "cards", photos, texts)), flush=True)


if __name__ == "__main__":
    main()
