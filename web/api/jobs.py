"""/api/v1/jobs: asking for work, and following it."""

import json
import os
import threading
import time
from collections.abc import Iterator
from typing import Literal

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field

from search.encoders.presets import list_presets
from search.errors import BusyError, UsageError
from search.library import Library
from search.records import Job, Task
from search.serializers import serialize_job
from web.api.body import parse_body

# So many may follow jobs at once; each holds a thread of the server.
MAX_FOLLOWERS = 6
LOOK = 0.4
# A follower who hears nothing for so many seconds would give up, and who is gone is noticed only when told something.
HEARTBEAT = 10.0


class JobRequest(BaseModel):
    """What is to be brought up to date: files or folders on the server; none stands for all sources.

    model: instead, the model to use from now on, one that GET /models shows as present; purpose: what it is for.
    """

    model_config = ConfigDict(extra="forbid")

    paths: list[str] = Field(default_factory=list, max_length=1000)
    retry_failed: bool = False
    model: str | None = None
    role: Literal["visual", "semantic", "speech"] | None = None


def make_blueprint(library: Library) -> Blueprint:
    """Return the job routes."""
    api = Blueprint("jobs", __name__, url_prefix="/api/v1/jobs")
    jobs = library.jobs
    room = threading.Semaphore(MAX_FOLLOWERS)

    @api.get("")
    def list_jobs() -> Response:
        return jsonify({"jobs": [serialize_job(job) for job in jobs.list_all()]})

    @api.post("")
    def add_job() -> tuple[Response, int]:
        return _answer(jobs.add(_read_task(library, parse_body(JobRequest))))

    @api.get("/<int:job_id>")
    def show_job(job_id: int) -> Response:
        return jsonify(serialize_job(jobs.get(job_id)))

    @api.delete("/<int:job_id>")
    def cancel_job(job_id: int) -> tuple[Response, int]:
        return _answer(jobs.cancel(job_id))

    @api.post("/<int:job_id>/retry")
    def retry_job(job_id: int) -> tuple[Response, int]:
        return _answer(jobs.add(jobs.get(job_id).task))

    @api.get("/<int:job_id>/events")
    def follow_job(job_id: int) -> Response:
        job = jobs.get(job_id)
        if not room.acquire(blocking=False):
            raise BusyError("too many follow jobs at once; ask again in a moment")
        response = Response(_tell(library, job), mimetype="text/event-stream")
        response.call_on_close(room.release)
        response.cache_control.no_store = True
        response.headers["X-Accel-Buffering"] = "no"  # a proxy must not gather what is told
        return response

    return api


def _read_task(library: Library, asked: JobRequest) -> Task:
    # Without `..`, by which a path could lead out of the source that it seems to lie in.
    paths = tuple(os.path.normpath(path) for path in asked.paths)
    for path in paths:
        if library.sources.find_above(path) is None:
            raise UsageError(f"paths: {path} lies in no source; add its folder to the sources first")
    if asked.model is not None:
        _check_model(library, asked)
    return Task(paths, asked.retry_failed, model=asked.model, role=asked.role)


def _check_model(library: Library, asked: JobRequest) -> None:
    """Let only models be named that are here: whoever may search is not to try out paths of the server."""
    if asked.paths or asked.retry_failed:
        raise UsageError("model: cannot be asked for together with paths or retry_failed")
    there = {one.name for one in list_presets(library.home.models) if one.is_present}
    if asked.model not in there:
        raise UsageError(
            f"model: {asked.model} is not on this machine; fetch it with `crossmodal models get`, or use it once with "
            "`crossmodal models use`"
        )


def _answer(job: Job) -> tuple[Response, int]:
    response = jsonify(serialize_job(job))
    response.headers["Location"] = f"{request.root_path}/api/v1/jobs/{job.id}"
    return response, 202


def _tell(library: Library, job: Job) -> Iterator[str]:
    """Return the job as server-sent events whenever it has moved, until it is over."""
    told, last = "", 0.0
    while True:
        now = json.dumps(serialize_job(job), ensure_ascii=False)
        if now != told:
            yield f"event: {'end' if job.state.is_over else 'progress'}\ndata: {now}\n\n"
            told, last = now, time.monotonic()
        elif time.monotonic() - last > HEARTBEAT:
            yield ": nothing new\n\n"
            last = time.monotonic()
        if job.state.is_over:
            return
        time.sleep(LOOK)
        job = library.jobs.get(job.id)
