"""What is shown above the cut is measured by its definitions, over the whole ranking and only by labeled files."""

import itertools
import json
from dataclasses import dataclass
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.errors import UsageError
from search.evaluation import metrics
from search.evaluation.cases import Expected, read_cases
from search.evaluation.full_ranking import PAGE_SIZE, read_ranking
from search.evaluation.plot import SHARES, Axis, Line, draw_chart
from search.evaluation.shown import Scored, measure_shown, sweep_cut
from search.evaluation.sizes import draw_kinds, plot_sizes, write_sizes


def grade(grades, shown, total=None, scores=None):
    """Grades of 2 are strong; the first `shown` hits are above the cut."""
    values = np.array(grades)
    place = np.arange(len(values))
    strong = values >= 2
    scores = np.linspace(1, 0, len(values)) if scores is None else np.array(scores)
    return Scored(values > 0, strong, place < shown, int(strong.sum()) if total is None else total, scores)


def test_recall_counts_strong_items_and_precision_counts_both():
    quality = metrics.compute_set_quality(grade([2, 1, 0, 2, 0], shown=3))
    assert quality.recall == 0.5
    assert quality.precision == pytest.approx(2 / 3)
    assert quality.f1 == pytest.approx(4 / 7)


def test_a_weak_item_need_not_be_found_and_does_no_harm():
    assert metrics.compute_set_quality(grade([2, 1], shown=1)) == metrics.compute_set_quality(grade([2, 1], shown=2))


def test_nothing_shown_is_worth_nothing():
    quality = metrics.compute_set_quality(grade([2, 0], shown=0))
    assert (quality.precision, quality.recall, quality.f1) == (0, 0, 0)


def test_the_best_cut_of_a_known_ranking():
    assert metrics.compute_best_f1(grade([2, 0, 2, 0], shown=0)) == pytest.approx(0.8)
    assert metrics.compute_best_f1(grade([], shown=0, total=3)) == 0


def test_average_precision_with_grades():
    assert metrics.compute_graded_average_precision(grade([1, 2, 0, 2], shown=0)) == pytest.approx((1 + 3 / 4) / 2)


rankings = st.tuples(
    st.lists(st.sampled_from([0, 1, 2]), min_size=1, max_size=30), st.integers(0, 30), st.integers(0, 5)
)


@given(rankings)
def test_no_cut_beats_the_best(ranking):
    grades, shown, missed = ranking
    total = max(1, grades.count(2) + missed)
    one = grade(grades, shown, total)
    best = metrics.compute_best_f1(one)
    assert 0 <= metrics.compute_set_quality(one).f1 <= best + 1e-12 <= 1 + 1e-9
    every = [metrics.compute_set_quality(grade(grades, count, total)).f1 for count in range(len(grades) + 1)]
    assert best == pytest.approx(max(every))


@given(st.lists(st.booleans(), min_size=1, max_size=30))
def test_with_one_grade_average_precision_is_the_standard_one(hits):
    grades = [2 if hit else 0 for hit in hits]
    total = max(1, sum(hits))
    expected = metrics.compute_average_precision(grades, total)
    assert metrics.compute_graded_average_precision(grade(grades, 0, total)) == pytest.approx(expected)


@given(st.lists(rankings, min_size=1, max_size=5))
def test_a_higher_cut_never_finds_more(several):
    scored = [grade(grades, shown, max(1, grades.count(2))) for grades, shown, _ in several]
    points = sweep_cut(scored)
    for lower, higher in itertools.pairwise(points):
        assert lower.recall >= higher.recall
        assert lower.false >= higher.false
        assert lower.silent <= higher.silent


def test_figures_of_a_kind():
    perfect = grade([2, 2, 0, 0], shown=2, scores=[0.9, 0.9, 0.1, 0.1])
    hidden = grade([2, 2, 0, 0], shown=0, scores=[0.4, 0.3, 0.2, 0.1])
    figures = measure_shown([perfect, hidden], [False, True])
    assert (figures.precision, figures.recall, figures.f1, figures.best_f1) == (0.5, 0.5, 0.5, 1)
    assert figures.precision_if_shown == 1
    assert figures.nothing == 0.5
    assert figures.results == 1
    assert figures.calibration_error_shown == pytest.approx(0.1)
    assert figures.precision_20 == 0.1


def write(folder, *lines):
    file = folder / "cases.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)))
    return file


def test_cases_declare_what_they_expect(tmp_path):
    lines = [
        {"query": "a", "relevant": ["x"]},
        {"query": "b", "relevant": [], "kind": "missing"},
        {"query": "c", "relevant": [], "kind": "nonsense"},
        {"query": "d", "relevant": [], "kind": "letters", "expected": "nonsense"},
    ]
    expected = [case.expected for case in read_cases(write(tmp_path, *lines))]
    assert expected == [Expected.PRESENT, Expected.ABSENT, Expected.NONSENSE, Expected.NONSENSE]


@pytest.mark.parametrize(
    "line",
    [
        {"query": "a", "relevant": [], "expected": "present"},
        {"query": "a", "relevant": ["x"], "expected": "absent"},
        {"query": "a", "relevant": ["x"], "judged": "not-there.txt"},
    ],
)
def test_cases_that_contradict_themselves_are_refused(tmp_path, line):
    with pytest.raises(UsageError, match="line 1"):
        read_cases(write(tmp_path, line))


def test_without_strong_answers_all_are_strong(tmp_path):
    weak = [{"path": "x"}, {"path": "y", "grade": 1}]
    lines = [{"query": "a", "relevant": weak}, {"query": "a", "relevant": [*weak, {"path": "z", "grade": 2}]}]
    first, second = read_cases(write(tmp_path, *lines))
    assert (first.strong_grade, first.strong_count) == (1, 2)
    assert (second.strong_grade, second.strong_count) == (2, 1)


