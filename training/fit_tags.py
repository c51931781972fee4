"""Fit the cuts of the tags that the machine gives, measure their precision, and write them into the package.

    PYTHONPATH=.:training python training/fit_tags.py --flickr DIR --photos DIR --kinds DIR --cache DIR [--write]

The images are the 1,000 photos of `dev.txt`, on which the bundled encoder was not trained, 500 ImageNet photos, and
pictures of known kinds that `picture_kinds.py` renders. They are divided into folds. The cut for a fold is fitted on
the others, so each precision is measured on images that the cut was not fitted on. The shipped cut is fitted on all.
Texts find no receipts or maps, so kinds of pictures are recognized by a logistic regression on the same vectors.

Two of the five captions must mention a tag for a photo to count as right, and none for it to count as wrong. Captions
are incomplete, so the true precision is rather higher.
"""

import argparse
import csv
import json
import random
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from visual_data import QueryTexts, read_vectors

from search.encoders.class_names import read_classes
from search.encoders.compact.towers import CompactImageEncoder, CompactQueryClassifier
from search.encoders.runtime import Machine
from search.records import Ids, Vectors
from search.retrieval.visual_scoring import bind_text
from search.scoring.visual import read_calibrators
from search.settings import count_cores
from search.storage.baselines import QueryBank, measure_baselines
from search.tagging.cuts import FITTED_FILE, MIN_PRECISION, PROBES_FILE, Fitted
from search.tagging.vocabulary import PACKAGED_FILE, Entry, TagGroup, read_vocabulary

LABELS_FILE = Path(__file__).parent / "tag_labels.tsv"
# The precision that a cut must reach on the images of the fit, counting one more wrong and one more right image.
WANTED_PRECISION = 0.78
FOLDS = 5
# With fewer images above the cuts, the precision of a tag is not known.
MIN_IMAGES = 5
# The cut of a name with few right images is this far above the highest wrong image, and at least the second.
MARGIN, LOWEST_RARE_CUT = 1.5, 6.0
# Kinds of pictures are distinguished well, so more is wanted.
WANTED_KIND_PRECISION = 0.93
# The log-odds that a probe is fitted to, and the strength of its ridge penalty.
PROBE_TARGET, PROBE_RIDGE = 4.0, 0.003
# An image that the calibrator finds less relevant than this does not get a tag.
LOWEST_CUT = -1.0
# ImageNet classes that are pictures of a kind.
TEXT_CLASSES = {"web site", "menu", "comic book", "crossword puzzle", "book jacket", "envelope", "street sign"}


@dataclass(frozen=True)
class Images:
    """The images with what is known about them.

    Attributes:
        names: The captions of a Flickr photo, the names of an ImageNet class, or the kind of a rendered picture.
        origin: `flickr`, `imagenet` or `kinds`.
        vectors: Shape (n, d).
        folds: The fold of each image, shape (n,).
    """

    names: list[list[str]]
    origin: list[str]
    vectors: Vectors
    folds: Ids


def read_images(options: argparse.Namespace, texts: QueryTexts) -> Images:
    """Embed all images, and divide them into folds."""
    captions: dict[str, list[str]] = {}
    for line in (options.flickr / "captions.tsv").read_text(encoding="utf-8").splitlines():
        name, caption = line.split("\t", 1)
        captions.setdefault(name, []).append(caption.lower())
    classes = {entry.wnid: [*entry.names["en"], *entry.broader] for entry in read_classes()}
    dev = [options.flickr / "images" / name for name in (options.flickr / "dev.txt").read_text().split()]
    photos, kinds = sorted(options.photos.iterdir()), sorted(options.kinds.glob("*/*.jpg"))
    names = [captions[path.name] for path in dev]
    names += [classes[path.name.split("_")[0]] for path in photos]
    names += [[path.parent.name] for path in kinds]
    origin = ["flickr"] * len(dev) + ["imagenet"] * len(photos) + ["kinds"] * len(kinds)
    groups = (("dev", dev), ("photos", photos), ("kinds", kinds))
    vectors = np.concatenate([read_vectors(name, paths, texts, options.cache) for name, paths in groups])
    chance = random.Random(3)
    return Images(names, origin, vectors, np.array([chance.randrange(FOLDS) for _ in names], np.int64))


def read_labels() -> dict[str, tuple[re.Pattern[str] | None, set[str]]]:
    """Return by tag the pattern of captions that mention it and the ImageNet names that it covers."""
    with LABELS_FILE.open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {
            row["name"]: (
                re.compile(row["pattern"]) if row["pattern"] else None,
                set(filter(None, row["classes"].split("|"))),
            )
            for row in rows
        }


