"""Find the words of a text that name a date, such as "last weekend", "summer 2018", "上个月" or "seit Mai".

The words of all languages become symbols (`words.json`), and the patterns below are written in these symbols:

    Y y year, year with 年      M m b month, one that is also another word, abbreviated month
    S H V season, holiday, weekday    E decade    J a date in digits    N number    U unit
    L l "last", after its noun  T "this"    D "yesterday", "last week" in one word
    P "in"    F "the"    B A C I before, after, since, until    v "vor"   q o c 以前 以后 以来
    R "to"    W & between, and   G g "ago", before or after its number   Q "past"   d 的
    Z a date that was found     K the noun of a kind    X another word    | edge of the text

Precision comes first: a month or a season is also a word of content, and needs a year or another word next to it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from search.text.dates import calendar
from search.text.dates.period import Period, make_month, make_year, read_period
from search.text.dates.tokens import KIND, POSSESSIVE, Token, fold, may_name_date, read_tokens

# What is measured, so that a number before it is no year: "in 2000 meters".
_MEASURES = frozenset(
    [
        "m",
        "km",
        "meters",
        "metres",
        "feet",
        "ft",
        "words",
        "people",
        "pieces",
        "euro",
        "euros",
        "dollars",
        "kg",
        "calories",
        "metros",
        "pies",
    ]
)
# Words that mean "of" before a year: "playa de 2019".
_OF = frozenset({"de", "del"})
Values = dict[str, list[Any]]
Reader = Callable[[Values, date], Period | None]


@dataclass(frozen=True)
class FoundDate:
    """Words that name a date.

    Attributes:
        start: Where they begin in the text.
        end: Where they end.
        period: The days that they name.
    """

    start: int
    end: int
    period: Period


def find_dates(text: str, today: date, kinds: Sequence[tuple[int, int]] = ()) -> list[FoundDate]:
    """Return the dates that a text names, in order.

    Args:
        text: The text; NUL characters stand for what is not read.
        today: The current day, from which "last month" is counted.
        kinds: The positions of nouns such as "photos": a month or a year next to them is a date.
    """
    folded = fold(text)
    if not may_name_date(folded):
        return []
    tokens = [_mark_kind(token, kinds) for token in read_tokens(folded, today)]
    tokens = _reduce(tokens, today)
    return [FoundDate(*_widen(tokens, *span), period) for span, period in _find_complete(tokens, folded, today)]


def _mark_kind(token: Token, kinds: Sequence[tuple[int, int]]) -> Token:
    is_kind = any(start <= token.start < end for start, end in kinds)
    return Token(KIND, token.value, token.start, token.end) if is_kind and token.symbol not in "PF" else token


def _join(tokens: Sequence[Token]) -> str:
    return "".join(token.symbol for token in tokens)


def _collect(tokens: Sequence[Token]) -> Values:
    """Return the values of some tokens by symbol; the variants of years and months are one symbol each."""
    values: Values = {}
    for token in tokens:
        symbol = {"y": "Y", "m": "M", "b": "M", "l": "L"}.get(token.symbol, token.symbol)
        values.setdefault(symbol, []).append(token.value)
    return values


def _read_day(values: Values, today: date) -> Period | None:
    return read_period(f"{values['Y'][0]:04}-{values['M'][0]:02}-{values['N'][0]:02}")


def _make_named(values: Values) -> Callable[[int], Period | None]:
    """Return the function from a year to the period of a named month, season or holiday in it."""
    if "M" in values:
        return lambda year: make_month(year, values["M"][0])
    if "S" in values:
        return lambda year: calendar.make_season(values["S"][0], year)
    return lambda year: calendar.make_holiday(values["H"][0], year)


def _read_named(values: Values, today: date) -> Period | None:
    return _make_named(values)(values["Y"][0])


def _read_last(values: Values, today: date) -> Period | None:
    if "V" in values:
        return calendar.find_weekday(values["V"][0], today)
    return calendar.find_last(_make_named(values), today, is_over=True)


def _read_this(values: Values, today: date) -> Period | None:
    """Return this summer: the one that has begun or is over and belongs to this year."""
    return calendar.find_last(_make_named(values), today, is_over=False)


def _read_in_year(values: Values, today: date) -> Period | None:
    """Return "last year's summer"."""
    unit, number = values["D"][0] if "D" in values else (values["U"][0], 0 if "T" in values else 1)
    return _make_named(values)(today.year - number) if unit == "year" else None


def _read_unit(values: Values, today: date) -> Period | None:
    unit, number = values["D"][0] if "D" in values else (values["U"][0], 0 if "T" in values else 1)
    return None if unit == "day" and "D" not in values else calendar.count_back(unit, number, today)


def _read_ago(values: Values, today: date) -> Period | None:
    number = values.get("N", [1])[0]
    return calendar.count_back(values["U"][0], number, today) if number <= 100 else None


def _read_rolling(values: Values, today: date) -> Period | None:
    unit, number = values["U"][0], values["N"][0]
    return calendar.span_back(unit, number, today) if 0 < number <= 1000 and unit != "weekend" else None


# What is a date wherever it occurs, longest first where several match.
_ATOMS: Sequence[tuple[re.Pattern[str], Reader]] = [
    (re.compile(pattern), reader)
    for pattern, reader in (
        ("NF*[Mmb]F*[Yy]|[Mmb]F*NF*[Yy]|[Yy][Mmb]N", _read_day),
        ("[Mmb]F*[Yy]|[Yy]d?[Mm]", _read_named),
        ("SF*[Yy](?:R[NY])?|[Yy]d?S|HF*[Yy]|[Yy]d?H", _read_named),
        ("DF*d?[SMH]|(?:LU|TU|UL|Ul)F*d?[SMH]|[SMH]F*(?:LU|TU|Ul)|[SMH]F*D", _read_in_year),
        ("[LlQ]F*NF*U|Nl?U(?:l)|NlU", _read_rolling),
        ("[Gv](?:N|F)U|(?:N|F)Ug|NUq", _read_ago),
        ("L[MmSHV]|[MSHV]l|l[MSHV]", _read_last),
        ("T[MSH]", _read_this),
        ("LU|Ul|lU|TU|D", _read_unit),
        ("J", lambda values, today: read_period(values["J"][0])),
        ("y", lambda values, today: make_year(values["Y"][0])),
    )
]


def _reduce(tokens: list[Token], today: date) -> list[Token]:
    """Return the tokens with those of each date replaced by one token `Z`, except within ranges of years."""
    reduced: list[Token] = []
    symbols, at = _join(tokens), 0
    while at < len(tokens):
        for pattern, reader in _ATOMS:
            match = pattern.match(symbols, at)
            part = tokens[at : match.end()] if match else []
            period = reader(_collect(part), today) if part else None
            if period is not None:
                reduced.append(Token("Z", period, part[0].start, part[-1].end))
                at += len(part)
                break
        else:
            reduced.append(tokens[at])
            at += 1
    return reduced


def _read_period(token: Token, today: date) -> Period | None:
    """Return the period of a date, a year, a month or a decade."""
    match token.symbol:
        case "Z":
            period: Period = token.value
            return period
        case "Y":
            return make_year(token.value)
        case "E":
            return calendar.make_decade(token.value)
    return calendar.find_last(lambda year: make_month(year, token.value), today, is_over=False)


_END = r"(?=$|\|)"
# Complete dates in the symbols after `_reduce`; the group is the date itself.
_RANGE = re.compile(r"[PFW]*([ZYMm])(?:F*[RI&]|F)F*([ZY])")
_LIMITED = re.compile(rf"(?P<limit>[BACIv])[PF]*(?P<date>[ZYME]|m{_END})|(?P<dated>[ZY])(?P<after>[qoc])")
_PLAIN = re.compile(
    r"[PF]*(?P<z>Z)d?"
    rf"|P(?:P|F)*(?P<m>[MYE]|m{_END})d?"
    rf"|(?<=K)[PF]*(?P<k>[MmYE])|(?P<b>Y)F?(?=K)|(?P<f>M|E)(?=d|F?K)d?"
    rf"|(?:(?<=^)|(?<=\|))F*(?P<w>[MYE]){_END}"
)


def _find_complete(tokens: list[Token], folded: str, today: date) -> list[tuple[tuple[int, int], Period]]:
    """Return the dates among the tokens, as positions of tokens, with their periods."""
    found: list[tuple[tuple[int, int], Period]] = []
    symbols, at = _join(tokens), 0
    while at < len(tokens):
        match, period = _match_range(tokens, symbols, at, today)
        if match is None:
            match, period = _match_limited(tokens, symbols, at, today)
        if match is None:
            match, period = _match_plain(tokens, symbols, at, today)
        if match is not None and period is not None:
            found.append((match.span(), period))
            at = match.end()
        else:
            at += 1
    return found


Matched = tuple[re.Match[str] | None, Period | None]


def _match_range(tokens: list[Token], symbols: str, at: int, today: date) -> Matched:
    """Match "2018-2020", "from May to July 2019" and "between 2018 and 2020"."""
    match = _RANGE.match(symbols, at)
    if match is None or ("&" in match[0] and "W" not in match[0]) or not _is_joined(tokens[at : match.end()]):
        return None, None
    first, last = (_read_period(tokens[match.start(group)], today) for group in (1, 2))
    if match[1] in "Mm" and last and last.last:
        first = make_month(last.last.year, tokens[match.start(1)].value)
    if not first or not last or not first.first or not last.last or first.first > last.last:
        return None, None
    return match, Period(first.first, last.last)


def _is_joined(tokens: Sequence[Token]) -> bool:
    """Return whether there is a word for "to" between two dates; "a" and "à" mean that in Spanish and French."""
    between = tokens[-2]
    is_letter = between.symbol == "F" and between.end - between.start == 1
    return is_letter or re.search("[ZYMm]F*[RI&]", _join(tokens)) is not None


def _match_limited(tokens: list[Token], symbols: str, at: int, today: date) -> Matched:
    """Match "before 2015" and "since May"."""
    match = _LIMITED.match(symbols, at)
    if match is None:
        return None, None
    period = _read_period(tokens[match.start("date" if match["date"] else "dated")], today)
    limit = match["limit"] or match["after"]
    if period is None or period.first is None or period.last is None:
        return None, None
    if limit in "Bvq":
        return match, Period(None, calendar.make_days(period.first - calendar.DAY).first)
    if limit in "Ao":
        return match, Period(calendar.make_days(period.last + calendar.DAY).first, None)
    return match, Period(None, period.last) if limit == "I" else Period(period.first, None)


def _match_plain(tokens: list[Token], symbols: str, at: int, today: date) -> Matched:
    """Match a date with the words before it that belong to it: "in the summer of 2018", "in July", "2019 photos"."""
    match = _PLAIN.match(symbols, at)
    if match is None:
        return None, None
    name = next(name for name, value in match.groupdict().items() if value)
    dated = match.start(name)
    following = tokens[dated + 1].value if dated + 1 < len(tokens) else None
    if tokens[dated].symbol == "Y" and following in _MEASURES:
        return None, None
    return match, _read_period(tokens[dated], today)


def _widen(tokens: list[Token], start: int, end: int) -> tuple[int, int]:
    """Return the positions in the text of some tokens, with a possessive that follows: "last year's"."""
    has_possessive = end < len(tokens) and tokens[end].value == POSSESSIVE and tokens[end].start == tokens[end - 1].end
    return tokens[start].start, tokens[end if has_possessive else end - 1].end
