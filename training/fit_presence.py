"""Fit the presence decision (whether a library has any match for a text), and write it into the package.

    PYTHONPATH=.:benchmarks/evaluation python training/fit_presence.py --flickr DIR --photos DIR --cache DIR [--write]

The queries are the fit halves of concepts, captions, names, absent things and nonsense, in libraries of 30 to 7,500
photos. The training photos only enlarge the libraries. The cut is where 1 % of the queries with a match would be
answered with "nothing relevant".
"""

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from everyday import read_captions, read_concepts, split_photos
from fit_visual import list_questions
from sklearn.linear_model import LogisticRegression
from texts import describe_absent, make_mash, make_nonsense, make_syllables, read_absent
from visual_data import EmbeddedImages, QueryTexts, embed_images, split_classes
from visual_measures import Measurer

from search.encoders.class_names import read_classes
from search.encoders.compact.towers import CompactQueryClassifier
from search.evaluation.metrics import compute_auroc
from search.records import Ids, Vectors
from search.scoring.presence import PRESENCE_FILE, QueryWording, measure_presence
from search.scoring.visual import read_calibrators
from search.storage.baselines import COLUMNS
from training.compact.data import read_check

# The numbers of photos of the libraries.
SIZES = (30, 100, 300, 500, 1500, 7500)
# The share of queries with a match that may be answered with "nothing relevant".
MAX_MISSED = 0.01
# The weights of the kinds of queries.
PRESENT = {"concept": 4.0, "caption": 1.0, "name": 1.0, "foreign": 1.0}
WEIGHTS = PRESENT | {"absent": 2.0, "described": 0.7, "nonsense": 2.0, "question": 0.7}


@dataclass(frozen=True)
class LabeledQuery:
    """A query.

    Attributes:
        text: The query.
        answers: The file names of the photos that match; empty if there are none.
        kind: The kind of query, a key of `WEIGHTS`.
    """

    text: str
    answers: frozenset[str]
    kind: str


def list_queries(flickr: Path, photos: Sequence[Path], split: str) -> list[LabeledQuery]:
    """Return the queries of a split.

    Args:
        flickr: The folder of captioned photos.
        photos: The ImageNet photos of the split, named `wnid_name.jpg`.
        split: `fit` or `judge`.
    """
    captions, names = read_captions(flickr), split_photos(flickr, split)
    queries = []
    for concept in read_concepts(split):
        strong = frozenset(name for name, grade in concept.grade_photos(names, captions).items() if grade == 2)
        queries.append(LabeledQuery(concept.text, strong, "concept"))
    queries += [LabeledQuery(captions[name][at % 5], frozenset([name]), "caption") for at, name in enumerate(names)]
    classes, check = {one.wnid: one for one in read_classes()}, read_check()
    for path in photos:
        wnid = path.name.split("_")[0]
        queries.append(LabeledQuery(classes[wnid].names["en"][0], frozenset([path.name]), "name"))
        queries += [LabeledQuery(name, frozenset([path.name]), "foreign") for name in check.get(wnid, {}).values()]
    half = "fit" if split == "fit" else "test"
    nothing = {"absent": read_absent(half), "described": describe_absent(half)}
    nothing["nonsense"] = make_nonsense(half) + make_mash(half) + make_syllables(half)
    nothing["question"] = list_questions()[0 if split == "fit" else 1 :: 2]
    return [one for one in queries if one.answers] + [
        LabeledQuery(text, frozenset(), kind) for kind, texts in nothing.items() for text in texts
    ]


class ImageScorer:
    """Scores all images for a text, in the same way as the engine."""

    def __init__(self, texts: QueryTexts, images: EmbeddedImages, name: str) -> None:
        self.images = images
        self._texts = texts
        self._classifier = CompactQueryClassifier(texts.files, texts.encoder)
        self._calibrator = read_calibrators()[name]
        self._measurer = Measurer(texts, self._calibrator.units)
        self._vectors = self._measurer.narrow(images.vectors)
        self._baselines = images.baselines[:, : COLUMNS * len(self._calibrator.units)]

    def score(self, text: str) -> tuple[Vectors, Vectors, QueryWording]:
        """Return the log-odds (n,), the measures (n, m), and the description of the text."""
        vector, traits = self._measurer.describe(text, self.images)
        scorer = self._calibrator.bind(vector, traits, self._measurer.recognize(text))
        measured = scorer.measure_images(self._vectors, self._baselines)
        name, scene, other = self._texts.files.measure_kinds(self._texts.embed([text]))[0].tolist()
        wording = QueryWording(self._classifier.measure_oddness(text), name / max(name + scene, 1e-6), other)
        return scorer.score_measures(measured), measured, wording


