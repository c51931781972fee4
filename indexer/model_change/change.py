"""Changing a model: a new space is filled beside the one that is searched, and takes its place when it is complete.

What was filled is in the catalog, so a run that ends half-way is taken up where it was. Only pictures are decoded
again; texts, speech among them, are in the catalog.
"""

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from indexer.embed import AHEAD
from indexer.model_change.fill import Filling, Outcome
from indexer.pipeline import Options, Progress
from search.active_models import open_index
from search.encoders.encoder import ImageEncoder, TextEncoder
from search.encoders.manifest import find_folder
from search.encoders.registry import (
    ADAPTED,
    BUNDLED,
    Models,
    Names,
    choose_models,
    find_current,
    guess_retriever,
    read_manifest,
)
from search.encoders.whisper.choice import find_whisper
from search.errors import HomeError, IncompleteError
from search.library import Library
from search.records import Retriever
from search.samples import sample_images
from search.storage.spaces import Space, SpaceRole

# So many of the library's pictures are looked at to find the fastest way to run a model.
MEASURED = 32
# Where more of the items than this cannot be read, a disk is more likely to be away than its files to be damaged.
MAX_UNREAD = 0.05


@dataclass(frozen=True)
class Pace:
    """How a space is filled.

    load: the share of the time to work, 0 to 1, so that searches have the rest; force: switch even if much could not
    be read.
    """

    load: float = 1.0
    force: bool = False


FULL = Pace()


@dataclass(frozen=True)
class Change:
    """What is to be done: another model for a lane."""

    retriever: Retriever
    model: str
    pace: Pace = FULL


def use_model(
    library: Library, model: str, role: str | None, options: Options, progress: Progress, pace: Pace = FULL
) -> Outcome:
    """Use another model from now on, for what its name or `purpose` says; the caller holds the home's lock.

    Raises what `change_model` does.
    """
    retriever = guess_retriever(model) if role is None else None if role == "speech" else Retriever(role)
    if retriever is not None:
        return change_model(library, Change(retriever, model, pace), options, progress)
    find_whisper(model, library.home.models)
    library.spaces.choose_speech(model)
    return Outcome(model, is_speech=True)


def change_model(library: Library, change: Change, options: Options, progress: Progress) -> Outcome:
    """Fill a space by another model, and search by it from then on; does all of it as the only one who writes.

    The caller holds the home's lock. Raises ModelError when the model cannot be loaded, IncompleteError when too much
    could not be read; then nothing is switched, and what was filled is kept.
    """
    began = time.monotonic()
    retriever = change.retriever
    active = library.spaces.get(retriever)
    models = load_models(library, change)
    encoder = models.get_encoder(retriever)
    if (active.model, active.fingerprint) == (change.model, encoder.fingerprint):
        raise HomeError(f"{change.model} is what this home uses already")
    space = _find_space(library, retriever, encoder)
    ahead = AHEAD if change.pace.load >= 1 else 0
    run = Filling(library, active, space, models, replace_load(options, change.pace.load), progress, ahead)
    outcome = Outcome(change.model)
    run.fill(outcome)
    if len(outcome.unread) > MAX_UNREAD * library.spaces.count_items(active.id) and not change.pace.force:
        path, reason = next(iter(outcome.unread.items()))
        raise IncompleteError(
            f"{len(outcome.unread)} files could not be read, the first {path} ({reason}): nothing is switched, and "
            "what was done is kept. Mount what is missing and run this again, or switch all the same with --force"
        )
    # The first search by the new model should find its index built.
    index = open_index(library.home, library.database, space, encoder)
    index.build(library.catalog.read_revision())
    drop_spaces(library, retriever, (SpaceRole.PREVIOUS,))
    library.spaces.switch(retriever)
    outcome.filled = library.spaces.count(space.id)
    outcome.seconds = time.monotonic() - began
    return outcome


def update_outdated(library: Library, options: Options, progress: Progress) -> list[Outcome]:
    """Embed again what an earlier version of a bundled model embedded, and search it from then on.

    The old vectors cannot be searched, so it switches however many files cannot be read: these are embedded by the next
    run that finds them. The caller holds the home's lock and reloads the models of the library afterward.

    Args:
        library: An opened home.
        options: How to run.
        progress: Called with done, total and path.

    Returns:
        What each change came to; nothing when no space is outdated.
    """
    outcomes = []
    for retriever in library.outdated:
        change = Change(retriever, library.models.get_encoder(retriever).name, Pace(force=True))
        outcomes.append(change_model(library, change, options, progress))
        drop_spaces(library, retriever, (SpaceRole.PREVIOUS,))
    return outcomes


def find_previous(library: Library, retriever: Retriever) -> str:
    """Return the name of the model that was used before. Raises HomeError when there is none."""
    before = library.spaces.find(retriever, SpaceRole.PREVIOUS)
    if before is None:
        raise HomeError(f"no model was used for {retriever} before, or its space was dropped")
    return before.model


def drop_spaces(
    library: Library, retriever: Retriever, roles: Sequence[SpaceRole] = (SpaceRole.NEXT, SpaceRole.PREVIOUS)
) -> int:
    """Remove spaces of a retriever that are not searched, and their indexes; return how many vectors there were."""
    count = 0
    for role in roles:
        space = library.spaces.find(retriever, role)
        if space is not None:
            count += library.spaces.drop(space.id)
            shutil.rmtree(library.home.index / retriever / space.fingerprint, ignore_errors=True)
    return count


def load_models(library: Library, change: Change) -> Models:
    """Return the home's models with the new one among them; its card is made where there is none."""
    names = Names(
        visual=find_current(library.spaces.get(Retriever.VISUAL).model, library.home.models),
        semantic=library.spaces.get(Retriever.SEMANTIC).model,
        speech=library.models.transcriber.name,
    )
    names = replace(names, **{str(change.retriever): change.model})
    folder, machine = library.home.models, library.machine
    if change.retriever is Retriever.VISUAL and needs_manifest(library, change.model):
        read_manifest(change.model, change.retriever, folder, machine, list(sample_images(library, MEASURED)))
    return choose_models(folder, machine, names)


def needs_manifest(library: Library, name: str) -> bool:
    """Return whether a model was never loaded for this home, and is not one that it came with."""
    return name not in BUNDLED and ADAPTED not in name and find_folder(library.home.models, name).read() is None


def replace_load(options: Options, load: float) -> Options:
    """Return options that rest between batches. load: the share of the time to work."""
    if load >= 1:
        return options
    last = time.monotonic()

    def check() -> None:
        nonlocal last
        options.check()
        time.sleep((time.monotonic() - last) * (1 - load) / load)
        last = time.monotonic()

    return replace(options, check=check)


def _find_space(library: Library, retriever: Retriever, encoder: ImageEncoder | TextEncoder) -> Space:
    """Return the space to fill: the one begun, the one before if it was made by this model, or a new one."""
    begun = library.spaces.find(retriever, SpaceRole.NEXT)
    before = library.spaces.find(retriever, SpaceRole.PREVIOUS)
    if begun is not None and begun.fingerprint != encoder.fingerprint:
        library.spaces.drop(begun.id)
        begun = None
    if begun is None and before is not None and before.fingerprint == encoder.fingerprint:
        library.spaces.promote(retriever)
    space = library.spaces.add(retriever, SpaceRole.NEXT, encoder)
    if space.model != encoder.name:
        # The same weights under another name, such as a folder that was moved.
        library.spaces.rename_model(space.id, encoder.name)
    return space
