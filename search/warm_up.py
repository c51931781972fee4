"""What a server loads before the first query: models and indexes for text queries."""

from search.open_home import OpenHome
from search.query.encoding import encode_query
from search.records import Query
from search.text.language import load_languages

# The parts, as they are named to users, in the order in which they are loaded.
LANGUAGES, INDEXES, MODELS = PARTS = "the detection of languages", "the indexes", "the models"


class WarmUp:
    """Loads what a text query needs. A query that comes meanwhile waits for the part that it needs.

    Attributes:
        missing: The parts that are not loaded yet; empty if no warm-up was announced, or it is done.
        failure: Why the warm-up ended before that; empty if it did not.
    """

    def __init__(self) -> None:
        self.missing: tuple[str, ...] = ()
        self.failure = ""

    def announce(self) -> None:
        """Declare that `run` will be called, so that nobody takes the library for ready before."""
        self.missing = PARTS

    def run(self, library: OpenHome) -> None:
        """Load everything.

        Raises:
            ModelError: A model cannot be used. The parts that are not loaded stay missing.
        """
        try:
            self._load_parts(library)
        except Exception as error:
            self.failure = str(error)
            raise

    def _load_parts(self, library: OpenHome) -> None:
        load_languages(library.home.languages)
        self.missing = (INDEXES, MODELS)
        revision = library.catalog.read_revision()
        _load_indexes(library, revision)
        self.missing = (MODELS,)
        load(library, revision)
        self.missing = ()
        _load_decoders(library)


def load(library: OpenHome, revision: int) -> None:
    """Load the models and indexes that a text query needs, as of a revision of the catalog."""
    _load_indexes(library, revision)
    encode_query(library, Query(text="a photo", recognize=False))


def _load_indexes(library: OpenHome, revision: int) -> None:
    for index in library.indexes.values():
        index.refresh(revision)


def _load_decoders(library: OpenHome) -> None:
    """Start the processes that decode images and recordings of queries."""
    from search.media.on_demand import load_decoders

    library.media.warm_up(load_decoders)
