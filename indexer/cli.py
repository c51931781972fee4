"""`crossmodal index`."""

from pathlib import Path

import click

from search.cli.output import json_option, print_json
from search.settings import Settings

COUNTS = ("scanned", "added", "updated", "renamed", "unchanged", "removed", "failed", "skipped")


@click.command("index")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Decoders side by side.")
@click.option("--retry-failed", is_flag=True, help="Try files again that failed before.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@json_option
@click.pass_obj
def index_command(
    settings: Settings,
    paths: tuple[Path, ...],
    workers: int,
    retry_failed: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Add folders or files to the library, or bring them up to date."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from indexer.pipeline import Options, run_index
    from search.library import open_library

    library = open_library(settings, create=True)
    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    try:
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("looking at the files", total=None)

            def show(done: int, total: int, path: str) -> None:
                bar.update(task, completed=done, total=total, description=Path(path).name[:60])

            options = Options(workers, retry_failed=retry_failed, dry_run=dry_run)
            summary = run_index(library, list(paths), options, show)
    finally:
        library.close()
    for path, reason in summary.failures.items():
        click.echo(f"{path}: {reason}", err=True)
    document = {name: summary.counts[name] for name in COUNTS} | {"seconds": round(summary.seconds, 2)}
    if as_json:
        failures = [{"path": path, "reason": reason} for path, reason in summary.failures.items()]
        print_json(document | {"failures": failures})
    else:
        click.echo(", ".join(f"{number} {name}" for name, number in document.items() if number))
    if summary.failures:
        raise click.exceptions.Exit(1)


@click.command("demo")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def demo_command(folder: Path) -> None:
    """Write a small library to try things on: pictures, speech, documents and a film."""
    from indexer.demo import make_demo

    click.echo(f"{make_demo(folder)} files in {folder}")
