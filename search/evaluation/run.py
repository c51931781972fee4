"""Run the queries of a file, with all retrievers and with each one separately, and compute the figures."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from search.engine import Engine
from search.evaluation.cases import Case, Expected
from search.evaluation.full_ranking import PAGE_SIZE, read_ranking
from search.evaluation.metrics import (
    bootstrap,
    compute_auroc,
    compute_average_precision,
    compute_calibration_error,
    compute_ndcg,
    compute_precision,
    compute_recall,
    compute_reciprocal_rank,
)
from search.evaluation.shown import CutPoint, Scored, ShownFigures, measure_shown, sweep_cut
from search.records import Hit, ItemType, Query, Retriever
from search.scoring.candidates import RRF_CONSTANT

MAX_RESULTS = 100
# Results per query that count for the calibration error. At lower ranks, many relevant items have no label.
CALIBRATION_DEPTH = 1
EXPOSURE_DEPTH = 10
# The compared rankings: the engine's, reciprocal rank fusion, and each retriever.
RANKINGS = ("fused", "rrf", *Retriever)


@dataclass(frozen=True)
class Figure:
    """A mean over queries with its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float


@dataclass
class QueryOutcome:
    """The result of one query.

    Attributes:
        case: The query with its answers.
        best: The score of the best result, 0 if there is none.
        nothing: Whether it was answered with "nothing relevant".
        grades: The grades of the results, by ranking (see `RANKINGS`).
        scored: The results with scores and labels.
        types: The types of the first results.
        label_scores: The score of each item by path, for a query that is a label.
    """

    case: Case
    best: float
    nothing: bool
    grades: dict[str, list[float]]
    scored: Scored
    types: list[ItemType]
    label_scores: dict[str, float] = field(default_factory=dict)

    def strong_grades(self, ranking: str) -> list[float]:
        """Return the grades of one ranking, 0 for results that are not strongly relevant."""
        return [grade if grade >= self.case.strong_grade else 0.0 for grade in self.grades[ranking]]


@dataclass(frozen=True)
class Report:
    """All figures.

    Attributes:
        queries: The number of queries by kind.
        ranking: Figures by kind, ranking (one of `RANKINGS`) and measure.
        shown: Figures of what is above the cut, by kind with answers, and over all of them.
        auroc: AUROC of the best result's score, by kind without answers, against all queries with answers.
        auroc_by_kind: The same against each kind with answers.
        nothing: The share answered with "nothing relevant", by kind.
        nothing_expected: The same by `Expected`.
        calibration_error: Expected calibration error of the best result's score.
        sweep: Other cuts of the same scores, by kind with answers.
        exposure: By item type, its share of the answers and its share of the first ten results.
        confusion: By label, how often its items got each label.
    """

    queries: Mapping[str, int]
    ranking: Mapping[str, Mapping[str, Mapping[str, Figure]]]
    shown: Mapping[str, ShownFigures]
    auroc: Mapping[str, float]
    auroc_by_kind: Mapping[str, Mapping[str, float]]
    nothing: Mapping[str, float]
    nothing_expected: Mapping[str, float]
    calibration_error: float
    sweep: Mapping[str, Sequence[CutPoint]]
    exposure: Mapping[str, tuple[float, float]]
    confusion: Mapping[str, Mapping[str, int]]


def run_cases(
    engine: Engine,
    cases: Sequence[Case],
    progress: Callable[[int, int], None],
    retrievers: bool = True,
    filtered: bool = False,
) -> Report:
    """Run all queries and compute the figures.

    Args:
        engine: The engine to query.
        cases: The queries with their answers.
        progress: Called with the number of queries done and the number of all.
        retrievers: Whether to also measure each retriever separately, and reciprocal rank fusion of them.
        filtered: As for `read_ranking`.

    Returns:
        The figures by kind of query.
    """
    outcomes = []
    for number, case in enumerate(cases, 1):
        outcomes.append(run_case(engine, case, retrievers, filtered))
        progress(number, len(cases))
    wanted = {answer.path for case in cases for answer in case.relevant}
    return summarize(outcomes, engine.library.catalog.read_types(wanted))


