"""`crossmodal jobs`."""

import click

from crossmodal.cli.library import open_library
from crossmodal.cli.output import json_option, print_json
from search.records import Job
from search.serializers import serialize_job
from search.storable import show_controls


@click.group("jobs", invoke_without_command=True)
@json_option
@click.pass_context
def jobs_command(ctx: click.Context, as_json: bool) -> None:
    """Show, cancel and retry jobs. Without a subcommand, show all jobs, newest first."""
    if ctx.invoked_subcommand is not None:
        return
    with open_library(ctx.obj) as library:
        jobs = library.jobs()
    if as_json:
        print_json({"jobs": [serialize_job(job) for job in jobs]})
        return
    for job in jobs:
        click.echo(_describe(job))


@jobs_command.command("cancel")
@click.argument("job", type=int)
@click.pass_context
def cancel_command(ctx: click.Context, job: int) -> None:
    """Cancel a queued job, or stop the running one. Completed work is saved."""
    with open_library(ctx.obj) as library:
        click.echo(_describe(library.cancel_job(job)))


@jobs_command.command("remove")
@click.argument("job", type=int)
@click.pass_context
def remove_command(ctx: click.Context, job: int) -> None:
    """Remove a job that has ended, and cancel any other."""
    with open_library(ctx.obj) as library:
        click.echo(_describe(library.remove_job(job)))


@jobs_command.command("retry")
@click.argument("job", type=int)
@click.pass_context
def retry_command(ctx: click.Context, job: int) -> None:
    """Queue a job again."""
    with open_library(ctx.obj) as library:
        click.echo(_describe(library.retry_job(job)))


def _describe(job: Job) -> str:
    what = f"use {job.task.model}" if job.task.model else ", ".join(job.task.paths) or "all sources"
    state = "cancelling" if job.is_cancelling and not job.state.is_over else str(job.state)
    line = f"{job.id:5} {state:10} {job.created_at}  {what}"
    if job.total:
        line += f"  {job.done} of {job.total}"
    note = job.reason or job.summary.get("warning")
    return show_controls(line + (f"  {note}" if note else ""))
