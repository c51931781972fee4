"""`crossmodal index`."""

from pathlib import Path
from typing import Any

import click

from indexer.profile import Profile
from search.cli.output import json_option, print_json
from search.settings import Settings

COUNTS = ("scanned", "added", "updated", "renamed", "unchanged", "removed", "failed", "skipped")


@click.command("index")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Decoders side by side.")
@click.option("--retry-failed", is_flag=True, help="Try files again that failed before.")
@click.option("--profile", is_flag=True, help="Say where the time went, by stage.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@json_option
@click.pass_obj
def index_command(
    settings: Settings,
    paths: tuple[Path, ...],
    workers: int,
    retry_failed: bool,
    dry_run: bool,
    profile: bool,
    as_json: bool,
) -> None:
    """Add folders or files to the library, or bring them up to date."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from indexer.pipeline import Options, run_index
    from search.library import open_library

    library = open_library(settings, create=True)
    console = Console(stderr=True)
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
    )
    try:
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("looking at the files", total=None, rate="")

            def show(done: int, total: int, path: str) -> None:
                elapsed = bar.tasks[task].elapsed or 0.0
                rate = f"{done / elapsed:.1f}/s" if elapsed else ""
                bar.update(task, completed=done, total=total, rate=rate, description=Path(path).name[:60])

            options = Options(workers, retry_failed=retry_failed, dry_run=dry_run)
            summary = run_index(library, list(paths), options, show)
    finally:
        library.close()
    for path, reason in summary.failures.items():
        click.echo(f"{path}: {reason}", err=True)
    document: dict[str, Any] = {name: summary.counts[name] for name in COUNTS}
    document["seconds"] = round(summary.seconds, 2)
    if profile:
        document["profile"] = _describe(summary.profile)
    if as_json:
        failures = [{"path": path, "reason": reason} for path, reason in summary.failures.items()]
        print_json(document | {"failures": failures})
    else:
        click.echo(", ".join(f"{document[name]} {name}" for name in (*COUNTS, "seconds") if document[name]))
        for stage, one in document.get("profile", {}).items():
            click.echo(f"{stage:10} {one['seconds']:8.2f} s  {one['count']:8} done  {one['per_second']:8.1f}/s")
    if summary.failures:
        raise click.exceptions.Exit(1)


def _describe(profile: Profile) -> dict[str, dict[str, float]]:
    """Give seconds, counts and rates by stage; stages run side by side, so they may add up to more than the run."""
    return {
        stage: {
            "seconds": round(one.seconds, 2),
            "count": one.count,
            "per_second": round(one.count / one.seconds, 2) if one.seconds else 0.0,
        }
        for stage, one in profile.stages.items()
    }


@click.command("demo")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def demo_command(folder: Path) -> None:
    """Write a small library to try things on: pictures, speech, documents and a film."""
    from indexer.demo import make_demo

    click.echo(f"{make_demo(folder)} files in {folder}")
