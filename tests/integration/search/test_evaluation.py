"""The report over the demo library, with the bundled models."""

import json

import pytest

from search.evaluation.cases import read_cases
from search.evaluation.report import describe_report, write_markdown
from search.evaluation.run import run_cases


def write(folder, *lines):
    file = folder / "cases.jsonl"
    file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    return file


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
