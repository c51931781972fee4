"""`crossmodal evaluate`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from crossmodal.cli.output import json_option, print_json
from search.errors import UsageError
from search.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from search.evaluation.cases import Case
    from search.evaluation.run import Report


@click.command("evaluate")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--tags", is_flag=True, help="Measure the tags of the machine: FILE has labels, or people's own tags do.")
@click.option("--markdown", type=click.Path(path_type=Path, dir_okay=False), help="Also write the report to this file.")
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a chart of recall against false results to this file, as SVG.",
)
@click.option(
    "--judged",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A text file with the judged files and folders, one per line; all other items are ignored.",
)
@click.option("--title", default="Evaluation", show_default=True, help="The heading of the report.")
@click.option("--fused-only", is_flag=True, help="Do not evaluate each retriever separately; four times as fast.")
@json_option
@click.pass_obj
def evaluate_command(
    settings: Settings,
    file: Path | None,
    tags: bool,
    markdown: Path | None,
    plot: Path | None,
    judged: Path | None,
    title: str,
    fused_only: bool,
    as_json: bool,
) -> None:
    """Measure how well the library answers the queries of a file.

    FILE has one JSON object per line: a query, and the files or moments that are relevant to it. A relevant file can
    have a grade: 2 for strongly, 1 for weakly relevant. Precision counts both, recall counts only the strong ones.
    """
    from search.evaluation.cases import read_cases
    from search.evaluation.report import describe_report, write_markdown
    from search.evaluation.sizes import draw_kinds

    if tags:
        _evaluate_tags(settings, file, markdown, as_json)
        return
    if file is None:
        raise UsageError("Pass the file with the queries, or --tags.")
    report = _run_cases(settings, read_cases(file, judged), not fused_only)
    document = describe_report(report)
    text = write_markdown(report, title)
    if markdown is not None:
        markdown.write_text(text, encoding="utf-8")
    if plot is not None:
        plot.write_text(draw_kinds(title, document), encoding="utf-8")
    if as_json:
        print_json(document)
    else:
        click.echo(text)


def _evaluate_tags(settings: Settings, file: Path | None, markdown: Path | None, as_json: bool) -> None:
    """Compare the tags of the machine with the labels of a file, or with the tags that people gave."""
    from search.evaluation.tags import compare_tags, describe_tags, read_labels, write_tags
    from search.open_home import open_home
    from search.records import State
    from search.tagging.tagger import Tagger
    from search.text.names import fold_name

    with open_home(settings) as library:
        items = library.catalog.list_items(State.INDEXED)
        known = Tagger(library).names
    own = {item.path: item.facts.tags for item in items if item.facts.tags}
    names = {fold_name(label) or "": name for name, labels in known.items() for label in labels.values()}
    report = compare_tags(items, own if file is None else read_labels(file), names)
    if markdown is not None:
        markdown.write_text(write_tags(report), encoding="utf-8")
    if as_json:
        print_json(describe_tags(report))
    else:
        click.echo(write_tags(report))


def _run_cases(settings: Settings, cases: "Sequence[Case]", retrievers: bool) -> "Report":
    """Run the queries with a progress bar on standard error.

    Args:
        settings: The settings of the library.
        cases: The queries with their relevant items.
        retrievers: Also evaluate each retriever separately.
    """
    from rich.console import Console
    from rich.progress import Progress

    from search.engine import Engine
    from search.evaluation.run import run_cases
    from search.open_home import open_home

    with open_home(settings) as library, Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Running queries", total=len(cases))
        return run_cases(Engine(library), cases, lambda done, _total: bar.update(task, completed=done), retrievers)
