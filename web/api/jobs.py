"""/api/v1/jobs: queue background work and follow its progress."""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Literal

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field

from search.encoders.presets import list_presets
from search.errors import BusyError, NotFoundError, UsageError
from search.job_progress import follow_job
from search.open_home import OpenHome
from search.paths import is_below
from search.records import Job, Rights, Role, Task
from search.serializers import serialize_job
from search.storage.jobs import make_missing_job
from web.access.caller import get_principal, make_recheck
from web.api.body import parse_body
from web.contract.operation import JSON, Operation
from web.schemas.library import JobDocument, JobList

# How often an open event stream checks whether its caller may still follow the job. Without a change of the job, that
# is at each heartbeat.
CHECK_SECONDS = 5.0


class JobRequest(BaseModel):
    """The work of a new job.

    Attributes:
        paths: Files or folders on the server to bring up to date. An empty list means all sources.
        retry_failed: Retry files that failed before.
        model: Instead of indexing, switch to this model. It must be on this machine, as GET /models shows.
        role: The role of the model, if its name is ambiguous.
    """

    model_config = ConfigDict(extra="forbid")

    paths: list[str] = Field(default_factory=list, max_length=1000)
    retry_failed: bool = False
    model: str | None = None
    role: Literal["visual", "semantic", "speech"] | None = None


def make_blueprint(library: OpenHome) -> Blueprint:
    """Return the job routes."""
    api = Blueprint("jobs", __name__, url_prefix="/api/v1/jobs")
    jobs = library.jobs
    accepted = Operation(JobDocument, 202, role=Role.ADMIN, headers={"Location": "The address of the job"})

    @api.get("")
    @Operation(JobList)
    def list_jobs() -> Response:
        """List the jobs, newest first."""
        can_see = _make_filter(library, get_principal().rights)
        return jsonify({"jobs": [serialize_job(job) for job in jobs.list_all() if can_see(job)]})

    @api.post("")
    @replace(accepted, creates=True, bodies={JSON: JobRequest}, examples={"Index all sources": {}})
    def add_job() -> tuple[Response, int]:
        """Queue a job: index paths again, or switch to another model."""
        return _answer(jobs.add(_read_task(library, parse_body(JobRequest))))

    @api.get("/<int:job_id>")
    @Operation(JobDocument)
    def show_job(job_id: int) -> Response:
        """Return a job and its progress."""
        return jsonify(serialize_job(_get_job(library, job_id)))

    @api.delete("/<int:job_id>")
    @accepted
    def remove_job(job_id: int) -> tuple[Response, int]:
        """Cancel a queued job, stop the running one, or remove one that has ended.

        Completed work is saved.
        """
        return _answer(jobs.remove(job_id))

    @api.post("/<int:job_id>/cancel")
    @accepted
    def stop_job(job_id: int) -> tuple[Response, int]:
        """Cancel a queued job, or stop the running one. A job that has ended is not changed.

        Completed work is saved.
        """
        return _answer(jobs.cancel(job_id))

    @api.post("/<int:job_id>/retry")
    @replace(accepted, creates=True)
    def retry_job(job_id: int) -> tuple[Response, int]:
        """Queue a job again."""
        return _answer(jobs.add(jobs.get(job_id).task))

    @api.get("/<int:job_id>/events")
    @Operation(media=("text/event-stream",), errors=(BusyError,))
    def follow_job(job_id: int) -> Response:
        """Follow a job by server-sent events.

        `progress` after each change, then `end`; the data of each is the job. The stream also ends, without `end`,
        when the session or the key does.
        """
        job, find_caller = _get_job(library, job_id), make_recheck()

        def may_follow() -> bool:
            caller = find_caller()
            return caller.role.includes(Role.SEARCH) and _make_filter(library, caller.rights)(job)

        # The server limits how many streams are open, since each occupies a thread.
        response = Response(_stream_events(library, job, may_follow), mimetype="text/event-stream")
        response.cache_control.no_store = True
        response.headers["X-Accel-Buffering"] = "no"  # a proxy must not buffer the events
        return response

    return api


def _get_job(library: OpenHome, job_id: int) -> Job:
    """Return a job that the caller can see. Raises NotFoundError."""
    job = library.jobs.get(job_id)
    if not _make_filter(library, get_principal().rights)(job):
        raise make_missing_job(job_id)
    return job


def _make_filter(library: OpenHome, rights: Rights) -> Callable[[Job], bool]:
    """Return a function that returns whether someone with some rights may read all that a job reads."""
    if rights.are_complete:
        return lambda _: True
    roots = [source.path for source in library.restrict(rights).sources.list_all()]

    def can_see(job: Job) -> bool:
        paths = job.task.paths
        return bool(paths) and all(any(is_below(path, root) for root in roots) for path in paths)

    return can_see


def _read_task(library: OpenHome, new: JobRequest) -> Task:
    # Remove `..`, which could lead out of the source.
    paths = tuple(os.path.normpath(path) for path in new.paths)
    for path in paths:
        if library.sources.find_above(path) is None:
            raise UsageError(f"paths: {path} is not in a source; add its folder to the sources first")
    if new.model is not None:
        _check_model(library, new)
    return Task(paths, new.retry_failed, model=new.model, role=new.role)


def _check_model(library: OpenHome, new: JobRequest) -> None:
    """Allow only models that are on this machine, so that clients cannot probe paths of the server."""
    if new.paths or new.retry_failed:
        raise UsageError("model: cannot be combined with paths or retry_failed")
    present = {preset.name for preset in list_presets(library.home.models) if preset.is_present}
    if new.model not in present:
        raise UsageError(
            f"model: {new.model} is not on this machine; download it with `crossmodal models get`, or use it once with "
            "`crossmodal models use`"
        )


def _answer(job: Job) -> tuple[Response, int]:
    response = jsonify(serialize_job(job))
    response.headers["Location"] = f"{request.root_path}/api/v1/jobs/{job.id}"
    return response, 202


def _stream_events(library: OpenHome, job: Job, may_follow: Callable[[], bool]) -> Iterator[str]:
    """Yield the job as a server-sent event whenever it changes, until it is over or the caller may not follow it."""
    checked_at = time.monotonic()
    # The job may have been dropped since the request was accepted: then there is nothing to send.
    with suppress(NotFoundError):
        for changed in follow_job(library.jobs, job.id):
            if time.monotonic() - checked_at >= CHECK_SECONDS:
                if not may_follow():
                    return
                checked_at = time.monotonic()
            if changed is None:
                yield ": no change\n\n"
            else:
                document = json.dumps(serialize_job(changed), ensure_ascii=False)
                yield f"event: {'end' if changed.state.is_over else 'progress'}\ndata: {document}\n\n"
