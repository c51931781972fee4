"""What each file of the library holds: the truth that queries are judged by."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

MANIFEST = "library.json"
MEDIA = "media"
QUERIES = "queries"


@dataclass(frozen=True)
class Entry:
    """One file of the library.

    Attributes:
        path: The path below the library's folder, with slashes.
        type: The item type: `image`, `audio`, `video` or `document`.
        key: A name by which queries refer to the file; empty if they do not.
        kind: What it is: `photo`, `sign`, `screenshot`, `receipt`, `scan`, `paper`, `office`, `recording`, `film`.
        taken: The day it was made, `YYYY-MM-DD`; None if neither its metadata nor its name says it.
        place: The city in which it was taken.
        country: The country of that city.
        camera: The maker and model of the camera.
        artist: The person named as the artist.
        shows: What it shows, by the names in `concepts.toml`: 2 if it does, 1 if perhaps.
        text: The text that can be read in it or is said in it.
        origin: The file that it was made from, relative to the source data.
    """

    path: str
    type: str
    key: str = ""
    kind: str = "photo"
    taken: str | None = None
    place: str | None = None
    country: str | None = None
    camera: str | None = None
    artist: str | None = None
    shows: Mapping[str, int] = field(default_factory=dict)
    text: str = ""
    origin: str = ""


@dataclass(frozen=True)
class Manifest:
    """All files of a library.

    Attributes:
        today: The day on which it was built; the dates of some files are relative to it.
        entries: The files.
    """

    today: date
    entries: tuple[Entry, ...]

    def write(self, root: Path) -> None:
        """Write it as JSON next to the library's folder."""
        document = {"today": self.today.isoformat(), "files": [asdict(entry) for entry in self.entries]}
        (root / MANIFEST).write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, root: Path) -> "Manifest":
        """Read the manifest of a library that was built before."""
        document = json.loads((root / MANIFEST).read_text(encoding="utf-8"))
        return cls(date.fromisoformat(document["today"]), tuple(Entry(**entry) for entry in document["files"]))

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)
