"""Queries with known answers, one JSON object a line.

{"query": "a dog", "relevant": ["photos/dog.jpg", {"path": "talk.wav", "start": 3, "end": 9}], "kind": "names"}
{"voice": "ask.wav", "relevant": ["photos/dog.jpg"]}
{"query": "an igloo", "relevant": [], "kind": "absent"}
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from search.errors import UsageError
from search.records import Hit, Query, QueryPart


class Answered(BaseModel):
    """A relevant item, or a moment of one: start and end in seconds. grade: how relevant."""

    model_config = ConfigDict(extra="forbid")

    path: str
    start: float | None = None
    end: float | None = None
    grade: Annotated[float, Field(gt=0, le=10)] = 1.0


class CaseLine(BaseModel):
    """A line of the file. kind: the group it is reported in; label: its items are told apart by these queries."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    query: str | None = None
    image: str | None = None
    voice: str | None = None
    exclude: list[str] = Field(default_factory=list, alias="not")
    relevant: list[str | Answered]
    kind: Annotated[str, Field(min_length=1)] = "queries"
    label: bool = False


@dataclass(frozen=True)
class Case:
    """A query with its answers; paths are absolute."""

    line: CaseLine
    query: Query
    relevant: tuple[Answered, ...]

    @property
    def ideal(self) -> list[float]:
        """The grades of everything relevant."""
        return [one.grade for one in self.relevant]

    def grade_hits(self, hits: tuple[Hit, ...]) -> list[float]:
        """Give the grade of each hit; an answer counts once, at its first hit."""
        left = list(self.relevant)
        grades = []
        for hit in hits:
            match = next((one for one in left if _answers(hit, one)), None)
            if match is not None:
                left.remove(match)
            grades.append(match.grade if match else 0.0)
        return grades


def read_cases(file: Path) -> list[Case]:
    """Read a file of cases; relative paths start at its folder. Raises UsageError that names the line."""
    cases = []
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            cases.append(_make_case(CaseLine.model_validate(json.loads(line)), file.parent))
        except ValidationError as error:
            # Of the readings that were tried, the one that got farthest is the one that was meant.
            wrong = max(error.errors(), key=lambda one: len(one["loc"]))
            name = ".".join(str(part) for part in wrong["loc"])
            raise UsageError(f"{file}, line {number}: {name}: {wrong['msg']}") from error
        except (ValueError, OSError, UsageError) as error:
            raise UsageError(f"{file}, line {number}: {error}") from error
    if not cases:
        raise UsageError(f"{file} holds no queries")
    return cases


def _make_case(line: CaseLine, folder: Path) -> Case:
    if line.query is None and line.image is None and line.voice is None:
        raise UsageError("give query, image or voice")
    parts = (QueryPart(image=(folder / line.image).read_bytes()),) if line.image else ()
    voice = (folder / line.voice).read_bytes() if line.voice else None
    query = Query(text=line.query, parts=parts, voice=voice, exclude=tuple(line.exclude))
    answers = [Answered(path=one) if isinstance(one, str) else one for one in line.relevant]
    absolute = [one.model_copy(update={"path": str((folder / one.path).absolute())}) for one in answers]
    return Case(line, query, tuple(absolute))


def _answers(hit: Hit, answer: Answered) -> bool:
    if hit.item.path != answer.path:
        return False
    if answer.start is None and answer.end is None:
        return True
    start, end = answer.start or 0.0, answer.end if answer.end is not None else float("inf")
    moment = next((one for one in hit.evidence if one.start is not None), None)
    return moment is not None and (moment.start or 0.0) < end and (moment.end or moment.start or 0.0) > start
