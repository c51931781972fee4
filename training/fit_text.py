"""Fit the weights of `search/scoring/text_weights.json` on questions with known answers.

    python training/fit_text.py --out OUT --collection DIR [--collection DIR]... [--speech DIR] [--write]

OUT keeps the indexed libraries, so that a second run is fast. Only the `fit` half of the queries is used;
`benchmarks/evaluation/text_quality.py` evaluates on the other half. The fit has three steps:

1. The ranking follows from two ratios that were chosen by nDCG on the fit halves. A logistic regression fits the scale,
   and the weight of the feature that only depends on the query.
2. The bias is chosen by the share of questions without an answer that may have a result. The cost of longer queries is
   chosen by the precision of the shown results for the queries of the collections.
3. The log-odds are scaled so that the score of the best result is calibrated.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks" / "evaluation"))

from text_library import (
    Case,
    keep_lone,
    open_texts,
    read_collection,
    read_document_queries,
    read_notes,
    read_questions,
    read_speech_model,
)

from search.open_home import OpenHome
from search.query.encoding import encode_query
from search.records import Query, Vectors
from search.retrieval.retrieval import make_text_retriever
from search.scoring.text import WEIGHTS_FILE, TextFeatures, TextWeights, Weights, compute_log_odds, describe_weights

# The number of candidates that are retrieved for a query.
DEPTH = 256
# The number of best candidates of a query that the regression uses, and of incorrect ones among them.
MAX_CANDIDATES, MAX_INCORRECT = 60, 10
# The weights relative to that of the similarity, chosen by nDCG@10 on the fit halves.
RATIOS = {"similarity": 1.0, "hub": -0.17, "strength": 15.0}
# The maximum share of questions without an answer that may have a result above the cut.
MAX_FALSE = 0.03
# Added to the bias, because otherwise the cut hides most answers to reworded questions in small libraries. With it, one
# of the 32 questions without an answer in the fit half has a result, the same as before, and one more answer is shown.
CUT_SHIFT = 0.5
# The minimum precision of the results above the cut for the queries of collections, averaged over collections.
MIN_PRECISION = 0.25
# The candidates for the cost of longer queries. The first one with the minimum precision is used.
LENGTH_COSTS = (0.0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9)
# The L2 regularization of the logistic regression.
DECAY = 1.0


@dataclass(frozen=True)
class RankedQuery:
    """The candidates of a query.

    Attributes:
        case: The query with its relevant files.
        evidence: The features of the candidates.
        right: 1 if the candidate is relevant, otherwise 0; shape (n,), float32.
        collection: The name of the library.
    """

    case: Case
    evidence: TextFeatures
    right: Vectors
    collection: str


def retrieve(library: OpenHome, cases: Sequence[Case]) -> list[RankedQuery]:
    """Return the candidates of the text retrievers for every query of the fit half."""
    revision = library.catalog.read_revision()
    queries = []
    for case in cases:
        if case.split == "fit":
            encoded = encode_query(library, Query(text=case.query))
            found = make_text_retriever(library, encoded, revision).collect(DEPTH)
            items = library.catalog.read_items(sorted(set(found.items.tolist())))
            names = [Path(items[one].path).name for one in found.items.tolist()]
            right = np.array([name in case.relevant for name in names], np.float32)
            queries.append(RankedQuery(case, found.features, right, library.home.root.name))
    return queries


def fit_scale(queries: Sequence[RankedQuery], ratios: dict[str, float]) -> Weights:
    """Fit a logistic regression of the weighted sum of features and of the similarity of the nearest result.

    Args:
        queries: The queries with their candidates.
        ratios: The relative weights of the features, by name.
    """
    rows, labels, weights = [], [], []
    for one in queries:
        score = compute_log_odds(TextFeatures(one.evidence.values), Weights(0.0, ratios))
        order = np.argsort(-score)[:MAX_CANDIDATES]
        nearest = one.evidence.values.get("nearest", np.zeros(len(score), np.float32))
        columns = np.stack([score, nearest], axis=1)[order]
        for label in (1.0, 0.0):
            chosen = columns[one.right[order] == label][: None if label else MAX_INCORRECT]
            rows.append(chosen)
            labels.append(np.full(len(chosen), label))
            weights.append(np.full(len(chosen), 1 / max(len(chosen), 1)))
    scale, nearest_weight, bias = fit_logistic(np.concatenate(rows), np.concatenate(labels), np.concatenate(weights))
    fitted = {name: ratio * scale for name, ratio in ratios.items()}
    if "similarity" in ratios:
        fitted["nearest"] = nearest_weight
    return Weights(bias, fitted)


def fit_logistic(rows: Vectors, labels: Vectors, weights: Vectors) -> list[float]:
    """Fit a logistic regression by Newton's method.

    Args:
        rows: The features, shape (n, f).
        labels: 1 or 0, shape (n,).
        weights: The weights of the rows, shape (n,).

    Returns:
        The weights of the features, followed by the bias.
    """
    columns = np.concatenate([rows, np.ones((len(rows), 1))], axis=1)
    fitted = np.zeros(columns.shape[1])
    decay = np.diag([DECAY] * rows.shape[1] + [0.0]) + 1e-9 * np.eye(len(fitted))
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(columns @ fitted, -30, 30)))
        gradient = columns.T @ (weights * (chance - labels)) + decay @ fitted
        curvature = (columns * (weights * chance * (1 - chance))[:, None]).T @ columns + decay
        fitted -= np.linalg.solve(curvature, gradient)
    result: list[float] = fitted.tolist()
    return result


def sharpen(queries: Sequence[RankedQuery], weights: Weights) -> Weights:
    """Scale the log-odds to calibrate the best result of a query (temperature scaling, Guo et al., ICML 2017).

    The cut at log-odds 0 does not change.
    """
    best = []
    for one in queries:
        if one.case.kind != "collection" and len(one.right):
            logits = compute_log_odds(TextFeatures(one.evidence.values), weights)
            best.append((float(logits.max()), float(one.right[logits.argmax()])))
    logits, right = np.array(best).T
    scales = np.linspace(1, 4, 31)
    losses = [float(np.logaddexp(0, np.where(right > 0, -1, 1) * logits * scale).mean()) for scale in scales]
    scale = float(scales[int(np.argmin(losses))])
    return Weights(weights.bias * scale, {name: value * scale for name, value in weights.weights.items()})


def set_cut(queries: Sequence[RankedQuery], weights: Weights, costs: Sequence[float]) -> Weights:
    """Choose the bias by the questions without an answer, and the cost of length by the precision in collections."""
    absent = [one for one in queries if one.case.kind in ("absent", "answerable") and (one.right == 0).any()]
    for cost in costs:
        costly = replace(weights, weights={**weights.weights, "query_length": -cost}) if cost else weights
        # Only irrelevant candidates count: exact matches are relevant in any case.
        best = [
            float(compute_log_odds(TextFeatures(one.evidence.values), costly)[one.right == 0].max()) for one in absent
        ]
        costly = replace(costly, bias=costly.bias - float(np.quantile(best, 1 - MAX_FALSE)))
        if measure_precision(queries, costly) >= MIN_PRECISION:
            break
    return replace(costly, bias=costly.bias + CUT_SHIFT)


def measure_precision(queries: Sequence[RankedQuery], weights: Weights) -> float:
    """Return the precision of the results above the cut, averaged over the collections; 1 if there are no results."""
    by_collection: dict[str, list[float]] = {}
    for one in queries:
        shown = compute_log_odds(one.evidence, weights) > 0
        if one.case.kind == "collection" and shown.any():
            by_collection.setdefault(one.collection, []).append(float(one.right[shown].mean()))
    return float(np.mean([np.mean(values) for values in by_collection.values()])) if by_collection else 1.0


def read_sets(options: argparse.Namespace) -> list[RankedQuery]:
    """Return the candidates of the queries of all data sets, each in a separate library."""
    notes = read_notes()
    lone = keep_lone(notes)
    names = {name for name, _ in lone}
    lone_questions = [
        replace(one, relevant=one.relevant & names, kind="answerable" if one.relevant & names else "absent")
        for one in read_questions()
    ]
    queries = retrieve(open_texts(options.out / "notes", notes), read_questions() + read_document_queries())
    queries += retrieve(open_texts(options.out / "lone", lone), lone_questions)
    for folder in options.collection:
        documents, cases = read_collection(folder)
        queries += retrieve(open_texts(options.out / folder.name, documents), cases)
    if options.speech:
        transcripts, cases = read_speech_model(options.speech)
        queries += retrieve(open_texts(options.out / "speech", transcripts, spoken=True), cases)
    return queries


def main() -> None:
    """Fit the weights, and write them if `--write` is passed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--collection", type=Path, action="append", default=[])
    parser.add_argument("--speech", type=Path)
    parser.add_argument("--write", action="store_true", help="write text_weights.json")
    options = parser.parse_args()
    document = describe_weights(fit(read_sets(options)))
    print(json.dumps(document, indent=1))
    if options.write:
        WEIGHTS_FILE.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def fit(queries: Sequence[RankedQuery]) -> TextWeights:
    """Fit the weights of each text retriever, and of both together."""
    fitted = {}
    for name, features in (
        ("semantic", ("similarity", "hub")),
        ("lexical", ("strength",)),
        ("both", ("similarity", "hub", "strength")),
    ):
        weights = fit_scale(queries, {feature: RATIOS[feature] for feature in features})
        weights = set_cut(queries, weights, LENGTH_COSTS if name != "semantic" else (0.0,))
        weights = sharpen(queries, weights)
        fitted[name] = Weights(round(weights.bias, 4), {key: round(value, 4) for key, value in weights.weights.items()})
    return TextWeights(**fitted)


if __name__ == "__main__":
    main()
