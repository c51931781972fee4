"""What the visual calibrators are fitted on: queries with the images that do and do not show what they ask for.

Images come from the fit half of `dev.txt`, from ImageNet photos of half of the classes, and from the training
photos, each embedded by a head that was trained without it (see `out_of_fold.py`).
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
from search.media.image.picture import USEFUL_SIDE, open_image
from search.records import Vectors
from search.scoring.traits import ReferenceImages
from search.settings import count_cores
from search.storage.baselines import QueryBank, measure_baselines
from training.compact.data import read_check
from training.compact.phrases import STOP_WORDS
from training.compact.texts import VectorCache

BATCH = 64
# Photos of a fold that are its reference images.
REFERENCES = 400
MIN_PHOTOS = 4
ARTICLE_SHARE = 0.5


@dataclass(frozen=True)
class EmbeddedImages:
    """Some images, and how texts are embedded to be compared with them.

    Attributes:
        names: Their file names.
        vectors: Shape (n, d).
        baselines: Shape (n, k).
        bank: The query bank, shape (b, d).
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
class Labelled:
    """A query with what images show of it.

    Attributes:
        text: The query.
        labels: Shape (n,): 1 for those that show it, 0 for those that do not, NaN for those that may.
        weight: How much the query counts in the fit.
        kind: What kind of query it is.
    """

    text: str
    labels: Vectors
    weight: float
    kind: str


class QueryTexts:
    """Centered text vectors by the bundled text encoder, kept in a cache file."""

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
    """Embed images with the bundled model, or read what an earlier run embedded."""
    encoder = CompactImageEncoder(texts.files, texts.encoder, Machine(count_cores()))
    vectors = read_vectors(name, paths, texts, cache)
    baselines = measure_baselines(vectors, QueryBank(encoder.bank, encoder.parts))
    names = [path.name for path in paths]
    known = encoder.reference
    reference = ReferenceImages(known, measure_baselines(known, QueryBank(encoder.bank, encoder.parts)))
    return EmbeddedImages(names, vectors, baselines, encoder.bank, texts.files.project_parts, reference)


def read_vectors(name: str, paths: Sequence[Path], texts: QueryTexts, cache: Path) -> Vectors:
    """Return the vectors of images, shape (n, d), computed once."""
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
    """Read the training photos as heads embed them that were trained without them."""
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


def label_concepts(images: EmbeddedImages, captions: Mapping[str, Sequence[str]], weight: float) -> Iterator[Labelled]:
    """Label everyday concepts by what captions mention: shown when two or more do, unclear when one does."""
    from everyday import read_concepts

    for concept in read_concepts("fit"):
        mentions = np.array([sum(bool(concept.pattern.search(one)) for one in captions[n]) for n in images.names])
        labels = np.where(mentions >= 2, 1.0, np.where(mentions == 0, 0.0, np.nan)).astype(np.float32)
        if (labels == 1).sum() >= 2:
            yield Labelled(concept.text, labels, weight, "concept")


def label_words(images: EmbeddedImages, captions: Mapping[str, Sequence[str]], weight: float) -> Iterator[Labelled]:
    """Label words and pairs of words that captions use, apart from those that are judged by."""
    from everyday import read_concepts

    judged = [concept.pattern for concept in read_concepts("judge")]
    found: Counter[str] = Counter()
    for name in images.names:
        words = [re.findall(r"[a-z]+", caption) for caption in captions[name]]
        told = [word for line in words for word in line if word not in STOP_WORDS and len(word) > 2]
        pairs = [" ".join(pair) for line in words for pair in pairwise(line)]
        found.update({*told, *(pair for pair in pairs if not STOP_WORDS & set(pair.split()))})
    for text, count in sorted(found.items()):
        if count < MIN_PHOTOS * len(images.names) / 500:
            continue
        if any(pattern.search(one) for pattern in judged for one in (text, f"a {text}")):
            continue
        pattern = re.compile(rf"\b{text}(s|es)?\b")
        mentions = np.array([sum(bool(pattern.search(one)) for one in captions[name]) for name in images.names])
        labels = (mentions > 0).astype(np.float32)
        has_article = random.Random(text).random() < ARTICLE_SHARE and not text.endswith(("s", "ing"))
        yield Labelled(f"a {text}" if has_article else text, labels, weight, "word")


def label_captions(images: EmbeddedImages, captions: Mapping[str, Sequence[str]], weight: float) -> Iterator[Labelled]:
    """Label each photo's caption by the photo itself; other photos may fit too, mostly they do not."""
    for at, name in enumerate(images.names):
        labels = np.zeros(len(images.names), np.float32)
        labels[at] = 1
        yield Labelled(captions[name][at % 5], labels, weight, "caption")


def label_classes(images: EmbeddedImages, weights: Mapping[str, float]) -> Iterator[Labelled]:
    """Label names of classes, in English and others, and broader words, over photos named `wnid_name.jpg`."""
    classes = {one.wnid: one for one in read_classes()}
    owners = [name.split("_")[0] for name in images.names]
    check = read_check()
    for wnid in owners:
        own = classes[wnid]
        alike = np.array([classes[other].broader[0] == own.broader[0] for other in owners])
        labels = np.where(alike, np.nan, 0.0).astype(np.float32)
        labels[[at for at, other in enumerate(owners) if other == wnid]] = 1
        yield Labelled(own.names["en"][0], labels, weights["name"], "name")
        for name in check.get(wnid, {}).values():
            yield Labelled(name, labels, weights["foreign"], "foreign")
    for word in sorted({word for wnid in owners for word in classes[wnid].broader}):
        labels = np.array([word in classes[other].broader for other in owners], np.float32)
        if labels.sum() >= 2:
            yield Labelled(f"a {word}", labels, weights["group"], "group")


def label_nothing(images: EmbeddedImages, texts: Sequence[str], weight: float, kind: str) -> Iterator[Labelled]:
    """Label texts that no image shows."""
    nothing = np.zeros(len(images.names), np.float32)
    for text in texts:
        yield Labelled(text, nothing, weight, kind)


def split_classes(photos: Path) -> tuple[list[Path], list[Path]]:
    """Return the photos of the classes to fit on, and of those to judge by."""
    paths = sorted(photos.iterdir())
    fit = [path for path in paths if random.Random(path.name.split("_")[0]).random() < 0.5]
    return fit, sorted(set(paths) - set(fit))


def label_examples(images: EmbeddedImages) -> Iterator[Labelled]:
    """Label photos by photos: those of the narrowest group of their class show the same, those of no common group not.

    The text of a query is the place of the photo that is asked by.
    """
    classes = {one.wnid: one for one in read_classes()}
    owners = [classes[name.split("_")[0]] for name in images.names]
    for at, own in enumerate(owners):
        labels = np.full(len(owners), np.nan, np.float32)
        for place, other in enumerate(owners):
            if place != at and other.broader[0] == own.broader[0]:
                labels[place] = 1
            elif not set(other.broader) & set(own.broader):
                labels[place] = 0
        if (labels == 1).any():
            yield Labelled(str(at), labels, 1.0, "example")
