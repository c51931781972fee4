"""What the catalog can store: texts, whole numbers and floats from files and requests, made safe.

A file or a request can contain any text and any number. These functions are the only place that says what becomes of
values that UTF-8, SQL or JSON cannot express. The columns of the tables apply them to every value.
"""

import math
import os
import re

MIN_INTEGER, MAX_INTEGER = -(2**63), 2**63 - 1
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
# Characters that end a line or control a terminal; a file name may contain them.
CONTROL_CHARACTERS = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029]")


def clean_string(value: str) -> str:
    """Return a text in which lone surrogates and NUL, which UTF-8 and SQL cannot store, are replaced."""
    return _UNSTORABLE.sub(REPLACEMENT, value) if _UNSTORABLE.search(value) else value


def is_storable(value: object) -> bool:
    """Return whether a parsed JSON document contains only texts that UTF-8 can express."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            try:
                part.encode()
            except UnicodeEncodeError:
                return False
        elif isinstance(part, dict):
            waiting += [*part.keys(), *part.values()]
        elif isinstance(part, list):
            waiting += part
    return True


def show_controls(value: str) -> str:
    r"""Return a text in one line: control characters and line breaks are shown as escapes, such as `\n`."""
    return CONTROL_CHARACTERS.sub(lambda match: match[0].encode("unicode_escape").decode(), value)


def clamp_integer(value: int) -> int:
    """Return the nearest whole number that fits in 64 bits, as SQL stores it."""
    return value if MIN_INTEGER <= value <= MAX_INTEGER else max(MIN_INTEGER, min(value, MAX_INTEGER))


def drop_non_finite(value: float) -> float | None:
    """Return a number, or None for NaN, infinity and numbers that are too large for a float."""
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def make_printable(path: str) -> str:
    r"""Return a path as printable text; bytes that are not UTF-8 are shown as \xNN.

    If another file has this name already, backslashes are appended, so that no two files have the same text.
    """
    try:
        printable = os.fsencode(path).decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # not a path of this system
        return clean_string(path)
    while printable != path and os.path.lexists(printable):
        printable += "\\"
    return printable
