"""The quality of a visual calibrator: what it shows of concepts at each cut, and the ranks of captions and names."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from everyday import read_concepts
from visual_data import EmbeddedImages

from search.encoders.class_names import read_classes
from search.records import Vectors
from training.compact.data import read_check

# The weight of recall relative to precision when the cut is chosen.
BETA = 1.7
# The candidates for the cut, in log-odds.
CUTS = np.arange(-6.0, 3.01, 0.1)
Captions = Mapping[str, Sequence[str]]
Score = Callable[[str, EmbeddedImages], Vectors]


def measure_shown(scores: Vectors, strong: Vectors, weak: Vectors, cuts: Vectors) -> Vectors:
    """Return precision, recall, F1 and F-beta of the images above each cut, shape (cuts, 4).

    Args:
        scores: The log-odds of images, shape (n,).
        strong: Whether each image certainly matches, for recall, shape (n,), bool.
        weak: Whether each image may match, for precision, shape (n,), bool.
        cuts: Shape (cuts,).
    """
    shown = scores[None] > cuts[:, None]
    count = shown.sum(axis=1)
    precision = np.where(count, (shown & weak).sum(axis=1) / np.maximum(count, 1), 0.0)
    recall = (shown & strong).sum(axis=1) / strong.sum()
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    f_beta = (1 + BETA**2) * precision * recall / np.maximum(BETA**2 * precision + recall, 1e-9)
    return np.stack([precision, recall, f1, f_beta], axis=1)


@dataclass(frozen=True)
class ConceptQuality:
    """The quality of the results of concepts.

    Attributes:
        shown: The mean precision, recall, F1 and F-beta at each cut, shape (cuts, 4).
        best: The mean of the best F1 of each concept, each at a separate cut.
        first: The mean precision at 20.
    """

    shown: Vectors
    best: float
    first: float


def judge_concepts(
    score: Score, images: EmbeddedImages, captions: Captions, split: str, cuts: Vectors
) -> ConceptQuality:
    """Evaluate the concepts of a split that at least four images show.

    Args:
        score: Returns the log-odds of images for a text, shape (n,).
        images: The images.
        captions: The captions of each image, by file name.
        split: `fit` or `judge`.
        cuts: The cuts, shape (cuts,).
    """
    figures, ranking = [], []
    for concept in read_concepts(split):
        mentions = np.array([sum(bool(concept.pattern.search(one)) for one in captions[n]) for n in images.names])
        strong, weak = mentions >= 3, mentions >= 1
        if strong.sum() < 4:
            continue
        scores = score(concept.text, images)
        figures.append(measure_shown(scores, strong, weak, cuts))
        best = measure_shown(scores, strong, weak, np.sort(scores) - 1e-6)[:, 2].max()
        ranking.append((best, weak[np.argsort(-scores)[:20]].mean()))
    best, first = np.mean(ranking, axis=0)
    return ConceptQuality(np.mean(figures, axis=0), float(best), float(first))


def report(
    name: str, score: Score, halves: Mapping[str, EmbeddedImages], classes: EmbeddedImages, captions: Captions
) -> None:
    """Print the figures of both halves of the concepts, and of the captions and names of the judge half."""
    for split, images in halves.items():
        found = judge_concepts(score, images, captions, split, np.zeros(1))
        precision, recall, f1, _ = found.shown[0]
        print(
            f"{name} {split:6} precision {precision:.3f} recall {recall:.3f} F1 {f1:.3f} best F1 {found.best:.3f} "
            f"({f1 / found.best:.2f}) precision@20 {found.first:.3f}",
            flush=True,
        )
    judge = halves["judge"]
    ranks = [find_rank(score(captions[name][at % 5], judge), at) for at, name in enumerate(judge.names)]
    names, check = {one.wnid: one.names["en"][0] for one in read_classes()}, read_check()
    owners = [one.split("_")[0] for one in classes.names]
    first = [find_rank(score(names[wnid], classes), at) for at, wnid in enumerate(owners)]
    foreign = [find_rank(score(w, classes), at) for at, wnid in enumerate(owners) for w in check.get(wnid, {}).values()]
    print(
        f"{name} captions over 500 photos R@10 {np.mean(np.array(ranks) < 10):.3f}, names R@1 "
        f"{np.mean(np.array(first) < 1):.3f}, in other languages {np.mean(np.array(foreign) < 1):.3f}",
        flush=True,
    )


def find_rank(scores: Vectors, index: int) -> int:
    """Return the rank from 0 of the image with an index, by scores of shape (n,)."""
    return int((scores > scores[index]).sum())