def draw_libraries(core: int, total: int) -> list[Ids]:
    """Draw a random library of each size. The first `core` images are used before the others.

    Args:
        core: The number of images that are used first.
        total: The number of all images.

    Returns:
        The indexes of the images of each library.
    """
    rng = np.random.default_rng(0)
    first, others = rng.permutation(core), core + rng.permutation(total - core)
    return [np.concatenate([first[:size], others[: max(0, size - core)]]) for size in SIZES]


def measure(
    scorer: ImageScorer, queries: Sequence[LabeledQuery], libraries: Sequence[Ids]
) -> tuple[Vectors, list[tuple[int, LabeledQuery]]]:
    """Measure every query in every library. Queries with matches are skipped in libraries that have none of them.

    Returns:
        The features (q, f), and for each row the number of the library and the query.
    """
    rows, cases = [], []
    for one in queries:
        logits, measured, wording = scorer.score(one.text)
        for number, library in enumerate(libraries):
            present_names = {scorer.images.names[at] for at in library} if one.answers else set()
            if not one.answers or one.answers & present_names:
                rows.append(measure_presence(logits[library], measured[library], wording))
                cases.append((number, one))
    return np.stack(rows), cases


def report(title: str, logits: Vectors, cases: Sequence[tuple[int, LabeledQuery]]) -> None:
    """Print the share of queries that are answered with "nothing relevant", by size of the library and kind."""
    for number, size in enumerate(SIZES):
        line = []
        present = [x for x, (at, one) in zip(logits, cases, strict=True) if at == number and one.answers]
        for kind in WEIGHTS:
            found = [x for x, (at, one) in zip(logits, cases, strict=True) if at == number and one.kind == kind]
            auroc = f" ({compute_auroc(present, found):.3f})" if kind in ("absent", "nonsense") else ""
            line.append(f"{kind} {np.mean(np.array(found) < 0):.3f}{auroc}")
        print(f"{title:6} {size:5}: {'  '.join(line)}", flush=True)


def main() -> None:
    """Fit and evaluate the decision, and write it if `--write` is passed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("flickr", "photos", "cache"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    texts = QueryTexts(options.cache)
    around = [options.flickr / "images" / name for name in (options.flickr / "train.txt").read_text().split()]
    filler = embed_images("train", around, texts, options.cache)
    classes = split_classes(options.photos)
    libraries = {}
    for number, split in enumerate(("fit", "judge")):
        paths = [options.flickr / "images" / name for name in split_photos(options.flickr, split)]
        own = [
            embed_images(f"dev-{split}", paths, texts, options.cache),
            embed_images(f"classes-{number}", classes[number], texts, options.cache),
        ]
        libraries[split] = join_images([*own, filler]), sum(len(one.names) for one in own)
    written = {}
    for parts, name in ((2, "compact/text"), (1, "any/text")):
        measured = {}
        for number, (split, (images, core)) in enumerate(libraries.items()):
            queries = list_queries(options.flickr, classes[number], split)
            texts.embed([one.text for one in queries])
            drawn = draw_libraries(core, len(images.names))
            measured[split] = measure(ImageScorer(texts, images, name), queries, drawn)
        fitted, bias = fit(*measured["fit"])
        for split, (features, cases) in measured.items():
            report(f"{name} {split}", features @ fitted + bias, cases)
        print(np.round(fitted, 2).tolist(), round(bias, 3), flush=True)
        written[parts] = {"bias": round(bias, 4), "weights": np.round(fitted, 4).tolist()}
    if options.write:
        PRESENCE_FILE.write_text(json.dumps(written) + "\n", encoding="utf-8")


def join_images(groups: Sequence[EmbeddedImages]) -> EmbeddedImages:
    """Return several groups of images as one, with the text encoder of the last group."""
    return replace(
        groups[-1],
        names=[name for one in groups for name in one.names],
        vectors=np.concatenate([one.vectors for one in groups]),
        baselines=np.concatenate([one.baselines for one in groups]),
    )


def fit(rows: Vectors, cases: Sequence[tuple[int, LabeledQuery]]) -> tuple[Vectors, float]:
    """Fit a logistic regression to the results of `measure`; return its weights (f,) and its bias."""
    label = np.array([bool(one.answers) for _, one in cases])
    counts = Counter((number, one.kind) for number, one in cases)
    weights = np.array([WEIGHTS[one.kind] / counts[number, one.kind] for number, one in cases])
    mean, deviation = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    model = LogisticRegression(C=10.0, max_iter=3000)
    model.fit((rows - mean) / deviation, label, sample_weight=weights * len(rows) / weights.sum())
    fitted = (model.coef_[0] / deviation).astype(np.float32)
    present = rows[label] @ fitted
    order = np.argsort(present)
    share = np.cumsum(weights[label][order]) / weights[label].sum()
    return fitted, -float(present[order][np.searchsorted(share, MAX_MISSED)])


if __name__ == "__main__":
    main()
