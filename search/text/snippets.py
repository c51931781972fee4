"""Snippets: the part of a text that shows why it was found."""

from collections.abc import Iterable

MAX_SNIPPET_LENGTH = 220


def cut_snippet(text: str, words: Iterable[str]) -> str:
    """Return about `MAX_SNIPPET_LENGTH` characters of a text, around the first occurrence of one of the words."""
    if len(text) <= MAX_SNIPPET_LENGTH:
        return text
    lowered = text.lower()
    places = [place for word in words if (place := lowered.find(word)) >= 0]
    start = max(0, min(places, default=0) - MAX_SNIPPET_LENGTH // 3)
    if start:
        start = text.find(" ", start) + 1
    end = start + MAX_SNIPPET_LENGTH
    if end < len(text):
        space = text.rfind(" ", start, end)
        end = space if space > start else end
    return ("… " if start else "") + text[start:end].strip() + (" …" if end < len(text) else "")
