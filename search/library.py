"""One opened home: its catalogue, its models and its indexes, checked to belong together."""

from collections.abc import Sequence
from dataclasses import dataclass

from search.errors import HomeError
from search.home import Home
from search.models.encoder import PictureEncoder, TextEncoder
from search.models.registry import Models, choose_models
from search.records import LANE_SPACES, Lane
from search.settings import Settings
from search.store.catalogue import Catalogue
from search.store.collections import Albums, SavedSearches
from search.store.database import Database
from search.store.jobs import Jobs
from search.store.sources import Sources
from search.store.space import SpaceIndex
from search.store.words import WordIndex

# Smaller thumbnails, in pixels, that are made when they are first asked for.
SIZES = (128, 256)


@dataclass(frozen=True)
class Library:
    """What the engine and the indexer share."""

    home: Home
    catalogue: Catalogue
    sources: Sources
    jobs: Jobs
    saved: SavedSearches
    albums: Albums
    models: Models
    spaces: dict[Lane, SpaceIndex]
    words: WordIndex

    def forget(self, item_ids: Sequence[int]) -> int:
        """Remove items with all that was derived from them, at once; give how many there were. Files stay."""
        count = self.catalogue.forget(item_ids)
        for item_id in item_ids:
            for path in (self.home.thumbnail(item_id), *(self.home.small_thumbnail(item_id, size) for size in SIZES)):
                path.unlink(missing_ok=True)
        for path in self.home.list_loudness(set(item_ids)):
            path.unlink(missing_ok=True)
        return count

    def close(self) -> None:
        """Close the database connections."""
        self.catalogue.database.close()


def open_library(settings: Settings, create: bool = False) -> Library:
    """Open a home; with `create`, make it when it is new.

    Raises HomeError when there is none, or when it was filled by another model.
    """
    home = Home(settings.home)
    if create:
        home.create()
    else:
        home.require()
    catalogue = Catalogue(Database(home.catalogue))
    models = choose_models(home.models, settings.threads)
    encoders: dict[Lane, PictureEncoder | TextEncoder] = {
        Lane.PICTURE: models.picture,
        Lane.MEANING: models.meaning,
    }
    spaces = {lane: _open_space(home, catalogue, lane, encoder) for lane, encoder in encoders.items()}
    database = catalogue.database
    return Library(
        home,
        catalogue,
        Sources(database),
        Jobs(database),
        SavedSearches(database),
        Albums(database),
        models,
        spaces,
        WordIndex(database),
    )


def _open_space(home: Home, catalogue: Catalogue, lane: Lane, encoder: PictureEncoder | TextEncoder) -> SpaceIndex:
    name = LANE_SPACES[lane]
    known = catalogue.list_spaces().get(name)
    if known is None:
        space_id = catalogue.add_space(name, encoder.name, encoder.fingerprint, encoder.dimension)
    elif known["fingerprint"] != encoder.fingerprint:
        raise HomeError(
            f"the {name} space of {home.root} was made by {known['model']} ({known['fingerprint']}), this "
            f"version uses {encoder.name} ({encoder.fingerprint}): index into a new home with --home"
        )
    else:
        space_id = known["id"]
    return SpaceIndex(catalogue.database, space_id, encoder.fingerprint, encoder.bank, home.index / name)
