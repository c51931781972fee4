"""Every error declares how it is reported."""

import re
from pathlib import Path

import pytest

from search import errors
from search.errors import CrossmodalError
from web import http_errors
from web.contract.problems import list_error_classes

HOMES = {Path(errors.__file__), Path(http_errors.__file__)}
ERRORS = [CrossmodalError, *list_error_classes()]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_an_error_declares_its_statuses_and_its_problem(error):
    assert error.exit_status in {2, 3}
    assert error.http_status in range(400, 600)
    assert error.title
    assert error is CrossmodalError or error.problem_type.startswith("urn:crossmodal:problem:")


def test_problem_types_and_titles_are_unique():
    assert len({error.problem_type for error in ERRORS}) == len(ERRORS)
    assert len({error.title for error in ERRORS}) == len(ERRORS)


def test_errors_are_declared_in_one_module_and_those_of_http_in_another():
    declared = "|".join(error.__name__ for error in ERRORS)
    below = re.compile(rf"^class \w+\(({declared})\)", re.MULTILINE)
    root = Path(errors.__file__).parent.parent
    for package in ("search", "indexer", "web", "crossmodal"):
        for path in (root / package).rglob("*.py"):
            assert path in HOMES or not below.search(path.read_text()), path
