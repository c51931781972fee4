"""Queries with known answers, one JSON object per line.

{"query": "a dog", "relevant": ["photos/dog.jpg", {"path": "talk.wav", "start": 3, "end": 9}], "kind": "names"}
{"query": "grass", "relevant": [{"path": "a.jpg", "grade": 2}, {"path": "b.jpg", "grade": 1}], "judged": "judged.txt"}
{"voice": "ask.wav", "relevant": ["photos/dog.jpg"]}
{"query": "an igloo", "relevant": [], "kind": "absent"}
{"query": "qwzx vbnm", "relevant": [], "kind": "random letters", "expected": "nonsense"}
"""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from search.errors import UsageError
from search.records import Hit, Query, QueryPart

# Items of this grade and above are strongly relevant; recall counts only those.
STRONG_GRADE = 2.0


class Expected(StrEnum):
    """What a query describes: something in the library, something that is not in it, or nothing meaningful."""

    PRESENT = "present"
    ABSENT = "absent"
    NONSENSE = "nonsense"


class Relevant(BaseModel):
    """A relevant item, or a moment of one.

    Precision counts strongly and weakly relevant items, recall only the strong ones. If no item of a query has
    grade 2, all of them count as strong.

    Attributes:
        path: The file, relative to the folder of the cases.
        start: Start of the moment, in seconds.
        end: End of the moment, in seconds.
        grade: 2 for strongly relevant, 1 for weakly relevant.
    """

    model_config = ConfigDict(extra="forbid")

    path: str
    start: float | None = None
    end: float | None = None
    grade: Annotated[float, Field(gt=0, le=10)] = 1.0


class CaseLine(BaseModel):
    """A line of the file.

    Attributes:
        query: The text of the query.
        image: The file of an image query.
        voice: The file of a voice query.
        exclude: Texts that results must not match.
        relevant: The relevant items; empty if there are none.
        kind: The group of queries that this query is reported in.
        label: Whether the query is a label: the report has a confusion matrix of all labels.
        expected: What the query describes. Default: `present` if there are relevant items; otherwise `nonsense` if the
            kind is "nonsense", else `absent`.
        judged: The items that count; all others are neither right nor wrong. A list of files and folders, or a text
            file with one of them per line. Default: all items.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    query: str | None = None
    image: str | None = None
    voice: str | None = None
    exclude: list[str] = Field(default_factory=list, alias="not")
    relevant: list[str | Relevant]
    kind: Annotated[str, Field(min_length=1)] = "queries"
    label: bool = False
    expected: Expected | None = None
    judged: str | list[str] | None = None


class Judged:
    """The items that count for a query, as absolute paths of files and folders."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = frozenset(paths)
        self._folders: dict[str, bool] = {}

    @property
    def folder(self) -> str:
        """The deepest folder that contains all of them, or the only file."""
        return os.path.commonpath(self._paths)

    def __contains__(self, path: str) -> bool:
        """Return whether an item at this path counts."""
        return path in self._paths or self._has_folder(path.rpartition("/")[0])

    def _has_folder(self, folder: str) -> bool:
        """Return whether a folder or a parent of it is judged; cached, since many items share few folders."""
        if folder not in self._folders:
            above = folder.rpartition("/")[0]
            self._folders[folder] = folder in self._paths or (bool(above) and self._has_folder(above))
        return self._folders[folder]


