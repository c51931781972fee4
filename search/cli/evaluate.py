"""`crossmodal evaluate`."""

from pathlib import Path

import click

from search.cli.output import json_option, print_json
from search.settings import Settings


@click.command("evaluate")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--markdown", type=click.Path(path_type=Path, dir_okay=False), help="Also write the report there.")
@click.option("--title", default="Evaluation", show_default=True, help="The heading of that page.")
@click.option("--fused-only", is_flag=True, help="Leave out each lane alone; four times as fast.")
@json_option
@click.pass_obj
def evaluate_command(
    settings: Settings, file: Path, markdown: Path | None, title: str, fused_only: bool, as_json: bool
) -> None:
    """Measure how well the library answers the queries of a file.

    FILE holds one JSON object a line: a query and the files, or moments, that answer it.
    """
    from rich.console import Console
    from rich.progress import Progress

    from search.engine import Engine
    from search.evaluation.cases import read_cases
    from search.evaluation.report import describe_report, write_markdown
    from search.evaluation.run import run_cases
    from search.library import open_library

    cases = read_cases(file)
    library = open_library(settings)
    try:
        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("asking", total=len(cases))
            report = run_cases(
                Engine(library), cases, lambda done, _total: bar.update(task, completed=done), not fused_only
            )
    finally:
        library.close()
    text = write_markdown(report, title)
    if markdown is not None:
        markdown.write_text(text, encoding="utf-8")
    if as_json:
        print_json(describe_report(report))
    else:
        click.echo(text)
