"""Asking every query of a file, with all lanes and with each alone, and adding up."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from search.engine import Engine
from search.evaluation.cases import Case
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
from search.ranking.fusion import RRF_CONSTANT
from search.records import Answer, Hit, ItemType, Lane, Query

DEPTH = 100
# How many of a query's hits are looked at for the calibration error: further down, much that is relevant has no label.
JUDGED = 1
SEEN = 10
WAYS = ("fused", "rrf", *Lane)


@dataclass(frozen=True)
class Figure:
    """A mean over queries with its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float


@dataclass
class Outcome:
    """What came of one query. scores: of its best hit; grades: of its hits by way of ranking."""

    case: Case
    best: float
    nothing: bool
    grades: dict[str, list[float]]
    judged: list[tuple[float, bool]]
    types: list[ItemType]
    places: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """All figures. ranking: by kind of query, way and measure; cut: by kind, of queries told `nothing relevant`."""

    queries: Mapping[str, int]
    ranking: Mapping[str, Mapping[str, Mapping[str, Figure]]]
    auroc: Mapping[str, float]
    nothing: Mapping[str, float]
    calibration_error: float
    exposure: Mapping[str, tuple[float, float]]
    confusion: Mapping[str, Mapping[str, int]]


def run_cases(
    engine: Engine, cases: Sequence[Case], progress: Callable[[int, int], None], lanes: bool = True
) -> Report:
    """Ask all queries and add up. lanes: also each lane alone, and reciprocal rank fusion of them."""
    outcomes = []
    for number, case in enumerate(cases, 1):
        outcomes.append(ask(engine, case, lanes))
        progress(number, len(cases))
    wanted = {answer.path for case in cases for answer in case.relevant}
    return add_up(outcomes, engine.library.catalogue.read_types(wanted))


def ask(engine: Engine, case: Case, lanes: bool) -> Outcome:
    """Ask one query for everything, relevant by its own opinion or not."""
    query = replace(case.query, include_all=True, stack=False, limit=DEPTH)
    answer = engine.search(query)
    if query.voice is not None:
        # Heard once; the lanes alone are asked in writing.
        heard = answer.voice.text if answer.voice else ""
        query = replace(query, voice=None, text=f"{query.text or ''} {heard}".strip())
    grades = {"fused": case.grade_hits(answer.hits)}
    if lanes and case.relevant:
        alone = {lane: _ask_lane(engine, query, lane) for lane in Lane}
        grades |= {str(lane): case.grade_hits(hits) for lane, hits in alone.items()}
        grades["rrf"] = case.grade_hits(_fuse_ranks(alone))
    return Outcome(
        case=case,
        best=answer.hits[0].score if answer.hits else 0.0,
        nothing=answer.nothing_relevant,
        grades=grades,
        judged=_judge(answer, grades["fused"]),
        types=[hit.item.type for hit in answer.hits[:SEEN] if hit.item.type is not None],
        places={hit.item.path: hit.score for hit in answer.hits} if case.line.label else {},
    )


def add_up(outcomes: Sequence[Outcome], types: Mapping[str, ItemType]) -> Report:
    """Give the figures of all outcomes. types: of the files that answer, by path."""
    kinds: dict[str, list[Outcome]] = defaultdict(list)
    for one in outcomes:
        kinds[one.case.line.kind].append(one)
    answered = {kind: group for kind, group in kinds.items() if group[0].case.relevant}
    present = [one.best for one in outcomes if one.case.relevant]
    judged = [pair for one in outcomes for pair in one.judged]
    return Report(
        queries={kind: len(group) for kind, group in kinds.items()},
        ranking={kind: _measure_ways(group) for kind, group in answered.items()}
        | ({"all": _measure_ways([one for group in answered.values() for one in group])} if len(answered) > 1 else {}),
        auroc={
            kind: compute_auroc(present, [one.best for one in group])
            for kind, group in kinds.items()
            if not group[0].case.relevant
        },
        nothing={kind: sum(one.nothing for one in group) / len(group) for kind, group in kinds.items()},
        calibration_error=compute_calibration_error([score for score, _ in judged], [right for _, right in judged]),
        exposure=_measure_exposure([one for group in answered.values() for one in group], types),
        confusion=_confuse([one for one in outcomes if one.case.line.label]),
    )


