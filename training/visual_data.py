"""The data for fitting the visual calibrators: queries, labeled with the images that match and do not match them.

The images are the fit half of `dev.txt`, ImageNet photos of half of the classes, and the training photos, each embedded
by a head that was trained without it (see `out_of_fold.py`).
"""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from search.encoders.class_names import read_classes
from search.encoders.compact.files import CompactFiles, normalize
from search.encoders.compact.towers import CompactImageEncoder, E5Encoder
from search.encoders.runtime import Machine
from search.media.image.pillow import USEFUL_SIDE, open_image
from search.records import Vectors
from search.scoring.traits import ReferenceImages
from search.settings import count_cores
from search.storage.baselines import QueryBank, measure_baselines
from training.compact.data import read_check
from training.compact.phrases import STOP_WORDS
from training.compact.texts import VectorCache

BATCH = 64
# The number of photos of a fold that are its reference images.
REFERENCES = 400
# The minimum number of photos that mention a word, per 500 photos.
MIN_PHOTOS = 4
# The probability of adding an article to a word.
ARTICLE_SHARE = 0.5


@dataclass(frozen=True)
class EmbeddedImages:
    """Embedded images, and the text encoder to compare them with texts.

    Attributes:
        names: The file names of the images.
        vectors: The vectors of the images, shape (n, d).
        baselines: The baselines of the images, shape (n, k).
        bank: The vectors of the query bank, shape (b, d).
        embed: Embeds centered text vectors (m, 384) for each part, shape (m, d).
        reference: The reference images.
    """

    names: list[str]
    vectors: Vectors
    baselines: Vectors
    bank: Vectors
    embed: Callable[[Vectors], Vectors]
    reference: ReferenceImages


@dataclass(frozen=True)
class Labeled:
    """A query with a label for each image.

    Attributes:
        text: The query.
        labels: 1 if the image matches, 0 if it does not, NaN if that is unclear; shape (n,), float32.
        weight: The weight of the query in the fit.
        kind: The kind of query, such as `concept` or `caption`.
    """

    text: str
    labels: Vectors
    weight: float
    kind: str


