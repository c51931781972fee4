"""`crossmodal index` and `demo`."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from crossmodal.cli.library import open_library
from crossmodal.cli.output import INTERRUPTED, json_option, print_json
from indexer.summary import COUNTS, Profile, Summary, explain_unavailable
from search.errors import CrossmodalError, UsageError
from search.records import JobState
from search.settings import Settings
from search.storable import show_controls

if TYPE_CHECKING:
    from crossmodal.protocol import AnyLibrary
    from indexer.progress import Progress

# A worker starts a queued job sooner than this.
START_SECONDS = 5.0


def _refuse_with_server(ctx: click.Context, option: click.Parameter, value: Any) -> Any:
    """Refuse an option that needs the machine of the library."""
    settings = ctx.find_object(Settings)
    is_given = ctx.get_parameter_source(str(option.name)) is ParameterSource.COMMANDLINE
    if is_given and settings is not None and settings.server:
        raise UsageError(f"{option.opts[0]} works only on the machine of the library, not with --server. Run it there.")
    return value


LOCAL_ONLY: dict[str, Any] = {"callback": _refuse_with_server}


@click.command("index")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--workers",
    default=2,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Number of parallel decoders.",
    **LOCAL_ONLY,
)
@click.option("--retry-failed", is_flag=True, help="Retry files that failed before.")
@click.option(
    "--exclude",
    multiple=True,
    metavar="PATTERN",
    help="Do not index files and folders that match, as in .gitignore; can be repeated. The patterns replace those of "
    "the source and are kept with it; an empty one removes them.",
)
@click.option("--hidden/--no-hidden", default=None, help="Index hidden files and folders, too; kept with the source.")
@click.option("--reindex", is_flag=True, help="Index every file again, including unchanged files.", **LOCAL_ONLY)
@click.option(
    "--forget-missing",
    type=click.FloatRange(0),
    metavar="DAYS",
    help="Forget items whose file has been missing for this number of days.",
    **LOCAL_ONLY,
)
@click.option(
    "--watch", is_flag=True, help="Keep running and index changes as they happen, until Ctrl-C.", **LOCAL_ONLY
)
@click.option("--profile", is_flag=True, help="Show the time spent in each stage.", **LOCAL_ONLY)
@click.option("--dry-run", is_flag=True, help="Show what would be done and change nothing.", **LOCAL_ONLY)
@json_option
@click.pass_obj
def index_command(
    settings: Settings,
    paths: tuple[Path, ...],
    workers: int,
    retry_failed: bool,
    exclude: tuple[str, ...],
    hidden: bool | None,
    reindex: bool,
    forget_missing: float | None,
    dry_run: bool,
    profile: bool,
    watch: bool,
    as_json: bool,
) -> None:
    """Add folders or files to the library, or bring them up to date."""
    from indexer.pipeline import Options, run_index
    from indexer.worker.watch import watch_sources
    from search.exclusion import check_patterns
    from search.open_home import open_home

    if watch and dry_run:
        raise UsageError("--watch and --dry-run cannot be used together")
    if settings.server:
        _end(_index_on_server(settings, paths, retry_failed, exclude, hidden), False, as_json)
        return
    options = Options(
        workers,
        retry_failed=retry_failed,
        dry_run=dry_run,
        reindex=reindex,
        exclude=check_patterns(exclude) if exclude else None,
        reads_hidden=hidden,
        forget_after=forget_missing,
    )
    with open_home(settings, create=True) as library, show_progress() as show:
        if watch:
            report = report_changes(lambda summary: _report(summary, profile, as_json))
            watch_sources(library, paths, options, show, report)
            return
        summary = run_index(library, list(paths), options, show)
    _end(summary, profile, as_json)


def _index_on_server(
    settings: Settings, paths: tuple[Path, ...], retry_failed: bool, exclude: tuple[str, ...], hidden: bool | None
) -> Summary:
    """Index files and folders of a server, and wait until this is done."""
    arguments: dict[str, Any] = {"retry_failed": retry_failed, "exclude": exclude or None, "hidden": hidden}
    try:
        with open_library(settings) as library, show_progress() as show, _report_waiting(library):
            found = library.index(*paths, **arguments, progress=show)
    except KeyboardInterrupt:
        click.echo("crossmodal: interrupted; the server goes on. To stop it, see `crossmodal jobs`.", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None
    return Summary(
        counts=Counter({name: getattr(found, name) for name in COUNTS}),
        failures=dict(found.failures),
        unavailable=dict(found.unavailable),
        is_refused=found.is_refused,
        seconds=found.seconds,
    )


@contextmanager
def _report_waiting(library: "AnyLibrary") -> Iterator[None]:
    """Print a message to standard error if no job has started a few seconds into a `with` block."""

    def report() -> None:
        # The command may end in the meantime, and close its connections.
        with suppress(CrossmodalError, RuntimeError):
            states = {job.state for job in library.jobs()}
            if JobState.QUEUED in states and JobState.RUNNING not in states:
                message = "the job waits for a worker. If the server has none, run `crossmodal worker` there."
                click.echo(f"crossmodal: {message}", err=True)

    timer = threading.Timer(START_SECONDS, report)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _end(summary: Summary, profile: bool, as_json: bool) -> None:
    """Report a run and exit with its status."""
    _report(summary, profile, as_json)
    if summary.is_refused:
        raise click.exceptions.Exit(3)
    if summary.failures or summary.unavailable:
        raise click.exceptions.Exit(1)


@contextmanager
def show_progress() -> "Iterator[Progress]":
    """Show a progress bar on standard error inside a `with` block."""
    from rich import progress as rich
    from rich.console import Console

    columns = (
        rich.BarColumn(),
        rich.MofNCompleteColumn(),
        rich.TextColumn("{task.fields[rate]}"),
        rich.TextColumn("{task.fields[left]}"),
        rich.TextColumn("{task.description}", markup=False),
    )
    console = Console(stderr=True)
    if not console.is_interactive:  # the bar would leave an empty line
        yield lambda _done, _total, _path, _seconds_left=None: None
        return
    with rich.Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Scanning files…", total=None, rate="", left="")

        def show(done: int, total: int, path: str, seconds_left: float | None = None) -> None:
            elapsed = bar.tasks[task].elapsed or 0.0
            rate = f"{done / elapsed:.1f}/s" if elapsed else ""
            left = "" if seconds_left is None else f"{timedelta(seconds=round(seconds_left))} left"
            name = show_controls(Path(path).name)[:60]
            bar.update(task, completed=done, total=total, rate=rate, left=left, description=name)

        yield show


def report_changes(report: Callable[[Summary], None]) -> Callable[[Summary], None]:
    """Return a function that reports only runs with changes or new failures.

    Most runs that a watched folder causes change nothing.
    """
    known: dict[str, str] = {}

    def report_change(summary: Summary) -> None:
        nonlocal known
        problems = summary.failures | summary.unavailable
        if summary.has_changes or problems != known:
            report(summary)
        known = problems

    return report_change


def _report(summary: Summary, profile: bool, as_json: bool) -> None:
    for path, reason in summary.failures.items():
        click.echo(f"{show_controls(path)}: {show_controls(reason)}", err=True)
    for path, root in summary.merged.items():
        click.echo(
            f"crossmodal: {show_controls(path)} is no longer a source: it is part of {show_controls(root)}", err=True
        )
    unavailable = explain_unavailable(summary.unavailable)
    if unavailable is not None:
        click.echo(f"crossmodal: {show_controls(unavailable)}", err=True)
    document = summary.describe()
    if profile:
        document["profile"] = _describe(summary.profile)
    if as_json:
        print_json(document)
        return
    click.echo(", ".join(f"{document[name]} {name}" for name in (*COUNTS, "seconds") if document[name]))
    for name, stage in document.get("profile", {}).items():
        click.echo(f"{name:10} {stage['seconds']:8.2f} s  {stage['count']:8} done  {stage['per_second']:8.1f}/s")


def _describe(profile: Profile) -> dict[str, dict[str, float]]:
    """Return seconds, counts and rates by stage.

    Stages run in parallel, so that their seconds can add up to more than the duration of the run.
    """
    return {
        name: {
            "seconds": round(stage.seconds, 2),
            "count": stage.count,
            "per_second": round(stage.count / stage.seconds, 2) if stage.seconds else 0.0,
        }
        for name, stage in profile.stages.items()
    }


@click.command("demo")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def demo_command(folder: Path) -> None:
    """Write a small set of example files: images, speech, documents and a video."""
    from crossmodal.demo import make_demo

    click.echo(f"Wrote {make_demo(folder)} files to {folder}")