def run_case(engine: Engine, case: Case, retrievers: bool, filtered: bool = False) -> QueryOutcome:
    """Run one query and grade its whole ranking, above and below the cut.

    Args:
        engine: The engine to query.
        case: The query with its answers.
        retrievers: As for `run_cases`.
        filtered: As for `read_ranking`.
    """
    query = replace(case.query, include_all=True, stack=False, limit=PAGE_SIZE if case.judged else MAX_RESULTS)
    ranking = read_ranking(engine, case, query, filtered)
    answer = ranking.first
    if query.voice is not None:
        # Speech is recognized once; the separate retrievers get its text.
        transcript = answer.voice.text if answer.voice else ""
        query = replace(query, voice=None, text=f"{query.text or ''} {transcript}".strip())
    fused = case.grade_hits(ranking.hits)
    grades = {"fused": fused}
    if retrievers and case.relevant:
        separate = {retriever: _run_retriever(engine, case, query, retriever) for retriever in Retriever}
        grades |= {str(retriever): case.grade_hits(hits) for retriever, hits in separate.items()}
        grades["rrf"] = case.grade_hits(_fuse_ranks(separate))
    return QueryOutcome(
        case=case,
        best=answer.hits[0].score if answer.hits else 0.0,
        nothing=answer.nothing_relevant,
        grades=grades,
        scored=_score_hits(case, ranking.hits, fused),
        types=[hit.item.type for hit in answer.hits[:EXPOSURE_DEPTH] if hit.item.type is not None],
        label_scores={hit.item.path: hit.score for hit in ranking.hits} if case.line.label else {},
    )


def summarize(outcomes: Sequence[QueryOutcome], types: Mapping[str, ItemType]) -> Report:
    """Compute the figures of all outcomes.

    Args:
        outcomes: The results of the queries.
        types: The types of the relevant files, by path.
    """
    kinds: dict[str, list[QueryOutcome]] = defaultdict(list)
    for outcome in outcomes:
        kinds[outcome.case.line.kind].append(outcome)
    answered = {kind: group for kind, group in kinds.items() if group[0].case.relevant}
    unanswered = {kind: group for kind, group in kinds.items() if kind not in answered}
    present = [outcome for group in answered.values() for outcome in group]
    groups = answered | ({"all": present} if len(answered) > 1 else {})
    expected = {name: [outcome for outcome in outcomes if outcome.case.expected is name] for name in Expected}
    first = [pair for outcome in outcomes for pair in outcome.scored.pair_first(CALIBRATION_DEPTH)]
    scored = {kind: [outcome.scored for outcome in group] for kind, group in groups.items()}
    return Report(
        queries={kind: len(group) for kind, group in kinds.items()},
        ranking={kind: _measure_rankings(group) for kind, group in groups.items()},
        shown={
            kind: measure_shown(rows, [outcome.nothing for outcome in groups[kind]]) for kind, rows in scored.items()
        },
        auroc={kind: _compare_best_scores(present, group) for kind, group in unanswered.items()},
        auroc_by_kind={
            kind: {other: _compare_best_scores(rows, group) for other, rows in answered.items()}
            for kind, group in unanswered.items()
        },
        nothing={kind: _share_nothing(group) for kind, group in kinds.items()},
        nothing_expected={str(name): _share_nothing(group) for name, group in expected.items() if group},
        calibration_error=compute_calibration_error([score for score, _ in first], [right for _, right in first]),
        sweep={kind: sweep_cut(rows) for kind, rows in scored.items()},
        exposure=_measure_exposure(present, types),
        confusion=_count_confusions([outcome for outcome in outcomes if outcome.case.line.label]),
    )


def _compare_best_scores(present: Sequence[QueryOutcome], absent: Sequence[QueryOutcome]) -> float:
    """Compute the AUROC of the best result's score."""
    return compute_auroc([outcome.best for outcome in present], [outcome.best for outcome in absent])


def _share_nothing(group: Sequence[QueryOutcome]) -> float:
    return sum(outcome.nothing for outcome in group) / len(group)