class QueryTexts:
    """Embeds queries with the bundled text encoder, with a cache file."""

    def __init__(self, cache: Path) -> None:
        self.files = CompactFiles()
        self.encoder = E5Encoder(self.files.text_graph, Machine(count_cores()))
        self._cache = VectorCache(cache / "texts.npz")

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return centered vectors, shape (n, 384), unit length."""
        return self._cache.read(
            texts, lambda new: normalize(self.encoder.encode(new, "query: ") - self.files.query_mean)
        )


def embed_images(name: str, paths: Sequence[Path], texts: QueryTexts, cache: Path) -> EmbeddedImages:
    """Embed images with the bundled model, or read their vectors from the cache of an earlier run.

    Args:
        name: The name of the cache file.
        paths: The images.
        texts: Embeds queries.
        cache: The folder of the cache file.
    """
    encoder = CompactImageEncoder(texts.files, texts.encoder, Machine(count_cores()))
    vectors = read_vectors(name, paths, texts, cache)
    baselines = measure_baselines(vectors, QueryBank(encoder.bank, encoder.parts))
    names = [path.name for path in paths]
    reference_vectors = encoder.reference
    reference_baselines = measure_baselines(reference_vectors, QueryBank(encoder.bank, encoder.parts))
    reference = ReferenceImages(reference_vectors, reference_baselines)
    return EmbeddedImages(names, vectors, baselines, encoder.bank, texts.files.project_parts, reference)


def read_vectors(name: str, paths: Sequence[Path], texts: QueryTexts, cache: Path) -> Vectors:
    """Return the vectors of images, shape (n, d), computed once. The arguments are as in `embed_images`."""
    stored = cache / f"{name}-{texts.files.image_fingerprint}.npy"
    encoder = CompactImageEncoder(texts.files, texts.encoder, Machine(count_cores()))
    if not stored.exists():
        parts = []
        with ThreadPoolExecutor(count_cores()) as pool:
            for start in range(0, len(paths), BATCH):
                opened = pool.map(lambda path: open_image(path, USEFUL_SIDE)[0], paths[start : start + BATCH])
                parts.append(encoder.encode_images([encoder.transform(one) for one in opened]))
        np.save(stored, np.concatenate(parts))
    vectors: Vectors = np.load(stored)
    return vectors


def read_folds(folder: Path, texts: QueryTexts) -> list[EmbeddedImages]:
    """Read the output of `out_of_fold.py`: the training photos, embedded by heads that were trained without them."""
    folds = []
    for path in sorted(folder.glob("fold*.npz")):
        with np.load(path) as stored:
            names, projection = [str(one) for one in stored["names"]], stored["projection"].astype(np.float32)
            vectors = np.concatenate([stored["scene"], stored["thing"]], axis=1).astype(np.float32) / np.float32(2**0.5)

        def embed(rows: Vectors, projection: Vectors = projection) -> Vectors:
            parts = texts.files.project_parts(rows)
            scenes = normalize(rows @ projection.T)
            return np.concatenate([scenes, parts[:, scenes.shape[1] :]], axis=1)

        bank = embed(texts.files.bank_texts)
        baselines = measure_baselines(vectors, QueryBank(bank, texts.files.image_parts))
        reference = ReferenceImages(vectors[:REFERENCES], baselines[:REFERENCES])
        folds.append(EmbeddedImages(names, vectors, baselines, bank, embed, reference))
    return folds


def label_concepts(images: EmbeddedImages, captions: Mapping[str, Sequence[str]], weight: float) -> Iterator[Labeled]:
    """Yield everyday concepts, labeled by captions: two or more mentions match, one mention is unclear."""
    from everyday import read_concepts

    for concept in read_concepts("fit"):
        mentions = np.array([sum(bool(concept.pattern.search(one)) for one in captions[n]) for n in images.names])
        labels = np.where(mentions >= 2, 1.0, np.where(mentions == 0, 0.0, np.nan)).astype(np.float32)
        if (labels == 1).sum() >= 2:
            yield Labeled(concept.text, labels, weight, "concept")


def label_words(images: EmbeddedImages, captions: Mapping[str, Sequence[str]], weight: float) -> Iterator[Labeled]:
    """Yield frequent words and word pairs of captions, labeled by captions, without the concepts for evaluation."""
    from everyday import read_concepts

    held_out = [concept.pattern for concept in read_concepts("judge")]
    photo_counts: Counter[str] = Counter()
    for name in images.names:
        lines = [re.findall(r"[a-z]+", caption) for caption in captions[name]]
        words = [word for line in lines for word in line if word not in STOP_WORDS and len(word) > 2]
        pairs = [" ".join(pair) for line in lines for pair in pairwise(line)]
        photo_counts.update({*words, *(pair for pair in pairs if not STOP_WORDS & set(pair.split()))})
    for text, count in sorted(photo_counts.items()):
        if count < MIN_PHOTOS * len(images.names) / 500:
            continue
        if any(pattern.search(form) for pattern in held_out for form in (text, f"a {text}")):
            continue
        pattern = re.compile(rf"\b{text}(s|es)?\b")
        mentions = np.array([sum(bool(pattern.search(one)) for one in captions[name]) for name in images.names])
        labels = (mentions > 0).astype(np.float32)
        has_article = random.Random(text).random() < ARTICLE_SHARE and not text.endswith(("s", "ing"))
        yield Labeled(f"a {text}" if has_article else text, labels, weight, "word")


def label_captions(images: EmbeddedImages, captions: Mapping[str, Sequence[str]], weight: float) -> Iterator[Labeled]:
    """Yield a caption of each photo. Only that photo is labeled as a match, although others rarely match as well."""
    for index, name in enumerate(images.names):
        labels = np.zeros(len(images.names), np.float32)
        labels[index] = 1
        yield Labeled(captions[name][index % 5], labels, weight, "caption")


def label_classes(images: EmbeddedImages, weights: Mapping[str, float]) -> Iterator[Labeled]:
    """Yield the names of classes in six languages, and broader words, for photos named `wnid_name.jpg`."""
    classes = {entry.wnid: entry for entry in read_classes()}
    owners = [name.split("_")[0] for name in images.names]
    check = read_check()
    for wnid in owners:
        entry = classes[wnid]
        is_similar = np.array([classes[other].broader[0] == entry.broader[0] for other in owners])
        labels = np.where(is_similar, np.nan, 0.0).astype(np.float32)
        labels[[index for index, other in enumerate(owners) if other == wnid]] = 1
        yield Labeled(entry.names["en"][0], labels, weights["name"], "name")
        for name in check.get(wnid, {}).values():
            yield Labeled(name, labels, weights["foreign"], "foreign")
    for word in sorted({word for wnid in owners for word in classes[wnid].broader}):
        labels = np.array([word in classes[other].broader for other in owners], np.float32)
        if labels.sum() >= 2:
            yield Labeled(f"a {word}", labels, weights["group"], "group")


def label_nothing(images: EmbeddedImages, texts: Sequence[str], weight: float, kind: str) -> Iterator[Labeled]:
    """Yield texts that no image matches."""
    labels = np.zeros(len(images.names), np.float32)
    for text in texts:
        yield Labeled(text, labels, weight, kind)


def split_classes(photos: Path) -> tuple[list[Path], list[Path]]:
    """Return the photos of the classes for fitting, and of the classes for evaluation."""
    paths = sorted(photos.iterdir())
    fit = [path for path in paths if random.Random(path.name.split("_")[0]).random() < 0.5]
    return fit, sorted(set(paths) - set(fit))


def label_examples(images: EmbeddedImages) -> Iterator[Labeled]:
    """Yield each photo as a query by example. The text of a query is the index of its photo.

    Photos whose classes have the same narrowest broader word match. Photos without a common broader word do not.
    """
    classes = {entry.wnid: entry for entry in read_classes()}
    owners = [classes[name.split("_")[0]] for name in images.names]
    for index, query in enumerate(owners):
        labels = np.full(len(owners), np.nan, np.float32)
        for other_index, other in enumerate(owners):
            if other_index != index and other.broader[0] == query.broader[0]:
                labels[other_index] = 1
            elif not set(other.broader) & set(query.broader):
                labels[other_index] = 0
        if (labels == 1).any():
            yield Labeled(str(index), labels, 1.0, "example")