def label(entry: Entry, images: Images) -> Vectors:
    """Return 1 for images that show a tag, 0 for those that do not, NaN if that is not known, shape (n,)."""
    pattern, classes = LABELS.get(entry.name, (re.compile(rf"\b{re.escape(entry.name)}(s|es)?\b"), {entry.name}))
    is_class = any(
        classes & set(names) for names, origin in zip(images.names, images.origin, strict=True) if origin == "imagenet"
    )
    labels = np.full(len(images.names), np.nan, np.float32)
    for at, (names, origin) in enumerate(zip(images.names, images.origin, strict=True)):
        if origin == "flickr":
            mentions = sum(bool(pattern.search(name)) for name in names) if pattern is not None else 0
            labels[at] = 1 if mentions >= 2 else 0 if mentions == 0 else np.nan
        elif origin == "kinds":
            labels[at] = entry.name in names
            if names[0] in RELATED.get(entry.name, ()):
                labels[at] = np.nan
        elif entry.group is TagGroup.KIND:
            labels[at] = 1 if classes & set(names) else np.nan if TEXT_CLASSES & set(names) else 0
        elif is_class and entry.group is TagGroup.OBJECT:
            labels[at] = bool(classes & set(names))
        elif is_class and classes & set(names):
            labels[at] = 1
        elif entry.group is TagGroup.ACTIVITY and "sports equipment" not in names:
            labels[at] = 0
    return labels


# Kinds that are also pictures of another kind.
RELATED = {
    "screenshot": ("phone screenshot", "code", "slide (presentation)", "chart", "table of numbers", "diagram", "map"),
    "document": ("receipt", "table of numbers", "sheet music", "diagram", "chart", "slide (presentation)"),
    "chart": ("diagram",),
    "diagram": ("chart",),
    "black and white photo": ("document", "receipt", "drawing", "sheet music", "barcode", "table of numbers"),
    "sign": ("slide (presentation)",),
    "form": ("table of numbers", "receipt", "document"),
    "letter": ("document",),
    "book page": ("document",),
    "poster": ("slide (presentation)",),
    "cartoon": ("drawing",),
    "painting (picture)": ("drawing",),
    "computer": ("screenshot", "code"),
    "phone": ("phone screenshot",),
    "musical instrument": ("sheet music",),
    "house": ("drawing",), "tree": ("drawing",), "person": ("drawing",), "building": ("drawing",),
}  # fmt: skip


def fit_cut(logits: Vectors, labels: Vectors, wanted: float = WANTED_PRECISION) -> float | None:
    """Return the lowest cut with the wanted precision; None if there is none."""
    known = ~np.isnan(labels)
    order = np.argsort(-logits[known])
    scores, right = logits[known][order], np.cumsum(labels[known][order])
    shown = np.arange(1, len(scores) + 1)
    good = np.flatnonzero(((right + 1) / (shown + 2) >= wanted) & (scores >= LOWEST_CUT))
    if not len(good):
        return None
    last = int(good[-1])
    following = scores[last + 1] if last + 1 < len(scores) else scores[last] - 1
    return max(LOWEST_CUT, float(scores[last] + following) / 2)


def judge(logits: Vectors, labels: Vectors, folds: Ids, wanted: float = WANTED_PRECISION) -> Fitted:
    """Fit a cut on all images, and measure its precision and recall with cuts fitted on the other folds."""
    cuts = [fit_cut(logits[folds != fold], labels[folds != fold], wanted) for fold in range(FOLDS)]
    found = count_above([(logits, labels, cuts)], folds)
    cut = fit_cut(logits, labels, wanted)
    is_given = cut is not None and found.images >= MIN_IMAGES and (found.precision or 0) >= MIN_PRECISION
    return replace(found, cut=round(cut, 3) if is_given and cut is not None else None)


def find_highest_wrong(logits: Vectors, labels: Vectors) -> float:
    """Return a cut above all images that are known not to show a tag."""
    return max(LOWEST_RARE_CUT, float(logits[labels == 0].max())) + MARGIN


def judge_together(rows: Sequence[tuple[Vectors, Vectors]], folds: Ids) -> Fitted:
    """Measure tags together that have few right images. The cut of each is above all images known to be wrong."""
    judged = [
        (logits, labels, [find_highest_wrong(logits[folds != fold], labels[folds != fold]) for fold in range(FOLDS)])
        for logits, labels in rows
    ]
    return replace(count_above(judged, folds), is_pooled=True)


def count_above(rows: Sequence[tuple[Vectors, Vectors, list[float | None]]], folds: Ids) -> Fitted:
    """Return the precision and recall of the images of each fold above the cuts for that fold.

    Args:
        rows: For each tag the log-odds and the labels of the images, shape (n,), and the cut for each fold.
        folds: The fold of each image, shape (n,).
    """
    shown = right = wanted = 0
    for logits, labels, cuts in rows:
        wanted += int((labels == 1).sum())
        for fold, cut in enumerate(cuts):
            if cut is not None:
                above = (folds == fold) & ~np.isnan(labels) & (logits >= cut)
                shown += int(above.sum())
                right += int((labels[above] == 1).sum())
    precision = round(right / shown, 3) if shown >= MIN_IMAGES else None
    return Fitted(None, precision, round(right / wanted, 3) if wanted else None, shown)


