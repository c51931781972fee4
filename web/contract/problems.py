"""The problem types, described from the declarations of the errors."""

import inspect
from dataclasses import dataclass

from search.errors import CrossmodalError
from web.contract.documents import fold


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
    found = [_describe(error) for error in _list_errors(CrossmodalError)]
    return sorted(found, key=lambda problem: (problem.status, problem.type))


def _list_errors(base: type[CrossmodalError]) -> list[type[CrossmodalError]]:
    return [error for below in base.__subclasses__() for error in (below, *_list_errors(below))]


def _describe(error: type[CrossmodalError]) -> ProblemType:
    text = (inspect.getdoc(error) or "").partition("\n\nAttributes:")[0]
    meaning, _, advice = fold(text).partition("\n\n")
    return ProblemType(error.problem_type, error.http_status, error.title, meaning, advice)
