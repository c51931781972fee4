"""Metrics agree with their definitions, and the report with the answers of the library."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.errors import UsageError
from search.evaluation import metrics
from search.evaluation.cases import read_cases
from search.evaluation.report import describe_report, write_markdown
from search.evaluation.run import run_cases


def test_measures_of_a_known_ranking():
    grades = [0, 1, 0, 1, 0]
    assert metrics.compute_recall(grades, 4, 2) == 0.25
    assert metrics.compute_precision(grades, 4) == 0.5
    assert metrics.compute_reciprocal_rank(grades) == 0.5
    assert metrics.compute_average_precision(grades, 2) == pytest.approx((1 / 2 + 2 / 4) / 2)
    best = 1 + 1 / np.log2(3)
    assert metrics.compute_ndcg(grades, [1, 1], 10) == pytest.approx((1 / np.log2(3) + 1 / np.log2(5)) / best)


@given(st.lists(st.sampled_from([0.0, 1.0, 2.0]), min_size=1, max_size=20))
def test_metrics_are_between_zero_and_one(grades):
    ideal = [grade for grade in grades if grade] or [1.0]
    assert 0 <= metrics.compute_ndcg(grades, ideal, 10) <= 1 + 1e-9
    assert metrics.compute_ndcg(sorted(ideal, reverse=True), ideal, 10) == pytest.approx(1)
    assert 0 <= metrics.compute_average_precision(grades, len(ideal)) <= 1


def test_auroc_and_calibration():
    assert metrics.compute_auroc([3, 2], [1, 0]) == 1
    assert metrics.compute_auroc([1, 0], [3, 2]) == 0
    assert metrics.compute_auroc([1], [1]) == 0.5
    assert metrics.compute_calibration_error([0.9, 0.9, 0.1, 0.1], [True, True, False, False]) == pytest.approx(0.1)
    low, high = metrics.bootstrap([0, 1] * 50)
    assert low < 0.5 < high
    assert (low, high) == metrics.bootstrap([0, 1] * 50)


def write(folder, *lines):
    file = folder / "cases.jsonl"
    file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    return file


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2"),
        ({"query": "a"}, "relevant"),
        ({"relevant": []}, "each line needs query, image or voice"),
        ({"query": "a", "relevant": [], "color": 1}, "color"),
        ({"image": "none.jpg", "relevant": []}, "none.jpg"),
        ({"query": "a", "relevant": [{"path": "x", "grade": 0}]}, "grade"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, line, message):
    with pytest.raises(UsageError, match=message):
        read_cases(write(tmp_path, {"query": "a", "relevant": []}, line))


def test_a_library_is_measured(engine, demo, tmp_path):
    lines = [
        {"query": "a cat", "relevant": [str(demo / "pets/chelsea.jpg")], "kind": "names", "label": True},
        {"query": "a cup of coffee", "relevant": [str(demo / "kitchen/morning.jpg")], "kind": "names", "label": True},
        {"query": "night train", "relevant": [{"path": str(demo / "notes/train.wav"), "start": 0}], "kind": "speech"},
        {"query": "qwzx vbnm plkj", "relevant": [], "kind": "nonsense"},
    ]
    assert (demo / "kitchen/morning.jpg").exists()
    report = run_cases(engine, read_cases(write(tmp_path, *lines)), lambda *_: None)
    assert report.queries == {"names": 2, "speech": 1, "nonsense": 1}
    fused = report.ranking["names"]["fused"]
    assert fused["recall@10"].mean == 1
    assert set(report.ranking["all"]) == {"fused", "rrf", "visual", "semantic", "lexical"}
    assert report.auroc["nonsense"] == 1
    assert report.nothing == {"names": 0, "speech": 0, "nonsense": 1}
    assert sum(shown for _, shown in report.exposure.values()) == pytest.approx(1)
    assert report.confusion["a cat"] == {"a cat": 1}
    page = write_markdown(report, "Test")
    assert "| fused |" in page
    assert "nonsense (1) | 100.0% | 1.000" in page
    assert json.loads(json.dumps(describe_report(report)))["queries"]["names"] == 2
