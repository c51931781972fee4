"""Write a report as Markdown and as JSON."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from search.evaluation.run import Figure, Report

# The columns of the table of what is shown: field of `ShownFigures` and heading.
SHOWN_COLUMNS = {
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "best_f1": "best F1 of any cut",
    "average_precision": "average precision",
    "precision_20": "precision@20",
    "nothing": "nothing relevant",
    "calibration_error": "calibration error",
    "calibration_error_shown": "of what is shown",
    "results": "results",
}


def describe_report(report: Report) -> dict[str, Any]:
    """Return the report as a JSON document; figures rounded to four digits, None if undefined."""
    document: dict[str, Any] = _round(asdict(report))
    document["exposure"] = {
        kind: {"answers": answers, "shown": shown} for kind, (answers, shown) in document["exposure"].items()
    }
    return document


def write_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a Markdown table."""
    return [f"| {' | '.join(row)} |" for row in (header, ["---"] * len(header), *rows)]


def write_shown(document: Mapping[str, Any]) -> list[str]:
    """Return a table of what is above the relevance cut, from a report as JSON."""
    rows = []
    for kind, figures in document["shown"].items():
        row = [kind, str(figures["queries"])]
        for column in SHOWN_COLUMNS:
            value = figures[column]
            row.append("" if value is None else f"{value:.1f}" if column == "results" else f"{value:.3f}")
        rows.append(row)
    return write_table(["queries", "n", *SHOWN_COLUMNS.values()], rows)


def write_markdown(report: Report, title: str) -> str:
    """Return the report as a Markdown page."""
    lines = [f"# {title}", ""]
    if report.shown:
        lines += ["## What is shown", "", *write_shown(describe_report(report)), ""]
    for kind, rankings in report.ranking.items():
        number = report.queries.get(
            kind, sum(report.queries[other] for other in report.ranking if other in report.queries)
        )
        lines += [f"## {kind} ({number} queries)", ""]
        measures = list(next(iter(rankings.values())))
        lines += ["| ranking | " + " | ".join(measures) + " |", "|---|" + "---|" * len(measures)]
        lines += [
            f"| {ranking_name} | " + " | ".join(map(_write_figure, row.values())) + " |"
            for ranking_name, row in rankings.items()
        ]
        lines.append("")
    lines += ["## Nothing relevant", "", '| queries | answered "nothing relevant" | AUROC of the best score |']
    lines.append("|---|---|---|")
    for kind, share in report.nothing.items():
        auroc = f"{report.auroc[kind]:.3f}" if kind in report.auroc else "(these have answers)"
        lines.append(f"| {kind} ({report.queries[kind]}) | {share:.1%} | {auroc} |")
    lines += [
        "",
        f"Expected calibration error of the best score: {report.calibration_error:.3f}.",
        "",
        "## Exposure",
        "",
        "| type | share of the answers | share of the first ten results |",
        "|---|---|---|",
    ]
    lines += [f"| {kind} | {answers:.1%} | {shown:.1%} |" for kind, (answers, shown) in report.exposure.items()]
    if report.confusion:
        lines += ["", "## Labels", "", *_write_confusion(report)]
    return "\n".join(lines) + "\n"


def _write_figure(figure: Figure) -> str:
    return f"{figure.mean:.3f} ({figure.low:.3f} to {figure.high:.3f})"


def _write_confusion(report: Report) -> list[str]:
    labels = list(report.confusion)
    lines = ["| label | " + " | ".join(labels) + " |", "|---|" + "---|" * len(labels)]
    for label in labels:
        row = report.confusion[label]
        lines.append(f"| {label} | " + " | ".join(str(row.get(other, 0) or "") for other in labels) + " |")
    return lines


def _round(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _round(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_round(item) for item in value]
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4)
    return value
