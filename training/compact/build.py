"""Build the package data of `compact` from photos and captions."""

import dataclasses
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

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
    TrainedModel,
    export_tower,
    quantize_tower,
    write_fixed_sets,
    write_package_data,
)
from training.compact.features import Features, read_test_features
from training.compact.fit import TrainingRecipe, fit_head
from training.compact.network import SIDE, TEXT, ZOOM, Head, normalize
from training.compact.passages import write_passage_graph
from training.compact.quality import embed_views, join_parts, measure_captions, measure_classes
from training.compact.texts import ClassVocabulary, TextCache, make_graph_encoder, measure_means
from training.compact.training_set import TrainingSet, center_captions, read_training_set

# The number of training photos that become the reference images.
REFERENCES = 400


@dataclass(frozen=True)
class BuildFolders:
    """The folders that a build reads and writes.

    Attributes:
        captioned: Captioned photos, as in `read_captioned`.
        check_photos: ImageNet photos named `wnid_name.jpg`, used for measurement only.
        cache: Keeps features between runs.
        target: The folder to write to.
    """

    captioned: Path
    check_photos: Path | None
    cache: Path
    target: Path = FOLDER


@dataclass(frozen=True)
class MeasuredPhotos:
    """The photos and texts that a head is measured on.

    Attributes:
        captioned: The captioned photos.
        views: Their features, by view.
        captions: The centered vectors of their captions, shape (photos, 5, 384), unit length.
        checked: The ImageNet photos; may be empty.
        checked_views: Their features, by view.
        vocabulary: The class names.
    """

    captioned: list[Path]
    views: list[Features]
    captions: torch.Tensor
    checked: list[Path]
    checked_views: list[Features]
    vocabulary: ClassVocabulary

    def measure(self, head: Head) -> dict[str, Any]:
        """Return the figures of a head."""
        figures: dict[str, Any] = {
            "captions": measure_captions(head, embed_views(head, self.views), self.captions),
            "captions, one view": measure_captions(head, embed_views(head, self.views[:1]), self.captions),
        }
        if self.checked_views:
            images = embed_views(head, self.checked_views)
            figures["classes"] = measure_classes(head, images, self.checked, read_classes(), self.vocabulary)
        return figures

    def measure_written(self, head: Head, image: Path) -> dict[str, Any]:
        """Return the figures of the written graph of the image encoder.

        Args:
            head: The head that it contains.
            image: The graph.
        """
        quantized = open_session(image, count_cores(), is_7_bit=True)
        images = _embed_photos(quantized, self.captioned)
        figures: dict[str, Any] = {"captions, int8": measure_captions(head, images, self.captions)}
        if self.checked:
            images = _embed_photos(quantized, self.checked)
            figures["classes, int8"] = measure_classes(head, images, self.checked, read_classes(), self.vocabulary)
        return figures


def build_compact(folders: BuildFolders, recipe: TrainingRecipe, report_line: Callable[[str], None]) -> dict[str, Any]:
    """Train on `train.txt`, measure on `dev.txt`, and write the package data.

    Args:
        folders: The folders to read and to write.
        recipe: The settings of the training.
        report_line: Called with each progress message.

    Returns:
        The measured figures.

    Raises:
        UsageError: A file of the captioned photos is missing.
    """
    train, dev = (read_captioned(folders.captioned, split) for split in ("train", "dev"))
    texts = TextCache(make_graph_encoder(folders.cache), folders.cache)
    means = measure_means(texts, train)
    report_line(f"{len(train.photos)} photos to train on, {len(dev.photos)} to measure on")
    tower = _quantize_tower(folders.cache, train.photos)
    data = read_training_set(train, texts, means, tower)
    checked = sorted(folders.check_photos.iterdir()) if folders.check_photos else []
    session = open_session(tower, count_cores(), is_7_bit=True)
    measured = MeasuredPhotos(
        captioned=dev.photos,
        views=read_test_features(session, "dev", dev.photos, tower.parent),
        captions=center_captions(dev, texts, means),
        checked=checked,
        checked_views=read_test_features(session, "photos", checked, tower.parent) if checked else [],
        vocabulary=data.vocabulary,
    )
    best = _fit_best(data, measured, recipe, report_line)
    figures = measured.measure(best.head) | {"recipe": dataclasses.asdict(dataclasses.replace(recipe, seed=best.seed))}
    inputs = [folders.captioned / name for name in ("captions.tsv", "train.txt", "dev.txt")]
    inputs += [CLASSES_FILE, SENTENCES_FILE]
    written = TrainedModel(tower, best.head, means, figures)
    write_package_data(folders.target, written, inputs, partial(measured.measure_written, best.head))
    bank = normalize(torch.from_numpy(texts.encode([*read_bank_texts()]) - means.query)).numpy()
    references = random.Random(0).sample(train.photos, REFERENCES)
    quantized = open_session(folders.target / "image.onnx", count_cores(), is_7_bit=True)
    write_passage_graph(folders.target, [caption for captions in train.captions for caption in captions])
    write_fixed_sets(folders.target, bank, _embed_photos(quantized, references).numpy())
    return figures


class _Try(NamedTuple):
    """A trained head with its seed and its recall on the measured photos."""

    recall: float
    seed: int
    head: Head


def _fit_best(
    data: TrainingSet, measured: MeasuredPhotos, recipe: TrainingRecipe, report_line: Callable[[str], None]
) -> _Try:
    """Train heads with successive seeds, and return the one with the highest recall; the first of equals."""

    def report(epoch: int, loss: float, head: Head) -> None:
        if epoch % 20 == 0 or epoch == recipe.epochs:
            report_line(f"epoch {epoch}: loss {loss:.3f}, {measured.measure(head)}")

    def train_head(seed: int) -> _Try:
        head = fit_head(data, dataclasses.replace(recipe, seed=seed), report)
        _round(head)
        recall = measured.measure(head)["captions"]["R@10"]
        report_line(f"seed {seed}: captions R@10 {recall}")
        return _Try(recall, seed, head)

    return max((train_head(recipe.seed + number) for number in range(recipe.tries)), key=lambda run: run.recall)


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
