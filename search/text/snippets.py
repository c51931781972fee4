"""The few words of a segment that show why it was found."""

from collections.abc import Iterable

SNIPPET = 220


def cut_snippet(text: str, words: Iterable[str]) -> str:
    """Return at most about 220 characters of a text, around the first of the words where one occurs."""
    if len(text) <= SNIPPET:
        return text
    lowered = text.lower()
    places = [place for word in words if (place := lowered.find(word)) >= 0]
    start = max(0, min(places, default=0) - SNIPPET // 3)
    if start:
        start = text.find(" ", start) + 1
    end = start + SNIPPET
    if end < len(text):
        space = text.rfind(" ", start, end)
        end = space if space > start else end
    return ("… " if start else "") + text[start:end].strip() + (" …" if end < len(text) else "")