@dataclass(frozen=True)
class Case:
    """A query with its answers; paths are absolute.

    Attributes:
        line: The line of the file.
        query: The query for the engine.
        relevant: The relevant items.
        judged: The items that count; None for all.
    """

    line: CaseLine
    query: Query
    relevant: tuple[Relevant, ...]
    judged: Judged | None = None

    @property
    def expected(self) -> Expected:
        """What the query describes."""
        if self.line.expected is not None:
            return self.line.expected
        if self.relevant:
            return Expected.PRESENT
        return Expected.NONSENSE if self.line.kind == Expected.NONSENSE else Expected.ABSENT

    @property
    def strong_grade(self) -> float:
        """The lowest grade that counts as strongly relevant."""
        best = max(self.ideal, default=0.0)
        return STRONG_GRADE if best >= STRONG_GRADE else min(self.ideal, default=0.0)

    @property
    def strong_count(self) -> int:
        """The number of strongly relevant items."""
        return sum(grade >= self.strong_grade for grade in self.ideal)

    def counts(self, path: str) -> bool:
        """Return whether the item at this path is judged."""
        return self.judged is None or path in self.judged

    @property
    def ideal(self) -> list[float]:
        """The grades of all relevant items; the best possible ranking has them in descending order."""
        return [answer.grade for answer in self.relevant]

    def grade_hits(self, hits: Sequence[Hit]) -> list[float]:
        """Return the grade of each result, 0 if it is not relevant; a relevant item counts only once."""
        remaining: dict[str, list[Relevant]] = {}
        for answer in self.relevant:
            remaining.setdefault(answer.path, []).append(answer)
        grades = []
        for hit in hits:
            answers = remaining.get(hit.item.path, [])
            matched = next((answer for answer in answers if _answers(hit, answer)), None)
            if matched is not None:
                answers.remove(matched)
            grades.append(matched.grade if matched else 0.0)
        return grades


def read_cases(file: Path, judged: Path | None = None) -> list[Case]:
    """Read a file of cases.

    Args:
        file: The cases; relative paths start at its folder.
        judged: A text file with the files and folders that count, for cases without a `judged` field.

    Returns:
        The cases in the order of the file.

    Raises:
        UsageError: A line is invalid (the message names it), or a file cannot be read.
    """
    cases = []
    read = cache(_read_judged)
    default = read(judged.absolute()) if judged else None
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            cases.append(_make_case(CaseLine.model_validate(json.loads(line)), file.parent, default, read))
        except ValidationError as error:
            # A union reports an error per alternative; the deepest one is the alternative that was meant.
            deepest = max(error.errors(), key=lambda problem: len(problem["loc"]))
            name = ".".join(str(part) for part in deepest["loc"])
            raise UsageError(f"{file}, line {number}: {name}: {deepest['msg']}") from error
        except (ValueError, OSError, UsageError) as error:
            raise UsageError(f"{file}, line {number}: {error}") from error
    if not cases:
        raise UsageError(f"{file} contains no queries")
    return cases


def _make_case(line: CaseLine, folder: Path, judged: Judged | None, read: Callable[[Path], Judged]) -> Case:
    if line.query is None and line.image is None and line.voice is None:
        raise UsageError("each line needs query, image or voice")
    if line.expected is not None and (line.expected is Expected.PRESENT) != bool(line.relevant):
        raise UsageError(f"expected is {line.expected}, but relevant lists {len(line.relevant)} items")
    parts = (QueryPart(image=(folder / line.image).read_bytes()),) if line.image else ()
    voice = (folder / line.voice).read_bytes() if line.voice else None
    query = Query(text=line.query, parts=parts, voice=voice, exclude=tuple(line.exclude))
    answers = [Relevant(path=answer) if isinstance(answer, str) else answer for answer in line.relevant]
    absolute = [answer.model_copy(update={"path": str((folder / answer.path).absolute())}) for answer in answers]
    if isinstance(line.judged, str):
        judged = read((folder / line.judged).absolute())
    elif line.judged is not None:
        judged = Judged(str((folder / path).absolute()) for path in line.judged)
    return Case(line, query, tuple(absolute), judged)


def _read_judged(file: Path) -> Judged:
    """Read the files and folders that count; relative paths start at the folder of the file."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from error
    return Judged(str((file.parent / line.strip()).absolute()) for line in lines if line.strip())


def _answers(hit: Hit, answer: Relevant) -> bool:
    if hit.item.path != answer.path:
        return False
    if answer.start is None and answer.end is None:
        return True
    start, end = answer.start or 0.0, answer.end if answer.end is not None else float("inf")
    moment = next((evidence for evidence in hit.evidence if evidence.start is not None), None)
    return moment is not None and (moment.start or 0.0) < end and (moment.end or moment.start or 0.0) > start
