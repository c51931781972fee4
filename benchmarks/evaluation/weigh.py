"""Learns how much each lane's word counts for each kind of query, and writes it into `search/ranking/curves.json`.

    python benchmarks/evaluation/weigh.py --home HOME [HOME...] --out OUT --photos DIR --flickr DIR --speech DIR --write

To be run after `fit.py`, on the same `fit` halves of the queries; a home holds OUT/library, with or without OUT/hay.
One weight after the other is moved to where nDCG@10, the mean over groups of queries, is highest; but never so that a
group sees less for it: how much is shown is for the curves to say. What a group sees is nDCG@10 of what is above the
relevance cut, and for what is not there, being told so.
"""

import argparse
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import texts
from shelf import name_of

from search.engine.encoding import encode_query
from search.engine.retrieval import Retriever
from search.evaluation.metrics import compute_ndcg
from search.library import Library, open_library
from search.models.compact.training.data import read_check
from search.ranking.calibration import CURVES_FILE, RELEVANCE_CUT, describe_curves, read_curves
from search.records import Flags, Lane, Query, Vectors
from search.settings import read_settings

DEPTH = 256
SHOWN = 10
STEPS = (0.3, 0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.4, 1.7, 2.0)
ROUNDS = 3
KINDS = ("name", "scene", "other")
# A weight moves only for a gain that is not chance.
LEAST_GAIN = 0.002
MOST_LOST = 0.01

Group = list[tuple[str, frozenset[str]]]
Weights = dict[Lane, dict[str, float]]
Groups = Mapping[str, "Sequence[Told]"]


@dataclass(frozen=True)
class Told:
    """What the lanes say to a query.

    chances: of each item by lane, (3, n); right: which items answer it, (n,); ideal: how many answers there are; kinds:
    how much the query is of each kind.
    """

    chances: Vectors
    right: Flags
    ideal: int
    kinds: Mapping[str, float]

    def judge(self, weights: Weights, cut: float) -> float:
        """Give nDCG@10 of what scores `cut` or more; where nothing is there, 1 if that is nothing."""
        strength = np.array([sum(self.kinds[kind] * weights[lane][kind] for kind in KINDS) for lane in Lane])
        scores = 1 - np.prod((1 - self.chances) ** strength[:, None], axis=0)
        shown = np.flatnonzero(scores >= cut)
        if not self.ideal:
            return float(len(shown) == 0)
        best = shown[np.argsort(-scores[shown], kind="stable")[:SHOWN]]
        return compute_ndcg(self.right[best].astype(float).tolist(), [1.0] * self.ideal, SHOWN)


def list_groups(options: argparse.Namespace) -> dict[str, Group]:
    """Give the queries of the fit halves by group, with the paths that answer them."""
    photos = {name_of(str(path)): options.names[str(path.resolve())] for path in options.photos.iterdir()}
    classes, check = texts.split_classes(options.photos, "fit"), read_check()
    documents = texts.read_document_queries("fit")
    nothing: frozenset[str] = frozenset()
    foreign = [(name, one.wnid) for one in classes if one.wnid in check for name in check[one.wnid].values()]
    groups: dict[str, Group] = {
        "names": [(one.names["en"][0], frozenset([photos[one.wnid]])) for one in classes[::3]],
        "names in other languages": [(name, frozenset([photos[wnid]])) for name, wnid in foreign],
        "captions": place(options, texts.read_captions(options.flickr, "fit")[::3]),
        "speech": place(options, texts.read_prompts(options.speech, "fit")),
        "absent": [(text, nothing) for text in texts.read_absent("fit")],
        "absent, described": [(text, nothing) for text in texts.describe_absent("fit")],
        "nonsense": [(text, nothing) for text in texts.make_nonsense("fit")],
    }
    for style in sorted({str(one["style"]) for one in documents}):
        groups[f"documents, {style}"] = [
            (str(one["query"]), frozenset(options.names[str(texts.FOLDER / path)] for path in one["relevant"]))  # type: ignore[attr-defined]
            for one in documents
            if one["style"] == style
        ]
    return groups


def place(options: argparse.Namespace, asked: Sequence[tuple[Path, str]]) -> Group:
    """Give queries with the new path of the one file that answers each."""
    return [(text, frozenset([options.names[str(path.resolve())]])) for path, text in asked]


def ask(library: Library, text: str, answers: frozenset[str]) -> Told:
    """Let every lane say what it has to say."""
    encoded = encode_query(library, replace(Query(text=text), include_all=True))
    retriever = Retriever(library, encoded, False, library.catalogue.read_revision())
    found = [retriever.retrieve(lane, DEPTH) for lane in Lane]
    items = np.unique(np.concatenate([one.items for one in found]))
    chances = np.zeros((len(found), len(items)))
    for row, one in zip(chances, found, strict=True):
        np.maximum.at(row, np.searchsorted(items, one.items), one.probabilities)
    known = library.catalogue.read_items(items.tolist())
    right = np.array([known[one].path in answers for one in items.tolist()], bool)
    name, scene, other = library.models.reader.measure_kinds([text])[0].tolist()
    return Told(chances, right, len(answers), {"name": name, "scene": scene, "other": other})


def rank(groups: Groups, weights: Weights) -> float:
    """Give nDCG@10, the mean over the groups of what is there."""
    values = [np.mean([one.judge(weights, 0.0) for one in group]) for group in groups.values() if group[0].ideal]
    return float(np.mean(values))


def see(groups: Groups, weights: Weights) -> Vectors:
    """Give what each group sees."""
    return np.array([np.mean([one.judge(weights, RELEVANCE_CUT) for one in group]) for group in groups.values()])


def learn(groups: Groups, plain: Weights) -> Weights:
    """Move one weight after the other to where the ranking is best."""
    weights, best, seen = plain, rank(groups, plain), see(groups, plain)
    for _ in range(ROUNDS):
        before = best
        for lane, kind, step in itertools.product(Lane, KINDS, STEPS):
            tried = {**weights, lane: {**weights[lane], kind: step}}
            gained = rank(groups, tried)
            if gained > best + LEAST_GAIN and (see(groups, tried) > seen - MOST_LOST).all():
                best, weights = gained, tried
        if best - before < LEAST_GAIN:
            break
    return weights


def main() -> None:
    """Learn the weights over all homes at once and print what they change."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, nargs="+", required=True)
    for name in ("out", "photos", "flickr", "speech"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--write", action="store_true", help="write curves.json")
    options = parser.parse_args()
    options.names = json.loads((options.out / "names.json").read_text(encoding="utf-8"))
    groups: dict[str, list[Told]] = {}
    for home in options.home:
        library = open_library(read_settings(home=home))
        for name, queries in list_groups(options).items():
            groups[f"{name} ({home.name})"] = [ask(library, text, answers) for text, answers in queries]
        library.close()
    plain: Weights = {lane: dict.fromkeys((*KINDS, "picture"), 1.0) for lane in Lane}
    weights = learn(groups, plain)
    for name, before, after in zip(groups, see(groups, plain), see(groups, weights), strict=True):
        print(f"{name:40} sees {before:.3f} -> {after:.3f}")
    print(f"{'nDCG@10':40}      {rank(groups, plain):.3f} -> {rank(groups, weights):.3f}")
    for lane, by_kind in weights.items():
        print(f"{lane:8} " + "  ".join(f"{kind} {one:.1f}" for kind, one in by_kind.items()))
    if options.write:
        document = describe_curves(replace(read_curves(), lanes=weights))
        CURVES_FILE.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
