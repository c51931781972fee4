"""`crossmodal evaluate`."""

from pathlib import Path

import click

from crossmodal.cli.output import json_option, print_json
from search.settings import Settings


@click.command("evaluate")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--markdown", type=click.Path(path_type=Path, dir_okay=False), help="Also write the report there.")
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a chart of recall against false results there, as SVG.",
)
@click.option(
    "--judged",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A text file of the files and folders that count, one per line; all other items are neither right nor wrong.",
)
@click.option("--title", default="Evaluation", show_default=True, help="The heading of that page.")
@click.option("--fused-only", is_flag=True, help="Leave out each lane alone; four times as fast.")
@json_option
@click.pass_obj
def evaluate_command(
    settings: Settings,
    file: Path,
    markdown: Path | None,
    plot: Path | None,
    judged: Path | None,
    title: str,
    fused_only: bool,
    as_json: bool,
) -> None:
    """Measure how well the library answers the queries of a file.

    FILE holds one JSON object per line: a query, and the files, or moments, that answer it. An answer may have a grade:
    2 when it is strongly relevant, 1 when weakly. Precision counts both, recall counts only the strong ones.
    """
    from rich.console import Console
    from rich.progress import Progress

    from search.engine import Engine
    from search.evaluation.cases import read_cases
    from search.evaluation.report import describe_report, write_markdown
    from search.evaluation.run import run_cases
    from search.evaluation.sizes import draw_kinds
    from search.library import open_library

    cases = read_cases(file, judged)
    with open_library(settings) as library, Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("asking", total=len(cases))
        report = run_cases(
            Engine(library), cases, lambda done, _total: bar.update(task, completed=done), not fused_only
        )
    text = write_markdown(report, title)
    if markdown is not None:
        markdown.write_text(text, encoding="utf-8")
    if plot is not None:
        plot.write_text(draw_kinds(title, describe_report(report)), encoding="utf-8")
    if as_json:
        print_json(describe_report(report))
    else:
        click.echo(text)
