"""The lines of all subtitles of a recording, each once."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from search.records import Segment

# A line that another file has at about the same time is the same line. Times are compared in steps of this length.
REPEAT_SECONDS = 2.0
# Sounds in brackets, and the name of the speaker, which subtitles for people who do not hear add.
_ADDITIONS = re.compile(r"\[[^\]]*\]|\([^)]*\)|^[^:]{1,20}:\s")


@dataclass
class SubtitleLines:
    """Collects the lines of several subtitle files and tracks of one recording.

    Attributes:
        complete: The lines of those with all that is said.
    """

    complete: list[Segment] = field(default_factory=list)
    _known: set[tuple[str, int]] = field(default_factory=set)

    def add(self, lines: Sequence[Segment], is_complete: bool) -> list[Segment]:
        """Add the lines of a file or track, and return those that no other has.

        Args:
            lines: The lines.
            is_complete: Whether the file or track contains all that is said.
        """
        if is_complete:
            self.complete += lines
        keys = [(_make_key(line.text or ""), int((line.start or 0.0) // REPEAT_SECONDS)) for line in lines]
        added = [line for line, key in zip(lines, keys, strict=True) if not self._has(*key)]
        self._known.update(keys)
        return added

    def _has(self, text: str, step: int) -> bool:
        return any((text, near) in self._known for near in (step - 1, step, step + 1))


def _make_key(text: str) -> str:
    """Return the letters and digits of a line without what was added; the line itself if nothing is left."""
    return "".join(filter(str.isalnum, _ADDITIONS.sub(" ", text).casefold())) or text
