"""What a search box offers: completions of what is being typed, and searches to begin with."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Suggestion:
    """A completion of a text.

    Attributes:
        typed: The end of the text that it completes: all of it, or its last word.
        filter: The field of a search that takes the value; null for the name of a file, which is a text to search for.
        value: The value of the field.
        label: What to show: the value, or the name of an album or a folder.
    """

    typed: str
    filter: str | None
    value: str | int
    label: str


@dataclass(frozen=True)
class Example:
    """A search that finds something in this library.

    Attributes:
        kind: What is searched for: `tag`, `camera`, `month`, `folder` or `words`.
        label: What to show: the tag, the camera, a month such as `2024-05`, the name of the folder, or the words.
        request: The search, as the body of `POST /api/v1/search`.
        count: The number of items that it finds; null for words.
    """

    kind: str
    label: str
    request: dict[str, Any] = field(default_factory=dict)
    count: int | None = None