def test_what_is_judged_is_named_by_file_or_folder(tmp_path):
    (tmp_path / "judged.txt").write_text("photos\n\nextra/one.jpg\n")
    lines = [
        {"query": "a", "relevant": ["photos/x.jpg"], "judged": "judged.txt"},
        {"query": "a", "relevant": ["photos/x.jpg"], "judged": ["photos/deep"]},
        {"query": "a", "relevant": ["photos/x.jpg"]},
    ]
    from_file, from_list, everything = read_cases(write(tmp_path, *lines))
    paths = [str(tmp_path / name) for name in ("photos/x.jpg", "photos/deep/y.jpg", "extra/one.jpg", "extra/two.jpg")]
    assert [from_file.counts(path) for path in paths] == [True, True, True, False]
    assert [from_list.counts(path) for path in paths] == [False, True, False, False]
    assert all(everything.counts(path) for path in paths)
    (default,) = read_cases(write(tmp_path, lines[2]), tmp_path / "judged.txt")
    assert not default.counts(paths[3])


@dataclass(frozen=True)
class FakeHit:
    item: SimpleNamespace
    relevant: bool


class PagedEngine:
    """Answers with numbered items, the first `relevant` above the cut; records its queries."""

    def __init__(self, folder, count, relevant):
        self.hits = [
            FakeHit(SimpleNamespace(id=at, path=str(folder / f"{at}.jpg")), at < relevant) for at in range(count)
        ]
        self.asked = []

    def search(self, query):
        self.asked.append(query)
        start = int(query.cursor or 0)
        end = start + query.limit
        following = str(end) if end < len(self.hits) else None
        return SimpleNamespace(hits=tuple(self.hits[start:end]), next=following)


def read(folder, engine, right, judged=None):
    line = {"query": "a", "relevant": [f"{at}.jpg" for at in right]} | ({"judged": judged} if judged else {})
    (case,) = read_cases(write(folder, line))
    return read_ranking(engine, case, case.query)


def test_pages_are_read_until_everything_relevant_was_seen(tmp_path):
    engine = PagedEngine(tmp_path, 5 * PAGE_SIZE, relevant=3)
    assert len(read(tmp_path, engine, [2 * PAGE_SIZE + 1]).hits) == 3 * PAGE_SIZE
    assert all(query.include_all and not query.stack for query in engine.asked)


def test_pages_are_read_as_long_as_they_are_shown(tmp_path):
    engine = PagedEngine(tmp_path, 5 * PAGE_SIZE, relevant=3 * PAGE_SIZE + 1)
    assert len(read(tmp_path, engine, [0]).hits) == 4 * PAGE_SIZE


def test_one_page_is_enough_where_nothing_answers(tmp_path):
    engine = PagedEngine(tmp_path, 5 * PAGE_SIZE, relevant=5 * PAGE_SIZE)
    read(tmp_path, engine, [])
    assert len(engine.asked) == 1


def test_below_the_cut_a_filter_is_enough(tmp_path):
    engine = PagedEngine(tmp_path, 5 * PAGE_SIZE, relevant=3)
    right = f"{2 * PAGE_SIZE}.jpg"
    (case,) = read_cases(write(tmp_path, {"query": "a", "relevant": [right], "judged": ["1.jpg", right]}))
    hits = read_ranking(engine, case, case.query, filtered=True).hits
    assert [query.filters.path for query in engine.asked] == [None, *[str(tmp_path)] * 3]
    assert [(hit.item.id, hit.relevant) for hit in hits] == [(1, True), (2 * PAGE_SIZE, False)]


def test_only_judged_hits_are_kept(tmp_path):
    engine = PagedEngine(tmp_path, 50, relevant=3)
    assert [hit.item.id for hit in read(tmp_path, engine, [4], ["4.jpg", "7.jpg"]).hits] == [4, 7]


def make_document(recall):
    figures = dict.fromkeys(
        ("precision", "f1", "best_f1", "average_precision", "precision_20", "nothing", "calibration_error"), 0.5
    )
    point = {"cut": 0.5, "recall": recall, "precision": 0.5, "false": 1.0, "silent": 0.0}
    return {
        "queries": {"concepts": 2, "absent": 3},
        "shown": {
            "concepts": figures
            | {"queries": 2, "recall": recall, "precision_if_shown": 0.5, "calibration_error_shown": None, "results": 3}
        },
        "sweep": {"concepts": [point]},
        "nothing": {"concepts": 0.5, "absent": 0.25},
        "nothing_expected": {"present": 0.5, "absent": 0.25},
        "auroc": {"absent": 0.9},
        "auroc_by_kind": {"absent": {"concepts": 0.8}},
    }


def test_sizes_are_set_side_by_side():
    measured = {300: make_document(0.7), 1500: make_document(0.6)}
    page = write_sizes(measured)
    assert "| 300 | 0.500 | 0.700 |" in page
    assert "| absent | 3 | 25.0% | 0.900 | 0.800 |" in page
    charts = plot_sizes(measured)
    assert set(charts) == {"concepts-size", "concepts-cut"}
    for chart in [*charts.values(), draw_kinds("<all>", measured[300])]:
        assert ElementTree.fromstring(chart).tag.endswith("svg")


def test_a_chart_keeps_its_points_inside():
    chart = draw_chart("t", Axis("x", SHARES), Axis("y", SHARES), [Line("a & b", [(-1, 2), (2, -1)])])
    circles = [one for one in ElementTree.fromstring(chart).iter() if one.tag.endswith("circle")]
    assert [(one.get("cx"), one.get("cy")) for one in circles] == [("60.0", "40.0"), ("450.0", "350.0")]
