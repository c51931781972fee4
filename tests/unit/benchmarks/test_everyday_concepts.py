"""The concepts of the evaluation of relevance: two sets that share nothing."""

import csv
import re
from pathlib import Path

FILE = Path(__file__).parents[3] / "benchmarks/evaluation/concepts.tsv"
ROWS = list(csv.DictReader(FILE.read_text(encoding="utf-8").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
SETS = {name: [row for row in ROWS if row["set"] == name] for name in ("fit", "judge")}


def test_there_are_enough_of_both():
    assert len(SETS["fit"]) >= 60
    assert len(SETS["judge"]) >= 46
    assert len(SETS["fit"]) + len(SETS["judge"]) == len(ROWS)


def test_no_concept_is_queried_twice():
    texts = [row["query"] for row in ROWS]
    assert len(set(texts)) == len(texts)


def test_a_concept_is_mentioned_by_its_own_name():
    described = {"someone without a shirt", "a couple", "kissing or hugging", "a musician playing guitar"}
    for row in ROWS:
        assert re.search(row["pattern"], row["query"]) or row["query"] in described, row["query"]


def test_what_is_fitted_on_does_not_name_what_is_judged():
    allowed = {
        ("two dogs", "a dog"),
        ("a black dog", "a dog"),
        ("a white dog", "a dog"),
    }
    for judged in SETS["judge"]:
        for fitted in SETS["fit"]:
            if re.search(fitted["pattern"], judged["query"]):
                assert (judged["query"], fitted["query"]) in allowed, (judged["query"], fitted["query"])
