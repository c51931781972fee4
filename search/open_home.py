"""An open home: its catalog, its models and its indexes."""

from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from search.active_models import ActiveModels, open_active_models
from search.admission import Admission
from search.encoders.registry import Models
from search.encoders.runtime import Machine
from search.home import Home
from search.media.processes import MediaProcesses, SandboxedMedia
from search.query.limits import QueryLimits
from search.query.voice import SpokenQueries
from search.records import Retriever, Rights
from search.settings import Settings
from search.storage.catalog import Catalog
from search.storage.database import Database
from search.storage.jobs import Jobs
from search.storage.lexical.index import WordIndex
from search.storage.query_images import MemoryQueryImages, QueryImages
from search.storage.sources import Sources
from search.storage.space_index import SpaceIndex
from search.storage.spaces import Space, Spaces
from search.storage.volumes import Volumes

# Requests that wait while a fragment of a film is converted, and how much that gives way to searches.
MAX_WAITING_CONVERSIONS, CONVERSION_NICENESS = 8, 10


@dataclass(frozen=True)
class OpenHome:
    """The open resources of one home, shared by the engine, the indexer and the web application.

    Use it as a context manager, or call `close` when done. Only the stores that many modules use are attributes; others
    are created from `database`.

    Attributes:
        home: The paths inside the home.
        machine: The threads and the device for models.
        database: The database of the catalog.
        catalog: Items, segments and embeddings.
        sources: The indexed root folders.
        volumes: The folders at which the storage of sources begins.
        jobs: The queue of background work.
        words: The full-text index.
        spaces: The embedding spaces.
        active: The chosen models with their indexes. They do not change if the home chooses others later; see
            `reload_models`.
        query_images: The images that users searched by.
        settings: The settings that the home was opened with.
        media: Decodes what clients send or look at.
        converter: Converts recordings that browsers cannot play, and cuts clips: one at a time, with a low priority.
        office: Converts office documents to PDFs, with a low priority.
        encoding: Admits queries to the models of images and texts.
        spoken: Transcribes spoken queries.
    """

    home: Home
    machine: Machine
    database: Database
    catalog: Catalog
    sources: Sources
    volumes: Volumes
    jobs: Jobs
    words: WordIndex
    spaces: Spaces
    active: ActiveModels
    query_images: QueryImages | MemoryQueryImages
    settings: Settings
    media: MediaProcesses
    converter: MediaProcesses
    office: MediaProcesses
    encoding: Admission
    spoken: SpokenQueries

    @property
    def limits(self) -> QueryLimits:
        """What one query may consist of."""
        return self.settings.query_limits

    @property
    def models(self) -> Models:
        """The chosen models."""
        return self.active.models

    @property
    def indexes(self) -> dict[Retriever, SpaceIndex]:
        """The index that each vector retriever searches."""
        return self.active.indexes

    @property
    def outdated(self) -> dict[Retriever, Space]:
        """The spaces with the vectors of an earlier version of a bundled model, by retriever."""
        return self.active.outdated

    def is_current(self) -> bool:
        """Return whether the home still chooses the models that are open here."""
        return self.active.are_chosen(self.spaces)

    def reload_models(self) -> "OpenHome":
        """Return a copy of this open home with the models that the home chooses now. All else is shared.

        Raises:
            HomeError: A space was filled by other files of a model that is not bundled.
            ModelError: A chosen model is not on this machine.
        """
        return replace(self, active=open_active_models(self.home, self.spaces, self.machine))

    def restrict(self, rights: Rights) -> "OpenHome":
        """Return this open home as a caller with some rights sees it: other items and sources do not exist in it."""
        if rights.are_unlimited:
            return self
        return replace(self, catalog=Catalog(self.database, rights), sources=Sources(self.database, rights))

    def close(self) -> None:
        """Close the database connections and end the processes that decode."""
        self.media.close()
        self.converter.close()
        self.office.close()
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def open_home(settings: Settings, create: bool = False) -> OpenHome:
    """Open a home.

    Args:
        settings: The path of the home, and the threads and the device for models.
        create: Create the home if it does not exist.

    Raises:
        HomeError: The home does not exist or cannot be used.
        ModelError: A chosen model is not on this machine.
    """
    home = Home(settings.home)
    if create:
        home.create()
    else:
        home.require()
    database = Database(home.catalog)
    try:
        home.restrict()
        home.rename_old_folders()
        machine = Machine(settings.threads, settings.device, settings.unload_after)
        spaces = Spaces(database)
        return OpenHome(
            home=home,
            machine=machine,
            database=database,
            catalog=Catalog(database),
            sources=Sources(database),
            volumes=Volumes(database),
            jobs=Jobs(database),
            words=WordIndex(database),
            spaces=spaces,
            active=open_active_models(home, spaces, machine),
            query_images=_make_query_images(database, settings),
            settings=settings,
            media=make_media(settings),
            converter=make_converter(settings),
            office=make_converter(settings),
            encoding=Admission("queries", settings.threads + 1, settings.encoding_queue),
            spoken=SpokenQueries(_count_speech_queue(settings)),
        )
    except BaseException:
        database.close()
        raise


def _make_query_images(database: Database, settings: Settings) -> QueryImages | MemoryQueryImages:
    return QueryImages(database, settings.query_image_days) if settings.keep_queries else MemoryQueryImages()


def make_media(settings: Settings) -> MediaProcesses:
    """Return the processes that decode what clients send or look at. They start when they are needed."""
    return SandboxedMedia(settings.media_processes, settings.encoding_queue, settings.media_memory)


def make_converter(settings: Settings) -> MediaProcesses:
    """Return a process that converts recordings or documents. It starts when it is needed."""
    return SandboxedMedia(1, MAX_WAITING_CONVERSIONS, settings.media_memory, CONVERSION_NICENESS)


def _count_speech_queue(settings: Settings) -> int:
    """Return how many spoken queries may wait: with the one that is transcribed, at most half of the threads."""
    return min(settings.speech_queue, max(0, settings.request_threads // 2 - 1))
