"""The vocabulary of the tags that the machine gives: a packaged table, or the user's copy in the home."""

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from search.errors import UsageError

PACKAGED_FILE = Path(__file__).parent / "vocabulary.tsv"
COLUMNS = ("name", "group", "query", "cut", "broader")
# Each entry takes time for every image.
MAX_ENTRIES = 2_000
MAX_LENGTH = 200


class TagGroup(StrEnum):
    """What a tag describes."""

    OBJECT = "object"
    SCENE = "scene"
    ACTIVITY = "activity"
    MOOD = "mood"
    KIND = "kind"


@dataclass(frozen=True)
class Entry:
    """A tag of the vocabulary.

    Attributes:
        name: Its English name, which identifies it.
        group: What it describes.
        query: The text that images are scored for.
        cut: The relevance from which an image gets the tag, 0 to 1; None for the fitted or the default cut.
        broader: The names of more general tags, which the short description leaves out.
        names: Its names in other languages, by ISO 639-1 code.
    """

    name: str
    group: TagGroup
    query: str
    cut: float | None
    broader: tuple[str, ...]
    names: Mapping[str, str]


@dataclass(frozen=True)
class Vocabulary:
    """All entries, and a digest of everything that affects tags and their names."""

    entries: tuple[Entry, ...]
    digest: str


def find_vocabulary(copy: Path) -> Path:
    """Return the vocabulary to use: the user's copy if there is one, else the packaged file."""
    return copy if copy.exists() else PACKAGED_FILE


def read_vocabulary(path: Path) -> Vocabulary:
    """Read a vocabulary.

    Raises:
        UsageError: The file cannot be read, or a line is not valid. The message names the line.
    """
    try:
        body = path.read_bytes()
        lines = body.decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Cannot read the vocabulary {path}: {error}. Save it as UTF-8 text.") from error
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    if rows.fieldnames is None or not {"name", "group"} <= set(rows.fieldnames):
        raise UsageError(f"{path} must be a table with tabs between the columns, with the columns name and group.")
    entries: dict[str, Entry] = {}
    for number, row in enumerate(rows, 2):
        values = {key: (value or "").strip() for key, value in row.items() if key is not None and value is not None}
        if not any(values.values()) or values.get("name", "").startswith("#"):
            continue
        try:
            entry = _make_entry(values)
            if entry.name in entries:
                raise ValueError(f"the name {entry.name!r} occurs twice")
        except ValueError as error:
            raise UsageError(f"{path}, line {number}: {error}.") from error
        entries[entry.name] = entry
    if len(entries) > MAX_ENTRIES:
        raise UsageError(f"{path} has {len(entries)} tags; at most {MAX_ENTRIES} are allowed.")
    return Vocabulary(tuple(entries.values()), hashlib.sha256(body).hexdigest()[:16])


def _make_entry(values: Mapping[str, str]) -> Entry:
    """Return the entry of a row. Raises ValueError when a value is not valid."""
    name, cut = values.get("name", ""), values.get("cut", "")
    if not name:
        raise ValueError("the name is missing")
    if any(len(value) > MAX_LENGTH for value in values.values()):
        raise ValueError(f"a value has more than {MAX_LENGTH} characters")
    try:
        share = float(cut) if cut else None
    except ValueError as error:
        raise ValueError(f"the cut must be a number from 0 to 1, not {cut!r}") from error
    if share is not None and not 0 < share < 1:
        raise ValueError(f"the cut must be between 0 and 1, not {cut}")
    if values["group"] not in list(TagGroup):
        raise ValueError(f"the group must be one of {', '.join(TagGroup)}, not {values['group']!r}")
    broader = tuple(word for word in values.get("broader", "").split("|") if word)
    names = {key: value for key, value in values.items() if key not in COLUMNS and value}
    return Entry(name, TagGroup(values["group"]), values.get("query") or name, share, broader, names)
