"""Find the words of a query that only ask for something: "show me", "where is", "帮我找", "please".

People say whole sentences, above all aloud. These words describe nothing that is in a file, but change what a model
makes of the text. A question that needs them ("when is", "how much", "who") is left as it is.
"""

import json
import re
from functools import cache
from pathlib import Path

from search.text.dates.tokens import fold

WORDS_FILE = Path(__file__).parent / "requests.json"
_MARKS = r"[\s,.!?¡¿。，！？]*"


def find_request(text: str) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Return the positions of the words at the start and at the end that only ask; None if there are none.

    Marks at the end belong to them. A text in which nothing else remains has none.

    Args:
        text: The text; NUL characters stand for what is not read.
    """
    folded = fold(text)
    for lead, tail in _read_patterns():
        start = lead.match(folded)
        end = tail.search(folded)
        begin = start.end() if start else 0
        stop = end.start() if end and end.start() >= begin else len(text)
        is_asked = bool(start and start["lead"]) or bool(end and end["tail"] and stop < len(text))
        if is_asked and re.search(r"[^\W_]", folded[begin:stop]):
            return (0, begin), (stop, len(text))
    return None


@cache
def _read_patterns() -> list[tuple[re.Pattern[str], re.Pattern[str]]]:
    words = json.loads(WORDS_FILE.read_text(encoding="utf-8"))
    return [_compile(code != "zh", **entry) for code, entry in words.items()]


def _compile(is_spaced: bool, lead: str, polite: str, tail: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    begin, end = (r"(?<!\w)", r"(?!\w)") if is_spaced else ("", "")
    politely = rf"{_MARKS}(?:{_choose(polite)}{end}{_MARKS})*"
    return (
        re.compile(rf"{politely}(?P<lead>{_choose(lead)}{end}{politely})?"),
        re.compile(rf"{_MARKS}(?P<tail>(?:{begin}{_choose(tail)}{_MARKS})*)$"),
    )


def _choose(words: str) -> str:
    """Return the pattern of one of some words, the longest that matches."""
    folded = sorted(map(fold, words.split("|")), key=len, reverse=True)
    return f"(?:{'|'.join(re.escape(word) for word in folded)})"
