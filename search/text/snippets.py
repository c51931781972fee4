"""Snippets: the part of a text that shows why it was found."""

from collections.abc import Iterable, Sequence

from search.records import TextLine

MAX_SNIPPET_LENGTH = 220


def cut_snippet(text: str, words: Iterable[str]) -> str:
    """Return the part of a text around the first occurrence of a word.

    Args:
        text: The text.
        words: Words of the query, in lower case.

    Returns:
        At most `MAX_SNIPPET_LENGTH` characters, and an ellipsis where the text was cut.
    """
    if len(text) <= MAX_SNIPPET_LENGTH:
        return text
    lowered = text.lower()
    positions = [position for word in words if (position := lowered.find(word)) >= 0]
    start = max(0, min(positions, default=0) - MAX_SNIPPET_LENGTH // 3)
    if start:
        start = text.find(" ", start) + 1
    end = start + MAX_SNIPPET_LENGTH
    if end < len(text):
        last_space = text.rfind(" ", start, end)
        end = last_space if last_space > start else end
    return ("… " if start else "") + text[start:end].strip() + (" …" if end < len(text) else "")


def choose_lines(lines: Sequence[TextLine], words: Sequence[str]) -> tuple[TextLine, ...]:
    """Return the lines of text in an image that contain a word; all lines if none does.

    Args:
        lines: The lines of a segment.
        words: Words of the query, in lower case.
    """
    found = tuple(line for line in lines if any(word in line.text.lower() for word in words))
    return found or tuple(lines)