def _ask_lane(engine: Engine, query: Query, lane: Lane) -> tuple[Hit, ...]:
    return engine.search(replace(query, weights={other: float(other is lane) for other in Lane})).hits


def _fuse_ranks(alone: Mapping[Lane, tuple[Hit, ...]]) -> tuple[Hit, ...]:
    """Give reciprocal rank fusion of the lanes, the baseline."""
    votes: dict[int, float] = {}
    hits: dict[int, Hit] = {}
    for ranked in alone.values():
        for rank, hit in enumerate(ranked, 1):
            votes[hit.item.id] = votes.get(hit.item.id, 0.0) + 1 / (RRF_CONSTANT + rank)
            hits.setdefault(hit.item.id, hit)
    return tuple(hits[item_id] for item_id in sorted(votes, key=lambda one: -votes[one])[:DEPTH])


def _judge(answer: Answer, grades: Sequence[float]) -> list[tuple[float, bool]]:
    return [(hit.score, grade > 0) for hit, grade in zip(answer.hits[:JUDGED], grades, strict=False)]


def _measure_ways(group: Sequence[Outcome]) -> dict[str, dict[str, Figure]]:
    measures: dict[str, Callable[[Outcome, str], float]] = {
        "recall@1": lambda one, way: compute_recall(one.grades[way], len(one.case.relevant), 1),
        "recall@10": lambda one, way: compute_recall(one.grades[way], len(one.case.relevant), 10),
        "precision@10": lambda one, way: compute_precision(one.grades[way], 10),
        "MRR": lambda one, way: compute_reciprocal_rank(one.grades[way]),
        "mAP": lambda one, way: compute_average_precision(one.grades[way], len(one.case.relevant)),
        "nDCG@10": lambda one, way: compute_ndcg(one.grades[way], one.case.ideal, 10),
    }
    ways = [way for way in WAYS if way in group[0].grades]
    figures: dict[str, dict[str, Figure]] = {}
    for way in ways:
        values = {name: [measure(one, way) for one in group] for name, measure in measures.items()}
        figures[str(way)] = {name: Figure(sum(row) / len(row), *bootstrap(row)) for name, row in values.items()}
    return figures


def _measure_exposure(group: Sequence[Outcome], types: Mapping[str, ItemType]) -> dict[str, tuple[float, float]]:
    """Give by type of item its share of the relevant answers and its share of the first ten places.

    Each query counts the same, however many answers or hits it has.
    """
    wanted: dict[str, float] = defaultdict(float)
    shown: dict[str, float] = defaultdict(float)
    for one in group:
        for answer in one.case.relevant:
            wanted[types.get(answer.path, "not indexed")] += 1 / len(one.case.relevant)
        for kind in one.types:
            shown[kind] += 1 / len(one.types)
    return {
        kind: (wanted[kind] / sum(wanted.values()), shown[kind] / sum(shown.values()))
        for kind in sorted({*wanted, *shown})
    }


def _confuse(group: Sequence[Outcome]) -> dict[str, dict[str, int]]:
    """Give for each label how often its items were given each label; an item gets the label that scores highest."""
    table: dict[str, Counter[str]] = {}
    for one in group:
        label = one.case.line.query or ""
        row = table.setdefault(label, Counter())
        for answer in one.case.relevant:
            best = max(group, key=lambda other: other.places.get(answer.path, 0.0))
            row[best.case.line.query or ""] += 1
    return {label: dict(row) for label, row in table.items()}
