"""The figures of a run as a Markdown table."""

from collections.abc import Iterable, Sequence

from benchmarks.review.outcome import Outcome, Place

COLUMNS = ("kind", "queries", *Place, "at least one in the first five", "right shown", "wrong shown")


def make_table(outcomes: Sequence[Outcome]) -> str:
    """Return a row for each kind of query, for all texts, and for all queries."""
    kinds = dict.fromkeys(outcome.query.kind for outcome in outcomes)
    rows = [_make_row(kind, [one for one in outcomes if one.query.kind == kind]) for kind in kinds]
    texts = [outcome for outcome in outcomes if outcome.query.text]
    rows.append(_make_row("**all texts**", texts))
    rows += [
        _make_row(f"**in {language}**", [one for one in texts if one.query.language == language])
        for language in dict.fromkeys(one.query.language for one in texts)
    ]
    rows.append(_make_row("**all**", outcomes))
    return "\n".join([_join(COLUMNS), _join(["---"] * len(COLUMNS)), *rows])


def make_failures(outcomes: Iterable[Outcome]) -> str:
    """Return a line for each query whose right files are not among the first five, or that shows wrong things."""
    return "\n".join(_describe(one) for one in outcomes if one.place != Place.FIRST_FIVE)


def _make_row(name: str, outcomes: Sequence[Outcome]) -> str:
    places = [sum(one.place == place for one in outcomes) for place in Place]
    sums = [sum(getattr(one, name) for one in outcomes) for name in ("has_one", "right", "wrong")]
    share = f"{places[0]} ({places[0] / max(1, len(outcomes)):.0%})"
    return _join([name, len(outcomes), share, *places[1:], *sums])


def _describe(one: Outcome) -> str:
    """Return a line about one query."""
    where = f"first right result at {one.first_right}" if one.first_right else "no right result"
    shown = f"shown: {one.right} right, {one.wrong} wrong"
    text = f"{one.place:12}  {one.query.kind:16}  {one.query.title:44}  {where}; {shown}"
    return f"{text}; {one.error}" if one.error else text


def _join(cells: Iterable[object]) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"
