"""The problem types, described from the declarations of the errors."""

from dataclasses import dataclass

import web.http_errors  # noqa: F401 - declares errors, which the lists contain
from search.errors import CrossmodalError
from web.contract.documents import read_summary


@dataclass(frozen=True)
class ProblemType:
    """A class of problem.

    Attributes:
        type: The URI that identifies it.
        status: The HTTP status.
        title: Its title.
        meaning: What it means, in one or two sentences.
        advice: What to do; empty if the detail of each problem says it.
    """

    type: str
    status: int
    title: str
    meaning: str
    advice: str

    @property
    def anchor(self) -> str:
        """The name of its section in the reference."""
        return make_anchor(self.type)


def make_anchor(problem_type: str) -> str:
    """Return the name of the section of a problem type in the reference."""
    return f"problem-{problem_type.rsplit(':', 1)[-1]}"


def list_problem_types() -> list[ProblemType]:
    """Return all problem types, in order of status and type."""
    found = [_describe(error) for error in list_error_classes()]
    return sorted(found, key=lambda problem: (problem.status, problem.type))


def list_error_classes(base: type[CrossmodalError] = CrossmodalError) -> list[type[CrossmodalError]]:
    """Return all classes of errors below a class."""
    return [error for below in base.__subclasses__() for error in (below, *list_error_classes(below))]


def _describe(error: type[CrossmodalError]) -> ProblemType:
    meaning, _, advice = read_summary(error).partition("\n\n")
    return ProblemType(error.problem_type, error.http_status, error.title, meaning, advice)
