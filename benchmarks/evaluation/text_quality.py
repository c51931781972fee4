"""Measure the text retrievers through the engine, separately and together, and what is shown.

    python benchmarks/evaluation/text_quality.py --out OUT [--collection DIR]... [--speech DIR]

Prints for both halves of the queries (`fit` was used for fitting, `judge` was not):

- nDCG@10 of the lexical retriever, the semantic retriever and both;
- how many documents are above the cut, and their precision and recall;
- for questions over notes in three languages, how many without an answer have a result above the cut, and for how many
  others the document is shown, and is first.

The libraries are stored in OUT, so that a second run is quick.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
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

from search.engine import Engine
from search.open_home import OpenHome
from search.records import Query, Retriever

RETRIEVERS: Mapping[str, Mapping[Retriever, float]] = {
    "lexical": {Retriever.VISUAL: 0, Retriever.SEMANTIC: 0},
    "semantic": {Retriever.VISUAL: 0, Retriever.LEXICAL: 0},
    "both": {Retriever.VISUAL: 0},
}
NDCG_DEPTH = 10
LIMIT = 400


@dataclass(frozen=True)
class QueryOutcome:
    """The result of one query.

    Attributes:
        case: The query with its answers.
        found: The names of the results, best first.
        shown: The number of results above the cut.
    """

    case: Case
    found: Sequence[str]
    shown: int

    @property
    def ndcg(self) -> float:
        """nDCG@10."""
        gains = [name in self.case.relevant for name in self.found[:NDCG_DEPTH]]
        ideal = min(NDCG_DEPTH, len(self.case.relevant))
        return float(sum(gain / np.log2(rank + 2) for rank, gain in enumerate(gains)) / _discount(ideal))

    @property
    def right(self) -> int:
        """The number of right documents above the cut."""
        return len(self.case.relevant.intersection(self.found[: self.shown]))


def _discount(count: int) -> float:
    return float(sum(1 / np.log2(rank + 2) for rank in range(count)))


def run_queries(library: OpenHome, cases: Sequence[Case], retriever: str) -> list[QueryOutcome]:
    """Run all queries with one retriever or with both."""
    engine = Engine(library)
    outcomes = []
    for case in cases:
        query = Query(text=case.query, weights=RETRIEVERS[retriever], include_all=True, limit=LIMIT, stack=False)
        answer = engine.search(query)
        names = [Path(hit.item.path).name for hit in answer.hits]
        outcomes.append(QueryOutcome(case, names, min(answer.total, len(names))))
    return outcomes


def print_rankings(title: str, library: OpenHome, cases: Sequence[Case]) -> None:
    """Print nDCG and what is shown for each retriever, by kind and split."""
    for retriever in RETRIEVERS:
        outcomes = run_queries(library, cases, retriever)
        for kind in dict.fromkeys(case.kind for case in cases):
            for split in ("fit", "judge", "fit judge"):
                chosen = [outcome for outcome in outcomes if outcome.case.kind == kind and outcome.case.split in split]
                print(f"{title:10} {kind:11} {split:10} {retriever:9} {_describe(chosen)}", flush=True)


def _describe(outcomes: Sequence[QueryOutcome]) -> str:
    shown = [outcome for outcome in outcomes if outcome.shown]
    precision = np.mean([outcome.right / outcome.shown for outcome in shown]) if shown else float("nan")
    recall = np.mean([outcome.right / len(outcome.case.relevant) for outcome in outcomes])
    counts = [outcome.shown for outcome in outcomes]
    return (
        f"nDCG@10 {np.mean([outcome.ndcg for outcome in outcomes]):.3f}  shown {np.mean(counts):.0f} (median "
        f"{np.median(counts):.0f}, none for {1 - len(shown) / len(outcomes):.0%})  precision {precision:.2f}  "
        f"recall {recall:.2f}"
    )


def print_questions(title: str, library: OpenHome, cases: Sequence[Case]) -> None:
    """Print what is shown for questions with and without an answer, by language and split."""
    outcomes = run_queries(library, cases, "both")
    for split in ("fit", "judge"):
        for language in (*dict.fromkeys(case.language for case in cases), None):
            chosen = [
                outcome
                for outcome in outcomes
                if outcome.case.split == split and language in (None, outcome.case.language)
            ]
            absent = [outcome for outcome in chosen if not outcome.case.relevant]
            answerable = [outcome for outcome in chosen if outcome.case.relevant]
            absent_with_result = _share([outcome.shown for outcome in absent])
            print(
                f"{title:10} {language or 'all':3} {split:5} absent with a result {absent_with_result}   "
                "answerable shown "
                f"{_share([outcome.right for outcome in answerable])}   first "
                f"{_share([outcome.found[0] in outcome.case.relevant for outcome in answerable])}",
                flush=True,
            )
    for outcome in outcomes:
        if outcome.case.split == "judge" and not outcome.case.relevant and outcome.shown:
            print(f"    false: {outcome.case.query!r} finds {outcome.found[0]}")


def _share(values: Sequence[int]) -> str:
    return f"{sum(map(bool, values))}/{len(values)}"


def main() -> None:
    """Print the figures of all collections that are given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--collection", type=Path, action="append", default=[])
    parser.add_argument("--speech", type=Path)
    options = parser.parse_args()
    notes = read_notes()
    reduced_notes = keep_lone(notes)
    names = {name for name, _ in reduced_notes}
    library = open_texts(options.out / "notes", notes)
    print_questions("notes", library, read_questions())
    reduced_questions = [replace(case, relevant=case.relevant & names) for case in read_questions()]
    print_questions("lone note", open_texts(options.out / "lone", reduced_notes), reduced_questions)
    print_rankings("documents", library, read_document_queries())
    if options.speech:
        transcripts, cases = read_speech_model(options.speech)
        print_rankings("speech", open_texts(options.out / "speech", transcripts, spoken=True), cases)
    for folder in options.collection:
        documents, cases = read_collection(folder)
        print_rankings(folder.name, open_texts(options.out / folder.name, documents), cases)


if __name__ == "__main__":
    main()