def fit_probe(vectors: Vectors, labels: Vectors) -> Vectors:
    """Fit a ridge regression of log-odds, and return its weights and, as the last value, its bias, shape (d + 1,)."""
    known = ~np.isnan(labels)
    inputs = np.concatenate([vectors[known], np.ones((int(known.sum()), 1), np.float32)], axis=1)
    right = labels[known] == 1
    balance = np.where(right, len(right) / right.sum(), len(right) / (~right).sum()).astype(np.float32)
    weighted = inputs * balance[:, None]
    gram = inputs.T @ weighted + PROBE_RIDGE * len(right) * np.eye(inputs.shape[1], dtype=np.float32)
    result: Vectors = np.linalg.solve(gram, weighted.T @ np.where(right, PROBE_TARGET, -PROBE_TARGET)).astype(
        np.float32
    )
    return result


def apply_probe(weights: Vectors, vectors: Vectors) -> Vectors:
    """Return the log-odds of images, shape (n,)."""
    result: Vectors = vectors @ weights[:-1] + weights[-1]
    return result


def judge_kind(images: Images, labels: Vectors) -> tuple[Fitted, Vectors]:
    """Fit the probe of a kind of picture. Its cut is fitted on log-odds from probes of the other folds."""
    logits = np.zeros(len(labels), np.float32)
    for fold in range(FOLDS):
        probe = fit_probe(images.vectors[images.folds != fold], labels[images.folds != fold])
        logits[images.folds == fold] = apply_probe(probe, images.vectors[images.folds == fold])
    return judge(logits, labels, images.folds, WANTED_KIND_PRECISION), fit_probe(images.vectors, labels)


def score(entries: Sequence[Entry], images: Images, texts: QueryTexts) -> list[Vectors]:
    """Return the log-odds of all images for each entry."""
    encoder = CompactImageEncoder(texts.files, texts.encoder, Machine(count_cores()))
    classifier = CompactQueryClassifier(texts.files, texts.encoder)
    baselines = measure_baselines(images.vectors, QueryBank(encoder.bank, encoder.parts))
    queries = [entry.query for entry in entries]
    kinds, likeness = classifier.measure_kinds(queries), classifier.measure_class_likeness(queries)
    calibrator = read_calibrators()["compact/text"]
    return [
        bind_text(calibrator, encoder, query, kinds[at], float(likeness[at])).score(images.vectors, baselines)
        for at, query in enumerate(queries)
    ]


LABELS = read_labels()


def main() -> None:
    """Fit and measure all cuts, print them, and write them if `--write` is passed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("flickr", "photos", "kinds", "cache"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    texts = QueryTexts(options.cache)
    images = read_images(options, texts)
    entries = read_vocabulary(PACKAGED_FILE).entries
    fitted, probes, rare = {}, {}, {}
    for entry, logits in zip(entries, score(entries, images, texts), strict=True):
        labels = label(entry, images)
        right = int((labels == 1).sum())
        if entry.group is TagGroup.KIND and right >= MIN_IMAGES:
            fitted[entry.query], probes[entry.query] = judge_kind(images, labels)
            continue
        fitted[entry.query] = judge(logits, labels, images.folds)
        is_class = any(images.origin[at] == "imagenet" for at in np.flatnonzero(labels == 1))
        if fitted[entry.query].precision is None and is_class and entry.group is TagGroup.OBJECT:
            rare[entry.query] = logits, labels
    together = judge_together(list(rare.values()), images.folds)
    for query, (logits, labels) in rare.items():
        cut = find_highest_wrong(logits, labels)
        is_found = bool((logits[labels == 1] >= cut).any()) and (together.precision or 0) >= MIN_PRECISION
        fitted[query] = replace(together, cut=round(cut, 3) if is_found else None)
    for entry in entries:
        print(f"{entry.name:24} {entry.group:9} {fitted[entry.query]}")
    given = sum(one.cut is not None for one in fitted.values())
    print(f"{given} of {len(fitted)} tags are given; {len(rare)} were measured together: {together}")
    if options.write:
        lines = (f"{json.dumps(query)}: {json.dumps(asdict(values))}" for query, values in fitted.items())
        FITTED_FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
        given_probes = {query: probe for query, probe in probes.items() if fitted[query].cut is not None}
        np.savez(PROBES_FILE, queries=np.array(list(given_probes)), weights=np.stack(list(given_probes.values())))


if __name__ == "__main__":
    main()
