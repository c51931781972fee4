"""Fit the calibrators of the visual retriever and write them into the package.

    PYTHONPATH=.:benchmarks/evaluation python training/fit_visual.py --flickr DIR --photos DIR --cache DIR
        [--folds DIR] [--write]

Every calibrator is a logistic regression over what `search.scoring.visual.measure` measures. What is fitted on and what
is judged by never meet: `dev.txt` is halved, so are the ImageNet classes, and the concepts are in two lists. The
constant is then moved so that probability 0.5 is where the mean F1 over the fit concepts is highest.
"""

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from everyday import read_captions, read_concepts, split_photos
from sklearn.linear_model import LogisticRegression
from texts import describe_absent, make_nonsense, read_absent
from visual_data import (
    Labelled,
    Pictures,
    Texts,
    embed_pictures,
    label_captions,
    label_classes,
    label_concepts,
    label_nothing,
    label_words,
    read_folds,
    split_classes,
)

from search.models.compact.training.data import read_classes, read_sentences
from search.records import Vectors
from search.scoring.visual import CALIBRATORS_FILE, MEASURES, Unit, VisualCalibrator, describe_text, measure

# How many of the traits multiply the measures: whether it is a name, whether it is neither, how long it is.
CROSSED = 3
EASY_SHARE = 0.1
HARD = 1.2
DECAY = 0.003
WEIGHTS = {"concept": 2.0, "word": 0.5, "caption": 0.7, "name": 0.4, "foreign": 0.2, "group": 1.0}
CUTS = np.arange(-6.0, 2.01, 0.1)


@dataclass(frozen=True)
class Rows:
    """Examples: measures (n, m), traits (n, t), labels (n,), weights (n,)."""

    measures: Vectors
    traits: Vectors
    labels: Vectors
    weights: Vectors


class Query:
    """Measures pictures for texts, with units and parts that a calibrator has."""

    def __init__(self, texts: Texts, units: tuple[Unit, ...]) -> None:
        self._texts = texts
        self.units = units
        self._traits: dict[tuple[int, str], tuple[Vectors, Vectors]] = {}

    def embed(self, texts: Sequence[str]) -> None:
        """Embed texts at once; those that were embedded before are known."""
        self._texts.embed(texts)

    def describe(self, text: str, pictures: Pictures) -> tuple[Vectors, Vectors]:
        """Return the vector (d,) and the traits (t,) of a text."""
        key = (id(pictures.bank), text)
        if key not in self._traits:
            from search.store.analysis import analyze

            row = self._texts.embed([text])
            width = sum(unit.length for unit in self.units)
            vector = pictures.embed(row)[0, :width]
            kinds = self._texts.files.measure_kinds(row)[0]
            words = len(analyze(text).pieces)
            self._traits[key] = vector, describe_text(vector, pictures.bank[:, :width], self.units, kinds, words)
        return self._traits[key]

    def measure(self, text: str, pictures: Pictures) -> tuple[Vectors, Vectors]:
        """Return the measures (n, m) of pictures and the traits (t,) of the text."""
        vector, traits = self.describe(text, pictures)
        vectors = pictures.vectors[:, : len(vector)]
        if len(self.units) == 1:  # a part by itself has all of the length
            vectors = vectors * np.float32(2**0.5)
        return measure(vector, vectors, pictures.baselines, self.units), traits


def expand(measures: Vectors, traits: Vectors) -> Vectors:
    """Return what the logistic regression weighs: measures, measures times traits, traits."""
    crossed = [measures, *(measures * traits[:, at : at + 1] for at in range(CROSSED)), traits]
    return np.concatenate(crossed, axis=1).astype(np.float32)


