"""One opened home: its catalogue, its models and its indexes, checked to belong together."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from search.encoders.encoder import ImageEncoder, TextEncoder
from search.encoders.registry import BUNDLED, SPEECH, Models, Names, choose_models, find_current
from search.encoders.runtime import Machine
from search.errors import HomeError
from search.home import Home
from search.records import LANE_SPACES, Lane
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
from search.storage.spaces import Space, Spaces

# Smaller thumbnails, in pixels, that are made when they are first asked for.
SIZES = (128, 256)


# What one opened home has in memory of its models: the lanes that have vectors, and the space each searches.
LANES = tuple(LANE_SPACES)


@dataclass(frozen=True)
class Library:
    """What the engine and the indexer share.

    models and spaces belong together: whoever holds a library goes on with both, whatever is chosen meanwhile; `renew`
    gives one that follows the choice. recorded: the spaces by name, as the catalogue had them when they were opened.
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
    asked: QueryImages
    feedback: FeedbackStore
    words: WordIndex
    recorded: Spaces
    models: Models
    spaces: dict[Lane, SpaceIndex]
    outdated: dict[Lane, Space] = field(default_factory=dict)

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
        """Tell whether these are still the models that the home has chosen."""
        found = self.recorded.read_all()
        chosen = all(found[LANE_SPACES[lane]].id == self._get_space_id(lane) for lane in LANES)
        return chosen and (self.recorded.read_speech() or SPEECH) == self.models.speech.name

    def is_kept(self) -> bool:
        """Tell whether the spaces that this one searches are still there, under whatever name."""
        kept = {space.id for space in self.recorded.read_all().values()}
        return all(space.space_id in kept for lane, space in self.spaces.items() if lane not in self.outdated)

    def renew(self) -> "Library":
        """Give this library with the models that the home has chosen by now; what is open stays open.

        Raises what `open_library` raises.
        """
        models, spaces, outdated = _open_models(self.home, self.recorded, self.machine)
        return replace(self, models=models, spaces=spaces, outdated=outdated)

    def open_space(self, space: Space, encoder: ImageEncoder | TextEncoder) -> SpaceIndex:
        """Return the index of a space that holds the vectors of an encoder."""
        return _open_index(self.home, self.catalog.database, space, encoder)

    def _get_space_id(self, lane: Lane) -> int:
        """Return the id that the lane's space has in the catalogue."""
        return self.outdated[lane].id if lane in self.outdated else self.spaces[lane].space_id

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
    machine = Machine(settings.threads, settings.device, settings.unload_after)
    recorded = Spaces(database)
    models, spaces, outdated = _open_models(home, recorded, machine)
    return Library(
        home=home,
        machine=machine,
        catalog=Catalog(database),
        ledger=Ledger(database),
        sources=Sources(database),
        jobs=Jobs(database),
        saved=SavedSearches(database),
        albums=Albums(database),
        asked=QueryImages(database),
        feedback=FeedbackStore(database),
        words=WordIndex(database),
        recorded=recorded,
        models=models,
        spaces=spaces,
        outdated=outdated,
    )


def _open_models(
    home: Home, recorded: Spaces, machine: Machine
) -> tuple[Models, dict[Lane, SpaceIndex], dict[Lane, Space]]:
    """Return the chosen models, the indexes they search, and the spaces of earlier versions of the bundled models."""
    known = recorded.read_all()
    chosen = {
        lane: find_current(known[name].model, home.models) if (name := LANE_SPACES[lane]) in known else None
        for lane in LANES
    }
    names = Names(chosen[Lane.PICTURE], chosen[Lane.MEANING], recorded.read_speech())
    models = choose_models(home.models, machine, names)
    spaces: dict[Lane, SpaceIndex] = {}
    outdated: dict[Lane, Space] = {}
    for lane in LANES:
        encoder, name = models.get_encoder(lane), LANE_SPACES[lane]
        if name not in known:
            recorded.add(name, encoder.name, encoder.fingerprint, encoder.dimension)
            known = recorded.read_all()
        elif known[name].fingerprint != encoder.fingerprint:
            if encoder.name in BUNDLED:
                outdated[lane] = known[name]
                spaces[lane] = _open_silent_index(home, recorded.database, known[name], encoder)
                continue
            raise HomeError(
                f"the {name} space of {home.root} was made by {known[name].model} ({known[name].fingerprint}), which "
                f"is {encoder.fingerprint} here: put its old files back, or index into a new home with --home"
            )
        spaces[lane] = _open_index(home, recorded.database, known[name], encoder)
    return models, spaces, outdated


def _open_index(home: Home, database: Database, space: Space, encoder: ImageEncoder | TextEncoder) -> SpaceIndex:
    bank = QueryBank(encoder.bank, encoder.parts)
    # Of each model a folder of its own: one is filled while another is searched.
    folder = home.index / space.name.partition("/")[0] / space.fingerprint
    return SpaceIndex(database, space.id, space.fingerprint, bank, folder)


def _open_silent_index(home: Home, database: Database, space: Space, encoder: ImageEncoder | TextEncoder) -> SpaceIndex:
    """Return an index in which nothing is found: no row of the catalogue has its negative id."""
    bank = QueryBank(encoder.bank, encoder.parts)
    return SpaceIndex(database, -space.id, space.fingerprint, bank, home.index / space.name / "outdated")
