"""Fit the calibrators of the visual retriever and write them into the package.

    PYTHONPATH=.:benchmarks/evaluation python training/fit_visual.py --flickr DIR --photos DIR --folds DIR --cache DIR
        [--write]

The data for fitting and for evaluation is disjoint: `dev.txt` and the ImageNet classes are divided into halves, and the
concepts are in two lists. `--folds` is the output of `out_of_fold.py`: the training photos, embedded by heads that were
trained without them. The bias is chosen so that the probability 0.5 is where the mean F-beta over the fit concepts is
highest. Beta is above 1, because hiding a correct result is worse than showing a wrong one.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from everyday import read_captions, read_concepts, split_photos
from texts import describe_absent, make_nonsense, read_absent
from visual_data import (
    EmbeddedImages,
    Labelled,
    QueryTexts,
    embed_images,
    label_captions,
    label_classes,
    label_concepts,
    label_examples,
    label_nothing,
    label_words,
    read_folds,
    split_classes,
)
from visual_network import Examples, fit_calibrator

from search.encoders.class_names import read_classes
from search.records import Vectors
from search.scoring.traits import (
    describe_text,
    measure_bank_closeness,
    measure_class_match,
    measure_reference_closeness,
)
from search.scoring.visual import (
    CALIBRATORS_FILE,
    MEASURES,
    Recognition,
    Unit,
    VisualCalibrator,
    VisualScorer,
    describe_calibrator,
    measure_images,
)
from search.storage.baselines import COLUMNS
from search.text.analysis import analyze
from training.compact.data import read_check, read_sentences

# Images with a higher measure `standing` are hard negatives. The shares of hard and easy negatives that are fitted on.
HARD_STANDING = 1.4
HARD_SHARE, EASY_SHARE = 0.4, 0.04
# The weights of queries with answers and of queries without answers, by kind.
WEIGHTS = {"concept": 2.0, "word": 0.5, "caption": 0.7, "name": 1.2, "foreign": 0.4, "group": 1.0}
NOTHING = {"absent": 0.3, "described": 0.2, "nonsense": 0.15, "question": 0.1}
# The weight of recall relative to precision when the cut is chosen.
BETA = 1.7
# The recognition by the object part of `compact`, chosen on the fit halves of names and concepts. A slope of 2 raises
# R@1 of names from 89 to 92 %. (A slope of 3 raises it to 93 %, but lowers the best F1 of concepts.) The center is
# chosen so that the cut stays the same.
RECOGNITION = Recognition(part=1, slope=2.0, center=4.0)
# The candidates for the cut, in log-odds.
CUTS = np.arange(-6.0, 3.01, 0.1)
Captions = Mapping[str, Sequence[str]]
Score = Callable[[str, EmbeddedImages], Vectors]


class Measurer:
    """Computes the measures of images for texts, in one or both parts of the space of `compact`."""

    def __init__(self, texts: QueryTexts, units: tuple[Unit, ...]) -> None:
        """Create a measurer.

        Args:
            texts: Embeds texts.
            units: The parts that are compared, with their baselines.
        """
        self.texts = texts
        self.units = units
        self._described: dict[tuple[int, str], tuple[Vectors, Vectors]] = {}

    def narrow(self, vectors: Vectors) -> Vectors:
        """Return the compared parts of vectors (n, d), scaled as if there were no other parts."""
        width = sum(unit.length for unit in self.units)
        scale = (vectors.shape[1] / width) ** 0.5 if len(self.units) == 1 else 1.0
        return vectors[:, :width] * np.float32(scale)

    def describe(self, text: str, images: EmbeddedImages) -> tuple[Vectors, Vectors]:
        """Return the vector (d,) and the traits (t,) of a text."""
        key = (id(images.bank), text)
        if key not in self._described:
            row = self.texts.embed([text])
            width = sum(unit.length for unit in self.units)
            vector = images.embed(row)[0, :width]
            kinds = self.texts.files.measure_kinds(row)[0]
            traits = describe_text(kinds, len(analyze(text).pieces))
            if len(self.units) > 1:
                bank = measure_bank_closeness(vector, images.bank, self.units)
                traits = np.concatenate(
                    [traits, bank, measure_reference_closeness(vector, images.reference, self.units)]
                )
            self._described[key] = vector, traits
        return self._described[key]

    def measure_class_match(self, text: str) -> float:
        """Return how likely a text is the name of a class that the image encoder was trained on, 0 to 1."""
        return measure_class_match(float(self.texts.files.measure_class_likeness(self.texts.embed([text]))[0]))

    def measure(self, text: str, images: EmbeddedImages) -> tuple[Vectors, Vectors]:
        """Return the measures (n, m) of images and the traits (t,) of the text."""
        vector, traits = self.describe(text, images)
        baselines = images.baselines[:, : COLUMNS * len(self.units)]
        return measure_images(vector, self.narrow(images.vectors), baselines, self.units), traits

    def measure_example(self, index: str, images: EmbeddedImages) -> tuple[Vectors, Vectors]:
        """Return the measures (n, m) of images for the image with an index as the query, and empty traits (0,)."""
        vectors = self.narrow(images.vectors)
        query = vectors[int(index)] * np.float32(len(self.units) ** 0.5)
        baselines = images.baselines[:, : COLUMNS * len(self.units)]
        return measure_images(query, vectors, baselines, self.units), np.zeros(0, np.float32)


Measure = Callable[[str, EmbeddedImages], tuple[Vectors, Vectors]]


def collect(groups: Sequence[tuple[EmbeddedImages, list[Labelled]]], measured: Measure) -> Examples:
    """Measure all images for all queries, with a weighted sample of the images that do not match.

    Args:
        groups: Images with their labelled queries.
        measured: Returns the measures (n, m) of images and the traits (t,) of a query.
    """
    chance = np.random.default_rng(0)
    inputs, labels, counts, lengths, weights, sizes, answered = [], [], [], [], [], [], []
    for images, queries in groups:
        for one in queries:
            measures, traits = measured(one.text, images)
            known = ~np.isnan(one.labels)
            right = known & (one.labels == 1)
            hard = measures[:, MEASURES.index("standing") :: len(MEASURES)].max(axis=1) > HARD_STANDING
            share = np.where(right, 1.0, np.where(hard, HARD_SHARE, EASY_SHARE))
            chosen = known & (chance.random(len(known)) < share)
            inputs.append(np.concatenate([measures[chosen], np.repeat(traits[None], chosen.sum(), axis=0)], axis=1))
            labels.append(one.labels[chosen])
            counts.append((1 / share)[chosen])
            lengths.append(int(chosen.sum()))
            weights.append(one.weight)
            sizes.append(float(known.sum()))
            answered.append(bool(right.any()))
    return Examples(
        np.concatenate(inputs).astype(np.float32),
        np.concatenate(labels).astype(np.float32),
        np.concatenate(counts).astype(np.float32),
        np.concatenate([[0], np.cumsum(lengths)]),
        np.array(weights, np.float32),
        np.array(sizes, np.float32),
        np.array(answered),
    )


def list_questions() -> list[str]:
    """Return questions and statements in six languages that no image matches."""
    classes = read_classes()
    return [
        sentence.format(classes[(37 * number) % len(classes)].names[language][0])
        for language, sentences in read_sentences("other").items()
        for number, sentence in enumerate(sentences[::3])
    ]


def label_captioned(images: EmbeddedImages, captions: Captions) -> Iterator[Labelled]:
    """Yield all labelled queries for captioned photos."""
    yield from label_concepts(images, captions, WEIGHTS["concept"])
    yield from label_words(images, captions, WEIGHTS["word"])
    step = max(1, round(len(images.names) / 500))
    yield from list(label_captions(images, captions, WEIGHTS["caption"]))[::step]
    yield from label_nothing(images, read_absent("fit"), NOTHING["absent"], "absent")
    yield from label_nothing(images, describe_absent("fit"), NOTHING["described"], "absent")
    yield from label_nothing(images, make_nonsense("fit"), NOTHING["nonsense"], "nonsense")
    yield from label_nothing(images, list_questions(), NOTHING["question"], "question")


def measure_units(images: EmbeddedImages, lengths: Sequence[int], by_example: bool) -> tuple[Unit, ...]:
    """Measure the mean and deviation of the similarities of unrelated pairs in each part.

    Args:
        images: The images.
        lengths: The lengths of the parts.
        by_example: Compare images with images, instead of images with the query bank.
    """
    units, start = [], 0
    for length in lengths:
        part = slice(start, start + length)
        vectors = images.vectors[:, part] * np.float32(len(lengths) ** 0.5)
        others = vectors[: len(vectors) // 2] if by_example else images.bank[:, part]
        similarities = (vectors[len(vectors) // 2 :] if by_example else vectors) @ others.T
        units.append(Unit(length, round(float(similarities.mean()), 5), round(float(similarities.std()), 5)))
        start += length
    return tuple(units)


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


def make_score(calibrator: VisualCalibrator, measurer: Measurer) -> Score:
    """Return a function that computes the log-odds of images for a text, shape (n,)."""

    def score(text: str, images: EmbeddedImages) -> Vectors:
        vector, traits = measurer.describe(text, images)
        baselines = images.baselines[:, : COLUMNS * len(measurer.units)]
        scorer = calibrator.bind(vector, traits, measurer.recognize(text))
        return scorer.score(measurer.narrow(images.vectors), baselines)

    return score


def fit_texts(
    measurer: Measurer, groups: Sequence[tuple[EmbeddedImages, list[Labelled]]], captions: Captions
) -> VisualCalibrator:
    """Fit the calibrator of texts. Its cut is where the mean F-beta over the fit concepts is highest."""
    fitted = fit_calibrator(collect(groups, measurer.measure), measurer.units)
    if len(measurer.units) > 1:
        fitted = replace(fitted, recognition=RECOGNITION)
    score = make_score(fitted, measurer)
    curves = [judge_concepts(score, images, captions, "fit", CUTS).shown[:, 3] for images, _ in groups[:-1]]
    return replace(fitted, bias=fitted.bias - float(CUTS[np.mean(curves, axis=0).argmax()]))


def fit_examples(measurer: Measurer, images: EmbeddedImages) -> VisualCalibrator:
    """Fit the calibrator of queries by example. Its cut is where the mean F1 is highest."""
    queries = list(label_examples(images))
    fitted = fit_calibrator(collect([(images, queries)], measurer.measure_example), measurer.units, 4, 60)
    curves = []
    for one in queries:
        measures, _ = measurer.measure_example(one.text, images)
        scorer = VisualScorer(fitted, np.zeros(0, np.float32), fitted.hidden_bias)
        known = ~np.isnan(one.labels)
        right = one.labels[known] == 1
        curves.append(measure_shown(scorer.score_measures(measures[known]), right, right, CUTS)[:, 2])
    best = np.mean(curves, axis=0)
    print(f"by example: F1 {best.max():.3f} on the photos of the fit", flush=True)
    return replace(fitted, bias=fitted.bias - float(CUTS[best.argmax()]))


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


def main() -> None:
    """Fit and evaluate the calibrators, and write them if `--write` is passed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("flickr", "photos", "cache", "folds"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    texts, captions = QueryTexts(options.cache), read_captions(options.flickr)
    halves = {}
    for split in ("fit", "judge"):
        paths = [options.flickr / "images" / name for name in split_photos(options.flickr, split)]
        halves[split] = embed_images(f"dev-{split}", paths, texts, options.cache)
    classes = [
        embed_images(f"classes-{number}", paths, texts, options.cache)
        for number, paths in enumerate(split_classes(options.photos))
    ]
    captioned = [halves["fit"], *read_folds(options.folds, texts)]
    groups = [(images, list(label_captioned(images, captions))) for images in captioned]
    named = [*label_classes(classes[0], WEIGHTS), *label_nothing(classes[0], read_absent("fit"), 0.3, "absent")]
    groups.append((classes[0], named))
    all_texts = [query.text for _, queries in groups for query in queries]
    all_texts += [one.text for split in halves for one in read_concepts(split)]
    all_texts += [captions[name][at % 5] for at, name in enumerate(halves["judge"].names)]
    all_texts += [name for one in read_classes() for name in one.names["en"][:1]]
    texts.embed([*all_texts, *(name for one in read_check().values() for name in one.values())])
    written = {}
    for name, count in (("compact", 2), ("any", 1)):
        lengths = texts.files.image_parts
        measurer = Measurer(texts, measure_units(halves["fit"], lengths, by_example=False)[:count])
        calibrator = fit_texts(measurer, groups, captions)
        report(name, make_score(calibrator, measurer), halves, classes[1], captions)
        written[f"{name}/text"] = describe_calibrator(calibrator)
        example = Measurer(texts, measure_units(classes[0], lengths, by_example=True)[:count])
        written[f"{name}/example"] = describe_calibrator(fit_examples(example, classes[0]))
    if options.write:
        CALIBRATORS_FILE.write_text(json.dumps(written) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
