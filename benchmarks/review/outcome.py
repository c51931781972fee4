"""What a person sees for a query, and how good that is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from benchmarks.review.rules import NEEDED, RIGHT, WRONG, Query

FIRST = 5
# What a person looks through: relevant results further down, and the nearest after them.
PAGE = 50
NEAREST = 20

# The paths of one result: its item, and the near-duplicates behind it.
Result = Sequence[str]


class Place(StrEnum):
    """Where the right files are."""

    FIRST_FIVE = "first five"
    FURTHER_DOWN = "further down"
    SECOND_TIER = "second tier"
    NOT_FOUND = "not found"


@dataclass(frozen=True)
class Outcome:
    """What came of a query.

    Attributes:
        query: The query.
        place: Where enough right files are: one, or two of a few, or three of many. If nothing is right for the query,
            `FIRST_FIVE` if nothing wrong is shown as relevant, else `NOT_FOUND`.
        has_one: Whether at least one right file is among the first five of the relevant results.
        right: The number of right results that are shown as relevant, on the first page.
        wrong: The number of wrong results that are shown as relevant, on the first page.
        first_right: The position of the first right result among all that is shown, from 1; 0 if there is none.
        error: Why the search failed, if it did.
    """

    query: Query
    place: Place
    has_one: bool = False
    right: int = 0
    wrong: int = 0
    first_right: int = 0
    error: str = ""


def judge(query: Query, grades: Mapping[str, int], relevant: Sequence[Result], nearest: Sequence[Result]) -> Outcome:
    """Return what came of a query.

    Args:
        query: The query.
        grades: The grade of each file that is right or perhaps, by path.
        relevant: The results in the relevant tier, best first.
        nearest: The results that follow them.
    """
    graded = [max(grades.get(path, WRONG) for path in result) for result in [*relevant, *nearest]]
    shown = graded[: len(relevant)]
    first_right = graded.index(RIGHT) + 1 if RIGHT in graded else 0
    wrong, right = shown.count(WRONG), shown.count(RIGHT)
    if query.answers == "none":
        return Outcome(query, Place.NOT_FOUND if wrong else Place.FIRST_FIVE, not wrong, right, wrong, first_right)
    needed = min(NEEDED[query.answers], list(grades.values()).count(RIGHT))
    if shown[:FIRST].count(RIGHT) >= needed:
        place = Place.FIRST_FIVE
    elif right >= needed:
        place = Place.FURTHER_DOWN
    else:
        place = Place.SECOND_TIER if graded.count(RIGHT) >= needed else Place.NOT_FOUND
    return Outcome(query, place, RIGHT in shown[:FIRST], right, wrong, first_right)
