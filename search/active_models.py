"""The models that a home uses, each with the index of its vectors."""

from dataclasses import dataclass

from search.encoders.encoder import ImageEncoder, TextEncoder
from search.encoders.registry import BUNDLED, SPEECH_MODEL, ModelNames, Models, choose_models, find_current
from search.encoders.runtime import Machine
from search.errors import HomeError
from search.home import Home
from search.records import VECTOR_RETRIEVERS, Retriever
from search.storage.baselines import QueryBank
from search.storage.database import Database
from search.storage.space_index import SpaceIndex
from search.storage.spaces import Space, SpaceRole, Spaces


@dataclass(frozen=True)
class ActiveModels:
    """The chosen models and the indexes of their vectors. They are replaced together.

    Attributes:
        models: The models.
        indexes: The index that each vector retriever searches.
        outdated: The spaces with the vectors of an earlier version of a bundled model, by retriever. The vectors of
            queries cannot be compared with them, so these retrievers find nothing until an update has filled a new
            space.
    """

    models: Models
    indexes: dict[Retriever, SpaceIndex]
    outdated: dict[Retriever, Space]

    def are_chosen(self, spaces: Spaces) -> bool:
        """Return whether the home still chooses these models."""
        has_same_spaces = all(
            spaces.get(retriever).id == self._get_space_id(retriever) for retriever in VECTOR_RETRIEVERS
        )
        return has_same_spaces and (spaces.read_speech_model() or SPEECH_MODEL) == self.models.transcriber.name

    def are_searchable(self, spaces: Spaces) -> bool:
        """Return whether the spaces of these models still exist, in any role."""
        existing = {space.id for space in spaces.list_all()}
        return all(
            index.space_id in existing for retriever, index in self.indexes.items() if retriever not in self.outdated
        )

    def _get_space_id(self, retriever: Retriever) -> int:
        """Return the id of a retriever's space in the catalog."""
        return self.outdated[retriever].id if retriever in self.outdated else self.indexes[retriever].space_id


def open_active_models(home: Home, spaces: Spaces, machine: Machine) -> ActiveModels:
    """Open the models that a home has chosen.

    Args:
        home: The home.
        spaces: Its embedding spaces. A missing one is added.
        machine: The threads and the device for models.

    Raises:
        HomeError: A space was filled by other files of a model that is not bundled.
        ModelError: A chosen model is not on this machine.
    """
    recorded = {retriever: spaces.find(retriever) for retriever in VECTOR_RETRIEVERS}
    chosen = {
        retriever: find_current(space.model, home.models) if space else None for retriever, space in recorded.items()
    }
    names = ModelNames(chosen[Retriever.VISUAL], chosen[Retriever.SEMANTIC], spaces.read_speech_model())
    active = ActiveModels(choose_models(home.models, machine, names), {}, {})
    for retriever, found in recorded.items():
        encoder = active.models.get_encoder(retriever)
        space = found or spaces.add(retriever, SpaceRole.ACTIVE, encoder)
        if space.fingerprint == encoder.fingerprint:
            active.indexes[retriever] = open_index(home, spaces.database, space, encoder, machine.device)
        elif encoder.name in BUNDLED:
            active.outdated[retriever] = space
            active.indexes[retriever] = _open_empty_index(home, spaces.database, space, encoder)
        else:
            raise HomeError(
                f"The files of the model {space.model} changed since {home.root} was indexed (fingerprint "
                f"{space.fingerprint}, now {encoder.fingerprint}). Restore the old files, or index into a new home "
                "with --home."
            )
    return active


def open_index(
    home: Home, database: Database, space: Space, encoder: ImageEncoder | TextEncoder, device: str
) -> SpaceIndex:
    """Return the index of a space that holds the vectors of an encoder; it is built on a device."""
    # Each model has its own folder, so that one can be filled while another is searched.
    folder = home.index / space.retriever / space.fingerprint
    index = SpaceIndex(database, space.id, space.fingerprint, QueryBank(encoder.bank, encoder.parts), folder)
    index.device = device
    return index


def _open_empty_index(home: Home, database: Database, space: Space, encoder: ImageEncoder | TextEncoder) -> SpaceIndex:
    """Return an index that finds nothing, because no row of the catalog has a negative space id."""
    folder = home.index / space.retriever / "outdated"
    return SpaceIndex(database, -space.id, space.fingerprint, QueryBank(encoder.bank, encoder.parts), folder)
