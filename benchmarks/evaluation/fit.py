"""Learns the weights of `search/ranking/curves.json` from queries with known answers.

    python benchmarks/evaluation/fit.py --home HOME --out OUT --photos DIR --flickr DIR --speech DIR [--write]

OUT is what `build_library.py` made; the home must hold OUT/library and OUT/hay. Each curve is a logistic
regression over what `search.ranking.calibration.compute_features` gives, on the `fit` halves of the queries,
in libraries of several sizes at once; right and wrong weigh the same in all. The bias is then moved so that of the
core queries a stated share falls below the cut: hiding what is there is worse than showing what is not.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from asked import Asked, ask_descriptions, ask_meanings, ask_names, ask_pictures
from shelf import (
    Shelf,
    fit_logistic,
    make_libraries,
    make_small_libraries,
    measure_priors,
    read_shelf,
)

from search.evaluation.metrics import compute_auroc
from search.library import open_library
from search.ranking.calibration import (
    CURVES_FILE,
    SPOKEN,
    Curve,
    Curves,
    describe_curves,
    measure_background,
    read_curves,
)
from search.records import Lane, Vectors
from search.settings import read_settings

NEAREST = 5
ROUNDS = 4
DEPTH = 256
DECAY = 1.0
# Everything is also asked in this many small libraries cut from a larger one: most people begin with few.
SMALL = 20
# What is absent from those weighs less: who tries with a few photos should rather see too much.
SMALL_WEIGHT = 0.5
# The share of core queries of which nothing may reach the cut; names that texts hold are found by their words too.
LOST = {"name": 0.0195, "description": 0.05, "meaning by name": 0.34, "meaning": 0.03}
# As how many photos a library counts at most when one is looked for by name. By this, as much of what is absent is told
# among 500 as among 7,500; the few answers that lie near the cut say it no more exactly than that it is some hundreds.
CROWD = 300


@dataclass(frozen=True)
class Example:
    """Candidates of a query in one library, all right or all wrong: features (n, k).

    nearest: of core queries the features of the nearest candidates, right or wrong: they are seen.
    """

    features: Vectors
    right: bool
    weight: float
    nearest: Vectors | None = None


def collect(shelves: Sequence[Shelf], queries: Sequence[Asked], prior: Curve) -> list[Example]:
    """Look every query up in every library."""
    examples = []
    for shelf in shelves:
        sample = shelf.sample()
        held = set(shelf.paths)
        for one in queries:
            if one.answers and held.isdisjoint(one.answers):
                continue
            background = measure_background(one.vector, sample, prior)
            order = np.argsort(-(shelf.vectors @ one.vector)).tolist()
            nearest = order[:NEAREST]
            seen = shelf.measure(one.vector, background, prior, nearest) if one.core else None
            if one.alike is not None:
                spared = one.answers | one.alike
                wrong = [at for at in order[: len(spared) + NEAREST] if shelf.paths[at] not in spared][:NEAREST]
                examples.append(Example(shelf.measure(one.vector, background, prior, wrong), False, one.weight))
            if one.answers:
                # One that is not found at all teaches nothing of where the cut should be.
                nearest = [at for at in nearest if shelf.paths[at] in one.answers]
            if nearest:
                rows = shelf.measure(one.vector, background, prior, nearest)
                weight = one.weight if one.answers else one.weight * shelf.share
                examples.append(Example(rows, bool(one.answers), weight, seen))
    return examples


def fit_curve(
    title: str,
    shelves: Sequence[Shelf],
    queries: Sequence[Asked],
    lost: float | None,
    size: float | None = None,
    crowd: int | None = None,
) -> Curve:
    """Fit the curve of one kind of query.

    lost: the share of core queries whose answer may fall below the cut; size: what the size of the library weighs,
    where that is not to be fitted; crowd: as in Curve.
    """
    prior = replace(measure_priors(shelves[-1], [one.vector for one in queries]), crowd=crowd)
    examples = collect(shelves, queries, prior)
    label = np.array([float(one.right) for one in examples])
    weight = np.array([one.weight for one in examples])
    for value in (0.0, 1.0):
        weight[label == value] *= 500 / weight[label == value].sum()
    fitted = np.zeros(len(shelves[0].parts) + 3, np.float32)
    fitted[: len(shelves[0].parts)] = 1
    for _ in range(ROUNDS):
        # The candidate that counts is the one that scores best, which depends on the weights.
        chosen = np.stack([one.features[(one.features @ fitted[:-1]).argmax()] for one in examples])
        fitted = fit_upward(chosen, label, weight, len(shelves[0].parts), size)
    logits = np.array([(one.features @ fitted[:-1]).max() + fitted[-1] for one in examples])
    seen = np.array([(one.nearest @ fitted[:-1]).max() + fitted[-1] for one in examples if one.nearest is not None])
    bias = float(fitted[-1])
    if lost is not None:
        bias -= float(np.quantile(seen, lost))
    shown = logits - fitted[-1] + bias > 0
    print(
        f"{title:22} weights {[round(float(one), 2) for one in fitted]} bias {bias:.2f}; answers shown "
        f"{shown[label == 1].mean():.1%}, irrelevant shown {shown[label == 0].mean():.1%}; "
        f"AUROC {compute_auroc(logits[label == 1].tolist(), logits[label == 0].tolist()):.3f}"
    )
    parts = tuple(
        replace(part, weight=round(float(value), 4)) for part, value in zip(prior.parts, fitted, strict=False)
    )
    return Curve(parts, round(bias, 4), round(float(fitted[-3]), 4), round(float(fitted[-2]), 4), crowd)


def fit_upward(features: Vectors, label: Vectors, weight: Vectors, parts: int, size: float | None = None) -> Vectors:
    """Fit with no negative weight on a standard score: being nearer never counts against a candidate."""
    kept = np.ones(features.shape[1], bool)
    known = np.zeros(len(features), np.float32)
    if size is not None:
        kept[-1] = False
        known = features[:, -1] * np.float32(size)
    while True:
        fitted = np.zeros(features.shape[1] + 1, np.float32)
        fitted[[*np.flatnonzero(kept).tolist(), -1]] = fit_logistic(features[:, kept], label, weight, known, DECAY)
        if size is not None:
            fitted[-2] = size
        wrong = np.flatnonzero(fitted[:parts] < 0)
        if not len(wrong):
            return fitted
        kept[wrong] = False


def main() -> None:
    """Fit every curve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("home", "out", "photos", "flickr", "speech"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--write", action="store_true", help="write curves.json")
    options = parser.parse_args()
    library = open_library(read_settings(home=options.home))
    pictures, passages = (read_shelf(library, lane) for lane in (Lane.PICTURE, Lane.MEANING))
    options.names = json.loads((options.out / "names.json").read_text(encoding="utf-8"))
    root = str((options.out / "library").absolute())
    named = make_libraries(pictures, f"{root}/pictures", (500, 1500, len(pictures.paths)))
    named = [*make_small_libraries(named[0], SMALL, SMALL_WEIGHT), *named]
    described = make_libraries(pictures, f"{root}/snapshots", (1000, 1500, len(pictures.paths)))
    described = [*make_small_libraries(described[0], SMALL), *described]
    written = passages.split(False)
    read = make_libraries(written, root, (0, 2000, len(written.paths)))
    read = [*make_small_libraries(read[0], SMALL // 2), *read]
    said = passages.split(True)
    heard = [*make_small_libraries(said, SMALL // 2), said]
    curves = {
        "picture/name": fit_curve("picture by name", named, ask_names(library, options), LOST["name"], crowd=CROWD),
        "picture/description": fit_curve(
            "picture by description", described, ask_descriptions(library, options), LOST["description"]
        ),
        "picture/picture": fit_curve(
            "picture by picture", named[SMALL : SMALL + 1], ask_pictures(library, options), None
        ),
    }
    for kind, lost in (("name", LOST["meaning by name"]), ("description", LOST["meaning"])):
        asked = ask_meanings(library, options, kind == "name")
        curve = curves[f"meaning/{kind}"] = fit_curve(f"meaning by {kind}", read, asked, lost)
        # Recordings are too few here to say what their number does.
        spoken = fit_curve(f"speech by {kind}", heard, asked, lost, curve.size)
        curves[f"meaning/{kind}/{SPOKEN}"] = spoken
    lanes = {lane: dict.fromkeys(("name", "scene", "other", "picture"), 1.0) for lane in Lane}  # weigh.py learns them
    document = describe_curves(Curves(curves, read_curves().words, lanes))
    if options.write:
        CURVES_FILE.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
