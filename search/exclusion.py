"""Patterns of files and folders that are not indexed, in the syntax of .gitignore. Home of pathspec."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from search.errors import UsageError

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

MAX_PATTERNS = 1_000
MAX_PATTERN_LENGTH = 1_000


@dataclass(frozen=True)
class Match:
    """The pattern that decides about a file or folder.

    Attributes:
        pattern: The pattern as it was written.
        is_excluded: False for a pattern that begins with `!`: the file or folder is read.
        origin: Where the pattern is written, for users: "of the source", "in .ignore".
    """

    pattern: str
    is_excluded: bool
    origin: str


@dataclass(frozen=True)
class Patterns:
    """Patterns for the files and folders below one folder. A pattern that is not valid is ignored.

    Attributes:
        folder: The absolute path that the patterns are relative to.
        lines: The patterns, one per line; a later one takes precedence. Empty lines and comments are allowed.
        origin: Where the patterns are written, for users: "of the source", "in .ignore".
    """

    folder: str
    lines: tuple[str, ...]
    origin: str

    def find(self, path: str, is_folder: bool) -> Match | None:
        """Return the last pattern that matches a path below the folder, None if there is none."""
        relative = path[len(self.folder.rstrip("/")) + 1 :] + ("/" if is_folder else "")
        found = self._spec.check_file(relative)
        if found.include is None or found.index is None:
            return None
        return Match(self._valid[found.index], found.include, self.origin)

    @cached_property
    def _valid(self) -> tuple[str, ...]:
        lines = [line for line in self.lines if line.strip() and not line.startswith("#")]
        return tuple(line for line in lines[:MAX_PATTERNS] if explain_pattern(line) is None)

    @cached_property
    def _spec(self) -> "GitIgnoreSpec":
        from pathspec import GitIgnoreSpec

        return GitIgnoreSpec.from_lines(self._valid)


def explain_pattern(line: str) -> str | None:
    """Return why a pattern is not valid, None if it is valid."""
    from pathspec import GitIgnoreSpec

    if len(line) > MAX_PATTERN_LENGTH:
        return f"it is longer than {MAX_PATTERN_LENGTH} characters"
    if any(character in line for character in "\n\r\0"):
        return "it contains a line break"
    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return "it does not have the syntax of a line in .gitignore"
    return None


def check_patterns(lines: Sequence[str]) -> tuple[str, ...]:
    """Return the patterns of a request or a setting, without empty ones.

    Raises:
        UsageError: A pattern is not valid, or there are too many.
    """
    patterns = tuple(line.strip() for line in lines if line.strip())
    if len(patterns) > MAX_PATTERNS:
        raise UsageError(f"exclude: at most {MAX_PATTERNS} patterns are allowed, not {len(patterns)}")
    for pattern in patterns:
        if (reason := explain_pattern(pattern)) is not None:
            raise UsageError(f"exclude: {pattern[:80]!r} is not a valid pattern: {reason}")
    return patterns


def move_patterns(lines: Sequence[str], subfolder: str) -> tuple[str, ...]:
    """Return patterns that apply to a subfolder only, written for the folder above it.

    Args:
        lines: Patterns that are relative to the subfolder.
        subfolder: Its path relative to the folder above.
    """
    return tuple(_move_pattern(line, subfolder.strip("/")) for line in lines if line.strip())


def _move_pattern(line: str, subfolder: str) -> str:
    sign, body = ("!", line[1:]) if line.startswith("!") else ("", line)
    is_anchored = "/" in body.rstrip("/")
    prefix = "".join(f"\\{character}" if character in "*?[]\\" else character for character in subfolder)
    return f"{sign}/{prefix}/{'' if is_anchored else '**/'}{body.lstrip('/')}"