def collect(query: Query, pictures: Pictures, labelled: Iterable[Labelled], chance: np.random.Generator) -> Rows:
    """Measure all pictures for all queries; of easy negatives a tenth, each for ten."""
    parts: list[tuple[Vectors, ...]] = []
    queries = list(labelled)
    query.embed([one.text for one in queries])
    for one in queries:
        measures, traits = query.measure(one.text, pictures)
        known = ~np.isnan(one.labels)
        standing = measures[:, MEASURES.index("standing") :: len(MEASURES)].max(axis=1)
        hard = known & ((one.labels == 1) | (standing > HARD))
        easy = known & ~hard & (chance.random(len(known)) < EASY_SHARE)
        chosen = hard | easy
        weights = np.where(hard, 1.0, 1 / EASY_SHARE)[chosen] * one.weight / known.sum()
        tiled = np.repeat(traits[None], chosen.sum(), axis=0)
        parts.append((measures[chosen], tiled, one.labels[chosen], weights.astype(np.float32)))
    return Rows(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def list_questions() -> list[str]:
    """Return questions and statements in six languages that no picture answers."""
    classes = read_classes()
    texts = []
    for language, sentences in read_sentences("other").items():
        for number, sentence in enumerate(sentences[::3]):
            texts.append(sentence.format(classes[(37 * number) % len(classes)].names[language][0]))
    return texts


def measure_units(pictures: Pictures, lengths: Sequence[int]) -> tuple[Unit, ...]:
    """Return where unrelated texts and pictures are in each part."""
    units, low = [], 0
    for length in lengths:
        products = pictures.vectors[:, low : low + length] @ pictures.bank[:, low : low + length].T * 2**0.5
        units.append(Unit(length, round(float(products.mean()), 5), round(float(products.std()), 5)))
        low += length
    return tuple(units)


def fit(rows: Rows, units: tuple[Unit, ...]) -> VisualCalibrator:
    """Fit a calibrator; its constant is still to be moved."""
    x = expand(rows.measures, rows.traits)
    mean, deviation = x.mean(axis=0), x.std(axis=0) + 1e-6
    weights = rows.weights * len(x) / rows.weights.sum()
    model = LogisticRegression(C=1 / (DECAY * len(x)), max_iter=400)
    model.fit((x - mean) / deviation, rows.labels, sample_weight=weights)
    fitted = model.coef_[0] / deviation
    bias = float(model.intercept_[0] - fitted @ mean)
    columns = rows.measures.shape[1] * (1 + CROSSED)
    crossed = fitted[:columns].reshape(1 + CROSSED, -1)
    return VisualCalibrator(units, crossed.astype(np.float32), fitted[columns:].astype(np.float32), bias)


def measure_shown(scores: Vectors, strong: Vectors, weak: Vectors, cuts: Vectors) -> Vectors:
    """Return precision, recall and F1 of what is above each cut, shape (cuts, 3)."""
    shown = scores[None] > cuts[:, None]
    count = shown.sum(axis=1)
    precision = np.where(count, (shown & weak).sum(axis=1) / np.maximum(count, 1), 0.0)
    recall = (shown & strong).sum(axis=1) / strong.sum()
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
    return np.stack([precision, recall, f1], axis=1)


Score = Callable[[str, Pictures], Vectors]


def judge_concepts(
    score: Score, pictures: Pictures, captions: dict[str, list[str]], split: str, cuts: Vectors, least: int = 3
) -> tuple[Vectors, Vectors]:
    """Return the mean precision, recall and F1 at each cut (cuts, 3), and the means of best F1 and precision@20."""
    figures, ranking = [], []
    for concept in read_concepts(split):
        mentions = np.array([sum(bool(concept.pattern.search(one)) for one in captions[n]) for n in pictures.names])
        strong, weak = mentions >= 3, mentions >= 1
        if strong.sum() < least:
            continue
        scores = score(concept.text, pictures)
        figures.append(measure_shown(scores, strong, weak, cuts))
        best = measure_shown(scores, strong, weak, np.sort(scores) - 1e-6)[:, 2].max()
        ranking.append((best, weak[np.argsort(-scores)[:20]].mean()))
    return np.mean(figures, axis=0), np.mean(ranking, axis=0)


def make_score(calibrator: VisualCalibrator, query: Query) -> Score:
    """Return what scores pictures for a text."""

    def score(text: str, pictures: Pictures) -> Vectors:
        measures, traits = query.measure(text, pictures)
        factors = np.concatenate([np.ones(1, np.float32), traits[:CROSSED]])
        result: Vectors = measures @ (factors @ calibrator.weights) + (calibrator.bias + traits @ calibrator.traits)
        return result

    return score


def find_rank(scores: Vectors, place: int) -> int:
    """Return how many are before the one at a place."""
    return int((scores > scores[place]).sum())


def main() -> None:
    """Fit, judge, and write on request."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("flickr", "photos", "cache"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--folds", type=Path)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    texts, captions = Texts(options.cache), read_captions(options.flickr)
    halves = {
        split: embed_pictures(
            f"dev-{split}", [options.flickr / "images" / n for n in split_photos(options.flickr, split)], texts, options.cache
        )
        for split in ("fit", "judge")
    }
    classes = [
        embed_pictures(f"classes-{number}", paths, texts, options.cache)
        for number, paths in enumerate(split_classes(options.photos))
    ]
    folds = read_folds(options.folds, texts) if options.folds else []
    lengths = texts.files.picture_parts
    written: dict[str, Any] = {}
    texts.embed([one.text for split in ("fit", "judge") for one in read_concepts(split)])
    for name, count in (("compact", 2), ("any", 1)):
        units = measure_units(halves["fit"], lengths)[:count]
        query = Query(texts, units)
        chance = np.random.default_rng(0)
        rows: list[Rows] = []
        for group in (halves["fit"], *folds):
            share = len(group.names) / len(halves["fit"].names)
            some = list(label_concepts(group, captions, WEIGHTS["concept"]))
            some += label_words(group, captions, WEIGHTS["word"])
            chosen = label_captions(group, captions, WEIGHTS["caption"] / share)
            some += [one for at, one in enumerate(chosen) if at % max(1, round(share)) == 0]
            some += label_nothing(group, read_absent("fit"), 0.3, "absent")
            some += label_nothing(group, describe_absent("fit"), 0.2, "absent")
            some += label_nothing(group, make_nonsense("fit"), 0.15, "nonsense")
            some += label_nothing(group, list_questions(), 0.15, "question")
            rows.append(collect(query, group, some, chance))
        some = list(label_classes(classes[0], WEIGHTS)) + list(label_nothing(classes[0], read_absent("fit"), 0.3, "absent"))
        rows.append(collect(query, classes[0], some, chance))
        joined = Rows(*(np.concatenate([getattr(one, field) for one in rows]) for field in Rows.__dataclass_fields__))
        calibrator = fit(joined, units)
        score = make_score(calibrator, query)
        curves = [judge_concepts(score, group, captions, "fit", CUTS)[0] for group in (halves["fit"], *folds)]
        cut = float(CUTS[np.mean(curves, axis=0)[:, 2].argmax()])
        report(name, query, score, cut, halves, classes[1], captions)
        written[f"{name}/text"] = {
            "units": [vars(unit) for unit in units],
            "weights": np.round(calibrator.weights, 4).tolist(),
            "traits": np.round(calibrator.traits, 4).tolist(),
            "bias": round(calibrator.bias - cut, 4),
        }
    if options.write:
        known = json.loads(CALIBRATORS_FILE.read_text()) if CALIBRATORS_FILE.exists() else {}
        CALIBRATORS_FILE.write_text(json.dumps(known | written) + "\n", encoding="utf-8")


def report(
    name: str, query: Query, score: Score, cut: float, halves: dict[str, Pictures], classes: Pictures, captions: dict[str, list[str]]
) -> None:
    """Print how the judged halves come out."""
    from search.models.compact.training.data import read_check, read_classes

    for split in ("fit", "judge"):
        shown, ranking = judge_concepts(score, halves[split], captions, split, np.array([cut]))
        p, r, f = shown[0]
        print(f"{name:8} {split:6} cut {cut:5.2f}  P {p:.3f} R {r:.3f} F1 {f:.3f} best {ranking[0]:.3f} "
              f"ratio {f / ranking[0]:.2f} P@20 {ranking[1]:.3f}", flush=True)
    judge = halves["judge"]
    query.embed([*(captions[n][at % 5] for at, n in enumerate(judge.names)), *(w for one in read_check().values() for w in one.values())])
    ranks = [find_rank(score(captions[n][at % 5], judge), at) for at, n in enumerate(judge.names)]
    names = {one.wnid: one.names["en"][0] for one in read_classes()}
    check = read_check()
    owners = [one.split("_")[0] for one in classes.names]
    first = [find_rank(score(names[wnid], classes), at) for at, wnid in enumerate(owners)]
    foreign = [find_rank(score(w, classes), at) for at, wnid in enumerate(owners) for w in check.get(wnid, {}).values()]
    print(f"{name:8} captions R@10 of 500 {np.mean(np.array(ranks) < 10):.3f}  class R@1 {np.mean(np.array(first) < 1):.3f}"
          f"  foreign R@1 {np.mean(np.array(foreign) < 1):.3f}", flush=True)


if __name__ == "__main__":
    main()
