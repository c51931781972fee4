"""One opened home: its catalogue, its models and its indexes, checked to belong together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from search.errors import HomeError
from search.home import Home
from search.models.encoder import PictureEncoder, TextEncoder
from search.models.registry import SPEECH, Models, Names, choose_models
from search.models.runtime import Machine
from search.records import LANE_SPACES, Lane
from search.settings import Settings
from search.store.asked import AskedPictures
from search.store.baselines import QueryBank
from search.store.catalogue import Catalogue
from search.store.collections import Albums, SavedSearches
from search.store.database import Database
from search.store.jobs import Jobs
from search.store.ledger import Ledger
from search.store.opinions import Opinions
from search.store.sources import Sources
from search.store.space import SpaceIndex
from search.store.spaces import Space, Spaces
from search.store.words import WordIndex

# Smaller thumbnails, in pixels, that are made when they are first asked for.
SIZES = (128, 256)


# What one opened home has in memory of its models: the lanes that have vectors, and the space each searches.
LANES = tuple(LANE_SPACES)


@dataclass(frozen=True)
class Library:
    """What the engine and the indexer share.

    models and spaces belong together: whoever holds a library goes on with both, whatever is chosen meanwhile; `renew`
    gives one that follows the choice. recorded: the spaces by name, as the catalogue had them when they were opened.
    """

    home: Home
    machine: Machine
    catalogue: Catalogue
    ledger: Ledger
    sources: Sources
    jobs: Jobs
    saved: SavedSearches
    albums: Albums
    asked: AskedPictures
    opinions: Opinions
    words: WordIndex
    recorded: Spaces
    models: Models
    spaces: dict[Lane, SpaceIndex]

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
        chosen = all(found[LANE_SPACES[lane]].id == self.spaces[lane].space_id for lane in LANES)
        return chosen and (self.recorded.read_speech() or SPEECH) == self.models.speech.name

    def is_kept(self) -> bool:
        """Tell whether the spaces that this one searches are still there, under whatever name."""
        kept = {space.id for space in self.recorded.read_all().values()}
        return all(space.space_id in kept for space in self.spaces.values())

    def renew(self) -> "Library":
        """Give this library with the models that the home has chosen by now; what is open stays open.

        Raises what `open_library` raises.
        """
        models, spaces = _open_models(self.home, self.recorded, self.machine)
        return replace(self, models=models, spaces=spaces)

    def open_space(self, space: Space, encoder: PictureEncoder | TextEncoder) -> SpaceIndex:
        """Return the index of a space that holds the vectors of an encoder."""
        return _open_index(self.home, self.catalogue.database, space, encoder)

    def close(self) -> None:
        """Close the database connections."""
        self.catalogue.database.close()


def open_library(settings: Settings, create: bool = False) -> Library:
    """Open a home; with `create`, make it when it is new.

    Raises HomeError when there is none, or when it was filled by another model; ModelError when a model that it has
    chosen is not on this machine.
    """
    home = Home(settings.home)
    if create:
        home.create()
    else:
        home.require()
    database = Database(home.catalogue)
    machine = Machine(settings.threads, settings.device, settings.unload_after)
    recorded = Spaces(database)
    models, spaces = _open_models(home, recorded, machine)
    return Library(
        home=home,
        machine=machine,
        catalogue=Catalogue(database),
        ledger=Ledger(database),
        sources=Sources(database),
        jobs=Jobs(database),
        saved=SavedSearches(database),
        albums=Albums(database),
        asked=AskedPictures(database),
        opinions=Opinions(database),
        words=WordIndex(database),
        recorded=recorded,
        models=models,
        spaces=spaces,
    )


def _open_models(home: Home, recorded: Spaces, machine: Machine) -> tuple[Models, dict[Lane, SpaceIndex]]:
    known = recorded.read_all()
    chosen = {lane: known[name].model if (name := LANE_SPACES[lane]) in known else None for lane in LANES}
    names = Names(chosen[Lane.PICTURE], chosen[Lane.MEANING], recorded.read_speech())
    models = choose_models(home.models, machine, names)
    spaces = {}
    for lane in LANES:
        encoder, name = models.get_encoder(lane), LANE_SPACES[lane]
        if name not in known:
            recorded.add(name, encoder.name, encoder.fingerprint, encoder.dimension)
            known = recorded.read_all()
        elif known[name].fingerprint != encoder.fingerprint:
            raise HomeError(
                f"the {name} space of {home.root} was made by {known[name].model} ({known[name].fingerprint}), which "
                f"is {encoder.fingerprint} here: put its old files back, or index into a new home with --home"
            )
        spaces[lane] = _open_index(home, recorded.database, known[name], encoder)
    return models, spaces


def _open_index(home: Home, database: Database, space: Space, encoder: PictureEncoder | TextEncoder) -> SpaceIndex:
    bank = QueryBank(encoder.bank, encoder.parts)
    # Of each model a folder of its own: one is filled while another is searched.
    folder = home.index / space.name.partition("/")[0] / space.fingerprint
    return SpaceIndex(database, space.id, space.fingerprint, bank, folder)
