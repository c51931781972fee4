"""Responses about the library: its state, models, sources and jobs."""

from typing import TYPE_CHECKING, Any, Literal

from search.encoders.presets import Preset
from search.records import JobState, Retriever, State
from search.storage.spaces import SpaceRole
from web.contract.documents import Document, make_record_document

if TYPE_CHECKING:
    ModelDocument = Document
else:
    ModelDocument = make_record_document(Preset, "ModelDocument")


class Health(Document):
    """The state of the process.

    Attributes:
        status: `ok` if the process runs, `ready` if a search is answered without delay.
    """

    status: Literal["ok", "ready"]


class SpaceDocument(Document):
    """An embedding space.

    Attributes:
        model: The model that makes its vectors.
        fingerprint: Identifies the exact version of the model.
        dimension: The length of a vector.
        embeddings: The number of vectors.
    """

    model: str
    fingerprint: str
    dimension: int
    embeddings: int


class IndexDocument(Document):
    """How the vectors of a space are searched.

    Attributes:
        vectors: The number of vectors in the generation in use.
        delta: The number of vectors that were added since; they are compared one by one.
        cells: The number of cells that the vectors are divided into; 0 if all vectors are compared.
        probes: The number of cells that a search without a filter probes; 0 if all vectors are compared.
        text_recall: The share of the ten nearest vectors of a text that a search finds, measured when the index was
            built. Null if it was not measured.
        vector_recall: The same for vectors of the space.
    """

    vectors: int
    delta: int
    cells: int
    probes: int
    text_recall: float | None
    vector_recall: float | None


class ActiveSpace(SpaceDocument):
    """An embedding space that is searched.

    Attributes:
        generation: The number of the index generation in use; 0 without one.
        index: How its vectors are searched.
    """

    generation: int
    index: IndexDocument


class SpaceWithRole(SpaceDocument):
    """An embedding space and what it is used for.

    Attributes:
        retriever: The retriever that searches the space.
        role: `active` if it is searched, `next` while it is being filled, `previous` if it was used before.
        total: The number of vectors in the active space of the retriever.
    """

    retriever: Retriever
    role: SpaceRole
    total: int


class Progress(Document):
    """The progress of the update of a space, as numbers of embeddings."""

    done: int
    total: int


class Status(Document):
    """The state of the library.

    Attributes:
        home: The data directory; null for those who may not read everything.
        disk: The disk use of the data directory in bytes; null likewise.
        sources: The folders that are indexed.
        unavailable: Why storage is unavailable, by folder.
        items: The number of items by type and state; files of an unknown type are counted as `other`.
        spaces: The spaces that are searched, by retriever.
        other_spaces: The other spaces, by retriever and role.
        outdated: The progress of the update of each outdated space, by retriever.
        earlier_recordings: The number of films and sound recordings that an earlier version indexed, which read no
            chapters and no subtitles in further languages.
        speech: The speech model.
        text_reader: What reads text in images, with its version; null if nothing does.
        chosen: How the models were chosen.
    """

    home: str | None
    disk: int | None
    sources: list[str]
    unavailable: dict[str, str]
    items: dict[str, dict[State, int]]
    spaces: dict[Retriever, ActiveSpace]
    other_spaces: dict[str, SpaceDocument]
    outdated: dict[str, Progress]
    earlier_recordings: int = 0
    speech: str
    text_reader: str | None = None
    chosen: str


class Forgotten(Document):
    """What was removed from the library.

    Attributes:
        forgotten: The number of removed items.
    """

    forgotten: int


class ModelList(Document):
    """The models in use, and the others that can be used.

    Attributes:
        spaces: The embedding spaces.
        speech: The speech model.
        models: The available models; `present` is true for those on this machine.
    """

    spaces: list[SpaceWithRole]
    speech: str
    models: list[ModelDocument]


class UnavailableFolder(Document):
    """A folder whose storage is unavailable.

    Attributes:
        path: The absolute path of the folder.
        reason: Why it is unavailable.
    """

    path: str
    reason: str


class SourceDocument(Document):
    """A folder that is indexed.

    Attributes:
        id: The id of the source.
        path: The absolute path of the folder on the server.
        added_at: When it was added, in UTC, ISO 8601.
        watched: Whether changes are indexed as they happen.
        exclude: Patterns of files and folders that are not indexed, as in .gitignore.
        hidden: Whether hidden files and folders are indexed.
        available: Whether the folder and its disk are available now.
        unavailable: The folders inside that are unavailable.
        problem: Why changes in the folder cannot be watched; null if they can be.
    """

    id: int
    path: str
    added_at: str
    watched: bool
    exclude: list[str]
    hidden: bool
    available: bool
    unavailable: list[UnavailableFolder]
    problem: str | None


class SourceList(Document):
    """All sources."""

    sources: list[SourceDocument]


class JobDocument(Document):
    """A job and its progress.

    Attributes:
        id: The id of the job.
        state: The state of the job.
        paths: The files and folders to index; empty for all sources.
        retry_failed: Whether files that failed are tried again.
        model: The model to switch to, if this is the work of the job.
        created_at: When it was queued, in UTC, ISO 8601.
        started_at: When it started, if it has started.
        ended_at: When it ended, if it has ended.
        done: The number of files that are done.
        total: The number of all files.
        seconds: How long it has been running.
        rate: Files per second; null before it has started.
        seconds_left: The estimated remaining time in seconds; null if it is unknown.
        detail: The file that is being read, or what else is being done.
        cancelling: Whether it was asked to stop.
        summary: The result of a finished job: numbers by name, and a `warning` if folders were unavailable.
        reason: Why it failed.
    """

    id: int
    state: JobState
    paths: list[str]
    retry_failed: bool
    model: str | None
    created_at: str
    started_at: str | None
    ended_at: str | None
    done: int
    total: int
    seconds: float
    rate: float | None
    seconds_left: int | None
    detail: str | None
    cancelling: bool
    summary: dict[str, Any] | None
    reason: str | None


class JobList(Document):
    """The jobs, newest first."""

    jobs: list[JobDocument]


class SourceWithJob(SourceDocument):
    """A source and the job that indexes it."""

    job: JobDocument


class SourceWithOptionalJob(SourceDocument):
    """A source and the job that applies a change to its files, if one is needed."""

    job: JobDocument | None


class StoredFile(Document):
    """An uploaded file.

    Attributes:
        name: The name that it was sent with.
        path: Where it is stored on the server.
    """

    name: str
    path: str


class Uploads(Document):
    """The stored files and the job that indexes them."""

    files: list[StoredFile]
    job: JobDocument
