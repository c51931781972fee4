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
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from everyday import read_captions, read_concepts, split_photos
from texts import describe_absent, make_nonsense, read_absent
from visual_data import (
    EmbeddedImages,
    Labeled,
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
from visual_measures import Measurer, collect, measure_units
from visual_network import fit_calibrator
from visual_quality import CUTS, Captions, Score, judge_concepts, measure_shown, report

from search.encoders.class_names import read_classes
from search.records import Vectors
from search.scoring.visual import (
    CALIBRATORS_FILE,
    Recognition,
    VisualCalibrator,
    VisualScorer,
    describe_calibrator,
)
from search.storage.baselines import COLUMNS
from training.compact.data import read_check, read_sentences

# The weights of queries with answers and of queries without answers, by kind.
WEIGHTS = {"concept": 2.0, "word": 0.5, "caption": 0.7, "name": 1.2, "foreign": 0.4, "group": 1.0}
NOTHING = {"absent": 0.3, "described": 0.2, "nonsense": 0.15, "question": 0.1}
# The recognition by the object part of `compact`, chosen on the fit halves of names and concepts. A slope of 2 raises
# R@1 of names from 89 to 92 %. (A slope of 3 raises it to 93 %, but lowers the best F1 of concepts.) The center is
# chosen so that the cut stays the same.
RECOGNITION = Recognition(part=1, slope=2.0, center=4.0)


def list_questions() -> list[str]:
    """Return questions and statements in six languages that no image matches."""
    classes = read_classes()
    return [
        sentence.format(classes[(37 * number) % len(classes)].names[language][0])
        for language, sentences in read_sentences("other").items()
        for number, sentence in enumerate(sentences[::3])
    ]


def label_captioned(images: EmbeddedImages, captions: Captions) -> Iterator[Labeled]:
    """Yield all labeled queries for captioned photos."""
    yield from label_concepts(images, captions, WEIGHTS["concept"])
    yield from label_words(images, captions, WEIGHTS["word"])
    step = max(1, round(len(images.names) / 500))
    yield from list(label_captions(images, captions, WEIGHTS["caption"]))[::step]
    yield from label_nothing(images, read_absent("fit"), NOTHING["absent"], "absent")
    yield from label_nothing(images, describe_absent("fit"), NOTHING["described"], "absent")
    yield from label_nothing(images, make_nonsense("fit"), NOTHING["nonsense"], "nonsense")
    yield from label_nothing(images, list_questions(), NOTHING["question"], "question")


def make_score(calibrator: VisualCalibrator, measurer: Measurer) -> Score:
    """Return a function that computes the log-odds of images for a text, shape (n,)."""

    def score(text: str, images: EmbeddedImages) -> Vectors:
        vector, traits = measurer.describe(text, images)
        baselines = images.baselines[:, : COLUMNS * len(measurer.units)]
        scorer = calibrator.bind(vector, traits, measurer.recognize(text))
        return scorer.score(measurer.narrow(images.vectors), baselines)

    return score


def fit_texts(
    measurer: Measurer, groups: Sequence[tuple[EmbeddedImages, list[Labeled]]], captions: Captions
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
