"""One opened home: its catalog, its models and its indexes, checked to belong together."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from search.encoders.encoder import ImageEncoder, TextEncoder
from search.encoders.registry import BUNDLED, SPEECH_MODEL, Models, Names, choose_models, find_current
from search.encoders.runtime import Machine
from search.errors import HomeError
from search.home import Home
from search.records import VECTOR_RETRIEVERS, Retriever
from search.settings import Settings
from search.storage.baselines import QueryBank
from search.storage.catalog import Catalog
from search.storage.collections import Albums, SavedSearches
from search.storage.database import Database
from search.storage.feedback import FeedbackStore
from search.storage.jobs import Jobs
from search.storage.ledger import Ledger
from search.storage.lexical.index import WordIndex
from search.storage.query_images import QueryImages
from search.storage.sources import Sources
from search.storage.space_index import SpaceIndex
from search.storage.spaces import Space, SpaceRole, Spaces

# Smaller thumbnails, in pixels, that are made when they are first asked for.
SIZES = (128, 256)


@dataclass(frozen=True)
class Library:
    """What the engine and the indexer share.

    models and indexes belong together: whoever holds a library goes on with both, whatever is chosen meanwhile; `renew`
    gives one that follows the choice.
    outdated: the spaces that an earlier version of a bundled model filled. No query of the installed version can be
    compared with their vectors, so nothing is found in these lanes until the model change has filled a new space.
    """

    home: Home
    machine: Machine
    catalog: Catalog
    ledger: Ledger
    sources: Sources
    jobs: Jobs
    saved: SavedSearches
    albums: Albums
    query_images: QueryImages
    feedback: FeedbackStore
    words: WordIndex
    spaces: Spaces
    models: Models
    indexes: dict[Retriever, SpaceIndex]
    outdated: dict[Retriever, Space] = field(default_factory=dict)

    def forget(self, item_ids: Sequence[int]) -> int:
        """Remove items with all that was derived from them, at once; give how many there were. Files stay."""
        count = self.ledger.forget(item_ids)
        for item_id in item_ids:
            for path in (self.home.thumbnail(item_id), *(self.home.small_thumbnail(item_id, size) for size in SIZES)):
                path.unlink(missing_ok=True)
        for path in self.home.list_loudness(set(item_ids)):
            path.unlink(missing_ok=True)
        return count

    def is_current(self) -> bool:
        """Return whether these are still the models that the home has chosen."""
        chosen = all(self.spaces.get(one).id == self._get_space_id(one) for one in VECTOR_RETRIEVERS)
        return chosen and (self.spaces.read_speech() or SPEECH_MODEL) == self.models.transcriber.name

    def is_kept(self) -> bool:
        """Return whether the spaces that this one searches are still there, under whatever name."""
        kept = {space.id for space in self.spaces.list_all()}
        return all(
            space.space_id in kept for retriever, space in self.indexes.items() if retriever not in self.outdated
        )

    def renew(self) -> "Library":
        """Return this library with the models that the home has chosen by now; what is open stays open.

        Raises what `open_library` raises.
        """
        opened = _open_models(self.home, self.spaces, self.machine)
        return replace(self, models=opened.models, indexes=opened.indexes, outdated=opened.outdated)

    def open_space(self, space: Space, encoder: ImageEncoder | TextEncoder) -> SpaceIndex:
        """Return the index of a space that holds the vectors of an encoder."""
        return _open_index(self.home, self.catalog.database, space, encoder)

    def _get_space_id(self, retriever: Retriever) -> int:
        """Return the id that the lane's space has in the catalog."""
        return self.outdated[retriever].id if retriever in self.outdated else self.indexes[retriever].space_id

    def close(self) -> None:
        """Close the database connections."""
        self.catalog.database.close()


def open_library(settings: Settings, create: bool = False) -> Library:
    """Open a home; with `create`, make it when it is new.

    Raises HomeError when there is none, or when it was filled by other files of a model that is not bundled; ModelError
    when a model that it has chosen is not on this machine.
    """
    home = Home(settings.home)
    if create:
        home.create()
    else:
        home.require()
    database = Database(home.catalog)
    home.rename_old_folders()
    machine = Machine(settings.threads, settings.device, settings.unload_after)
    spaces = Spaces(database)
    opened = _open_models(home, spaces, machine)
    return Library(
        home=home,
        machine=machine,
        catalog=Catalog(database),
        ledger=Ledger(database),
        sources=Sources(database),
        jobs=Jobs(database),
        saved=SavedSearches(database),
        albums=Albums(database),
        query_images=QueryImages(database),
        feedback=FeedbackStore(database),
        words=WordIndex(database),
        spaces=spaces,
        models=opened.models,
        indexes=opened.indexes,
        outdated=opened.outdated,
    )


@dataclass(frozen=True)
class _Opened:
    """The chosen models, the indexes they search, and the spaces of earlier versions of the bundled models."""

    models: Models
    indexes: dict[Retriever, SpaceIndex]
    outdated: dict[Retriever, Space]


def _open_models(home: Home, spaces: Spaces, machine: Machine) -> _Opened:
    chosen = {
        retriever: find_current(space.model, home.models) if (space := spaces.find(retriever)) else None
        for retriever in VECTOR_RETRIEVERS
    }
    names = Names(chosen[Retriever.VISUAL], chosen[Retriever.SEMANTIC], spaces.read_speech())
    opened = _Opened(choose_models(home.models, machine, names), {}, {})
    for retriever in VECTOR_RETRIEVERS:
        encoder = opened.models.get_encoder(retriever)
        space = spaces.find(retriever) or spaces.add(retriever, SpaceRole.ACTIVE, encoder)
        if space.fingerprint == encoder.fingerprint:
            opened.indexes[retriever] = _open_index(home, spaces.database, space, encoder)
        elif encoder.name in BUNDLED:
            opened.outdated[retriever] = space
            opened.indexes[retriever] = _open_silent_index(home, spaces.database, space, encoder)
        else:
            raise HomeError(
                f"The {retriever} space of {home.root} was made by {space.model} ({space.fingerprint}), but that model "
                f"is {encoder.fingerprint} here. Restore its old files, or index into a new home with --home."
            )
    return opened


def _open_index(home: Home, database: Database, space: Space, encoder: ImageEncoder | TextEncoder) -> SpaceIndex:
    bank = QueryBank(encoder.bank, encoder.parts)
    # Each model has its own folder: one is filled while another is searched.
    folder = home.index / space.retriever / space.fingerprint
    return SpaceIndex(database, space.id, space.fingerprint, bank, folder)


def _open_silent_index(home: Home, database: Database, space: Space, encoder: ImageEncoder | TextEncoder) -> SpaceIndex:
    """Return an index in which nothing is found: no row of the catalog has its negative id."""
    bank = QueryBank(encoder.bank, encoder.parts)
    return SpaceIndex(database, -space.id, space.fingerprint, bank, home.index / space.retriever / "outdated")
