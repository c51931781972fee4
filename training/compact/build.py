"""Build the package data of `compact` from photos and captions."""

import dataclasses
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from search.encoders.bank import read_bank_texts
from search.encoders.class_names import CLASSES_FILE, read_classes
from search.encoders.compact.files import FOLDER
from search.encoders.onnx import open_session
from search.media.image.pillow import cut_views, open_image
from search.settings import count_cores
from training.compact.data import SENTENCES_FILE, read_captioned
from training.compact.export import (
    CALIBRATION,
    export_tower,
    quantize_tower,
    write_fixed_sets,
    write_package_data,
)
from training.compact.features import list_views, read_features, read_test_features
from training.compact.fit import TrainingRecipe, fit_head, fit_kinds
from training.compact.network import SIDE, TEXT, ZOOM, Head, normalize
from training.compact.phrases import read_phrases
from training.compact.quality import embed_views, join_parts, measure_captions, measure_classes
from training.compact.texts import ClassVocabulary, TextCache, make_graph_encoder, measure_means

# The number of training photos that become the reference images.
REFERENCES = 400


def build_compact(
    captioned: Path,
    check_photos: Path | None,
    cache: Path,
    recipe: TrainingRecipe,
    report_line: Callable[[str], None],
    target: Path = FOLDER,
) -> dict[str, Any]:
    """Train on `train.txt`, measure on `dev.txt`, and write the package data.

    Args:
        captioned: The folder of captioned photos, as in `read_captioned`.
        check_photos: A folder of ImageNet photos named `wnid_name.jpg`, used for measurement only.
        cache: The folder that keeps features between runs.
        recipe: The settings of the training.
        report_line: Called with each progress message.
        target: The folder to write to.

    Returns:
        The measured figures.

    Raises:
        UsageError: A file of the captioned photos is missing.
    """
    train, dev = (read_captioned(captioned, split) for split in ("train", "dev"))
    classes = read_classes()
    texts = TextCache(make_graph_encoder(cache), cache)
    means = measure_means(texts, train)
    report_line(f"{len(train.photos)} photos to train on, {len(dev.photos)} to measure on")
    vocabulary = ClassVocabulary(texts, means, classes)
    phrases = read_phrases(train.captions, vocabulary)
    tower = _quantize_tower(cache, train.photos)
    cache = tower.parent
    session = open_session(tower, count_cores(), is_7_bit=True)
    views = [read_features(session, f"train-{name}", train.photos, view, cache) for name, view in list_views().items()]
    dev_views = read_test_features(session, "dev", dev.photos, cache)
    photos = sorted(check_photos.iterdir()) if check_photos else []
    photo_views = read_test_features(session, "photos", photos, cache) if photos else []
    captions, dev_captions = (
        normalize(torch.stack([torch.from_numpy(texts.encode(group) - means.query) for group in split.captions]))
        for split in (train, dev)
    )

    def measure(head: Head) -> dict[str, Any]:
        figures: dict[str, Any] = {
            "captions": measure_captions(head, embed_views(head, dev_views), dev_captions),
            "captions, one view": measure_captions(head, embed_views(head, dev_views[:1]), dev_captions),
        }
        if photo_views:
            images = embed_views(head, photo_views)
            figures["classes"] = measure_classes(head, images, photos, classes, vocabulary)
        return figures

    def measure_shipped(image: Path) -> dict[str, Any]:
        quantized = open_session(image, count_cores(), is_7_bit=True)
        images = _embed_photos(quantized, dev.photos)
        figures: dict[str, Any] = {"captions, int8": measure_captions(head, images, dev_captions)}
        if photos:
            images = _embed_photos(quantized, photos)
            figures["classes, int8"] = measure_classes(head, images, photos, classes, vocabulary)
        return figures

    def report(epoch: int, loss: float, head: Head) -> None:
        if epoch % 20 == 0 or epoch == recipe.epochs:
            report_line(f"epoch {epoch}: loss {loss:.3f}, {measure(head)}")

    scenes = [captions.flatten(0, 1), vocabulary.list_sentences("scene")]
    kinds = fit_kinds([[vocabulary.list_names()], scenes, [vocabulary.list_sentences("other")]])

    def train_head(seed: int) -> tuple[float, int, Head]:
        head = fit_head(views, captions, phrases, vocabulary, dataclasses.replace(recipe, seed=seed), kinds, report)
        _round(head)
        recall = measure(head)["captions"]["R@10"]
        report_line(f"seed {seed}: captions R@10 {recall}")
        return recall, seed, head

    _, seed, head = max((train_head(recipe.seed + number) for number in range(recipe.tries)), key=lambda run: run[0])
    recipe = dataclasses.replace(recipe, seed=seed)
    figures = measure(head) | {"recipe": dataclasses.asdict(recipe)}
    inputs = [captioned / name for name in ("captions.tsv", "train.txt", "dev.txt")]
    write_package_data(target, head, means, tower, figures, [*inputs, CLASSES_FILE, SENTENCES_FILE], measure_shipped)
    bank = normalize(torch.from_numpy(texts.encode([*read_bank_texts()]) - means.query)).numpy()
    references = random.Random(0).sample(train.photos, REFERENCES)
    quantized = open_session(target / "image.onnx", count_cores(), is_7_bit=True)
    write_fixed_sets(target, bank, _embed_photos(quantized, references).numpy())
    return figures


def _embed_photos(session: Any, photos: list[Path]) -> torch.Tensor:
    """Embed photos with the exported image encoder, shape (n, d)."""
    rows = []
    for photo in photos:
        views = session.run(None, {"pixels": cut_views(open_image(photo)[0], SIDE, ZOOM)})[0]
        rows.append(torch.from_numpy(views.mean(0)))
    means = torch.stack(rows)
    return join_parts(means[:, :-TEXT], means[:, -TEXT:])


def _round(head: Head) -> None:
    """Round a head to float16, so that the head in `head.npz` and the exported one are the same."""
    for tensor in head.state_dict().values():
        tensor.copy_(tensor.half().float())


def _quantize_tower(cache: Path, photos: list[Path]) -> Path:
    """Return the quantized backbone, written once. The head is trained on its features, which it is shipped with."""
    path = cache / "int8" / "tower.onnx"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        exact, temporary = path.with_name("float32.onnx"), path.with_name("temporary.onnx")
        export_tower(exact)
        quantize_tower(exact, temporary, photos[:CALIBRATION])
        temporary.replace(path)
    return path