def _score_hits(case: Case, hits: Sequence[Hit], grades: Sequence[float]) -> Scored:
    values = np.array(grades, np.float64)
    return Scored(
        scores=np.array([hit.score for hit in hits], np.float64),
        right=values > 0,
        strong=(values > 0) & (values >= case.strong_grade),
        shown=np.array([hit.relevant for hit in hits], bool),
        total=case.strong_count,
    )


def _run_retriever(engine: Engine, case: Case, query: Query, retriever: Retriever) -> tuple[Hit, ...]:
    hits = engine.search(replace(query, weights={other: float(other is retriever) for other in Retriever})).hits
    return tuple(hit for hit in hits if case.counts(hit.item.path))[:MAX_RESULTS]


def _fuse_ranks(separate: Mapping[Retriever, tuple[Hit, ...]]) -> tuple[Hit, ...]:
    """Return the reciprocal rank fusion of the retrievers, the baseline.

    Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning methods",
    SIGIR 2009.
    """
    scores: dict[int, float] = {}
    hits: dict[int, Hit] = {}
    for ranked in separate.values():
        for rank, hit in enumerate(ranked, 1):
            scores[hit.item.id] = scores.get(hit.item.id, 0.0) + 1 / (RRF_CONSTANT + rank)
            hits.setdefault(hit.item.id, hit)
    return tuple(hits[item_id] for item_id in sorted(scores, key=lambda item_id: -scores[item_id])[:MAX_RESULTS])


def _measure_rankings(group: Sequence[QueryOutcome]) -> dict[str, dict[str, Figure]]:
    measures: dict[str, Callable[[QueryOutcome, str], float]] = {
        "recall@1": lambda outcome, ranking: compute_recall(
            outcome.strong_grades(ranking), outcome.case.strong_count, 1
        ),
        "recall@10": lambda outcome, ranking: compute_recall(
            outcome.strong_grades(ranking), outcome.case.strong_count, 10
        ),
        "precision@10": lambda outcome, ranking: compute_precision(outcome.grades[ranking], 10),
        "MRR": lambda outcome, ranking: compute_reciprocal_rank(outcome.grades[ranking]),
        "mAP": lambda outcome, ranking: compute_average_precision(
            outcome.strong_grades(ranking), outcome.case.strong_count
        ),
        "nDCG@10": lambda outcome, ranking: compute_ndcg(outcome.grades[ranking], outcome.case.ideal, 10),
    }
    rankings = [ranking for ranking in RANKINGS if ranking in group[0].grades]
    figures: dict[str, dict[str, Figure]] = {}
    for ranking in rankings:
        values = {name: [measure(outcome, ranking) for outcome in group] for name, measure in measures.items()}
        figures[str(ranking)] = {name: Figure(sum(row) / len(row), *bootstrap(row)) for name, row in values.items()}
    return figures


def _measure_exposure(group: Sequence[QueryOutcome], types: Mapping[str, ItemType]) -> dict[str, tuple[float, float]]:
    """Return by item type its share of the relevant answers and its share of the first ten results.

    Each query counts the same, regardless of the number of its answers and results.
    """
    answer_shares: dict[str, float] = defaultdict(float)
    result_shares: dict[str, float] = defaultdict(float)
    for outcome in group:
        for answer in outcome.case.relevant:
            answer_shares[types.get(answer.path, "not indexed")] += 1 / len(outcome.case.relevant)
        for kind in outcome.types:
            result_shares[kind] += 1 / len(outcome.types)
    return {
        kind: (answer_shares[kind] / sum(answer_shares.values()), result_shares[kind] / sum(result_shares.values()))
        for kind in sorted({*answer_shares, *result_shares})
    }


def _count_confusions(group: Sequence[QueryOutcome]) -> dict[str, dict[str, int]]:
    """Return for each label how often its items got each label; an item gets the label with the highest score."""
    table: dict[str, Counter[str]] = {}
    for outcome in group:
        label = outcome.case.line.query or ""
        row = table.setdefault(label, Counter())
        for answer in outcome.case.relevant:
            best = max(group, key=lambda other: other.label_scores.get(answer.path, 0.0))
            row[best.case.line.query or ""] += 1
    return {label: dict(row) for label, row in table.items()}
