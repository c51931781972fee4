"""Queries, and which files are right for them by the truth of the manifest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from benchmarks.review.manifest import Entry, Manifest
from benchmarks.review.sources import read_data
from benchmarks.review.spans import resolve_span

RIGHT, PERHAPS, WRONG = 2, 1, 0
# The sets of queries.
SETS = ("queries", "held_out")
# How many of the right files a person expects, by the number of right answers that a query has.
NEEDED = {"one": 1, "few": 2, "many": 3, "none": 0}


@dataclass(frozen=True)
class Rule:
    """A condition on a file; all fields that are set must hold.

    Attributes:
        keys: Its key is one of these.
        kinds: Its kind is one of these.
        types: Its item type is one of these.
        folder: It is below this folder.
        place: It was taken in this city.
        country: It was taken in this country.
        camera: Its camera's name contains this.
        taken: It was taken in this span (see `spans.py`).
        shows: It shows all of these concepts.
        same: It is the photo with an index among those of a folder (`Photos/2024/Japan 4`), or made of it.
    """

    keys: Sequence[str] = ()
    kinds: Sequence[str] = ()
    types: Sequence[str] = ()
    folder: str = ""
    place: str = ""
    country: str = ""
    camera: str = ""
    taken: str = ""
    shows: Sequence[str] = ()
    same: str = ""

    def grade(self, entry: Entry, manifest: Manifest) -> int:
        """Return whether a file is right (2), perhaps (1), or wrong (0)."""
        facts = [
            (self.keys, entry.key in self.keys),
            (self.kinds, entry.kind in self.kinds),
            (self.types, entry.type in self.types),
            (self.folder, entry.path.startswith(f"{self.folder}/")),
            (self.place, entry.place == self.place),
            (self.country, entry.country == self.country),
            (self.camera, self.camera in (entry.camera or "")),
            (self.same, bool(self.same) and entry.origin == find_photo(manifest, self.same).origin),
        ]
        if not all(holds for is_set, holds in facts if is_set):
            return WRONG
        grades = [entry.shows.get(concept, WRONG) for concept in self.shows]
        if self.taken:
            grades.append(self._grade_date(entry, manifest.today))
        return min(grades, default=RIGHT)

    def _grade_date(self, entry: Entry, today: date) -> int:
        if entry.taken is None:
            return PERHAPS if self.shows else WRONG
        first, last = resolve_span(self.taken, today)
        return RIGHT if first <= date.fromisoformat(entry.taken) <= last else WRONG


@dataclass(frozen=True)
class Query:
    """Something that a person searches for.

    Attributes:
        kind: What kind of search it is.
        answers: How many right files there are: `one`, `few`, `many` or `none`.
        wanted: Rules, any of which makes a file right.
        acceptable: Rules of files that are neither right nor wrong.
        text: The words, if it is typed.
        picture: How the picture is made, if it is searched by one.
        spoken: The words, if it is spoken.
        language: The language of the words.
    """

    kind: str
    answers: str
    wanted: Sequence[Rule] = ()
    acceptable: Sequence[Rule] = ()
    text: str = ""
    picture: str = ""
    spoken: str = ""
    language: str = ""

    @property
    def title(self) -> str:
        """The query as it is printed."""
        return self.text or (f"spoken: {self.spoken}" if self.spoken else f"picture: {self.picture}")

    def judge(self, manifest: Manifest) -> dict[str, int]:
        """Return the grade of each file that is right or perhaps, by its path."""
        grades = {entry.path: _best(self.wanted, entry, manifest) for entry in manifest}
        origins = {entry.origin for entry in manifest if entry.origin and grades[entry.path] == RIGHT}
        for entry in manifest:
            # A copy of a right photo that lost its date or place is not wrong.
            if grades[entry.path] == WRONG and (entry.origin in origins or _best(self.acceptable, entry, manifest)):
                grades[entry.path] = PERHAPS
        return {path: grade for path, grade in grades.items() if grade}


def read_queries(name: str = "queries") -> list[Query]:
    """Read all queries of a set: one of `SETS`."""
    return [_parse(fields) for fields in read_data(f"{name}.toml")["query"]]


def find_photo(manifest: Manifest, name: str) -> Entry:
    """Return the photo with an index among those directly in a folder, in the order of their names."""
    folder, index = name.rsplit(" ", 1)
    paths = {entry.path: entry for entry in manifest if entry.kind == "photo" and entry.path.startswith(f"{folder}/")}
    return paths[sorted(paths)[int(index)]]


def _parse(fields: Mapping[str, Any]) -> Query:
    rules = {name: [Rule(**rule) for rule in fields.get(name, ())] for name in ("wanted", "acceptable")}
    return Query(**{**fields, **rules})


def _best(rules: Sequence[Rule], entry: Entry, manifest: Manifest) -> int:
    return max((rule.grade(entry, manifest) for rule in rules), default=WRONG)
