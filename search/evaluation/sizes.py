"""Tables and charts over libraries of several sizes, measured with the same queries.

The inputs are JSON documents from `describe_report`, by the number of photos in the library.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from search.evaluation.plot import SHARES, Axis, Line, draw_chart
from search.evaluation.report import write_shown, write_table

Document = Mapping[str, Any]
SWEEP_COLUMNS = ("cut", "recall", "precision", "false", "silent")
# The cuts of the table; the charts show all.
TABLE_CUTS = (0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
FALSE_SHARE = "share of the shown results that is false"
# The kinds with charts; kinds with a single right answer per query have no useful recall curve.
DRAWN_KINDS = ("concepts", "groups of classes")


def write_sizes(measured: Mapping[int, Document]) -> str:
    """Return a Markdown page with what is shown by kind and size, queries without answers, and other cuts."""
    lines = ["# What is shown", ""]
    for size, document in measured.items():
        lines += [f"## {size:,} photos", "", *write_shown(document), "", *write_unanswered(document), ""]
    for kind in _find_kinds(measured):
        lines += [f"## {kind}, by size", "", *_write_growth(kind, measured), ""]
        lines += [f"## {kind}, other cuts of the same scores", "", *_write_sweeps(kind, measured), ""]
    return "\n".join(lines)


def write_unanswered(document: Document) -> list[str]:
    """Return a table of the queries without answers: the share of "nothing relevant" and AUROCs of the best score."""
    kinds = list(next(iter(document["auroc_by_kind"].values()), {}))
    header = ["queries", "n", "nothing relevant", "AUROC, all present", *(f"{kind}" for kind in kinds)]
    rows = [
        [
            kind,
            str(document["queries"][kind]),
            _format_share(document["nothing"][kind]),
            _format_figure(document["auroc"][kind]),
        ]
        + [_format_figure(aurocs[other]) for other in kinds]
        for kind, aurocs in document["auroc_by_kind"].items()
    ]
    summary = ", ".join(f"{name} {_format_share(share)}" for name, share in document["nothing_expected"].items())
    return [*write_table(header, rows), "", f'Answered with "nothing relevant": {summary}.']


def plot_sizes(measured: Mapping[int, Document]) -> dict[str, str]:
    """Return the charts as SVG documents, by name."""
    charts = {}
    for kind in _find_kinds(measured):
        name = kind.split()[0]
        charts[f"{name}-size"] = _draw_growth(kind, measured)
        charts[f"{name}-cut"] = draw_sweeps(
            f"{kind}: recall against false results",
            {f"{size:,} photos": document for size, document in measured.items()},
            kind,
        )
    return charts


def draw_sweeps(title: str, documents: Mapping[str, Document], kind: str) -> str:
    """Return a chart of recall against the share of false results, one line per library.

    The dot marks the cut that the engine uses.
    """
    lines = [_draw_sweep(name, document, kind) for name, document in documents.items() if kind in document["sweep"]]
    return draw_chart(title, Axis(FALSE_SHARE, SHARES), Axis("recall", SHARES), lines)


def draw_kinds(title: str, document: Document) -> str:
    """Return the chart of `draw_sweeps` for one library, one line per kind of query."""
    lines = [_draw_sweep(kind, document, kind) for kind in document["sweep"]]
    return draw_chart(title, Axis(FALSE_SHARE, SHARES), Axis("recall", SHARES), lines)


def _draw_sweep(name: str, document: Document, kind: str) -> Line:
    shown = document["shown"][kind]
    points = [(1 - point["precision"], point["recall"]) for point in document["sweep"][kind] if point["silent"] < 1]
    return Line(name, points, [(1 - shown["precision_if_shown"], shown["recall"])])


def _draw_growth(kind: str, measured: Mapping[int, Document]) -> str:
    sized = {size: document["shown"][kind] for size, document in measured.items() if kind in document["shown"]}
    ticks = {float(size): f"{size:,}" for size in sized}
    names = {
        "recall": "recall",
        "precision": "precision",
        "best_f1": "best F1 of any cut",
        "nothing": "nothing relevant",
    }
    lines = [
        Line(name, [(size, figures[key]) for size, figures in sized.items()], dashed=key in ("best_f1", "nothing"))
        for key, name in names.items()
    ]
    return draw_chart(
        f"{kind}: what is shown", Axis("photos in the library", ticks, True), Axis("share", SHARES), lines
    )


def _write_growth(kind: str, measured: Mapping[int, Document]) -> list[str]:
    columns = ("precision", "recall", "f1", "best_f1", "average_precision", "nothing")
    rows = [
        [f"{size:,}", *(_format_figure(document["shown"][kind][column]) for column in columns)]
        for size, document in measured.items()
        if kind in document["shown"]
    ]
    return write_table(
        ["photos", "precision", "recall", "F1", "best F1", "average precision", "nothing relevant"], rows
    )


def _write_sweeps(kind: str, measured: Mapping[int, Document]) -> list[str]:
    """Return a table of other cuts; kinds without answers are left out, since they have no right results."""
    rows = [
        [f"{size:,}", *(_format_figure(point[column]) for column in SWEEP_COLUMNS)]
        for size, document in measured.items()
        for point in document["sweep"].get(kind, [])
        if point["cut"] in TABLE_CUTS
    ]
    return write_table(["photos", "cut", "recall", "precision", "false results per query", "shows nothing"], rows)


def _find_kinds(measured: Mapping[int, Document]) -> Sequence[str]:
    measured_kinds: Iterable[str] = {kind for document in measured.values() for kind in document["shown"]}
    return [kind for kind in DRAWN_KINDS if kind in measured_kinds]


def _format_figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _format_share(value: float) -> str:
    return f"{value:.1%}"
