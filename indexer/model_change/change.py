"""Change a model: a new space is filled while the current one is searched, and replaces it when it is complete.

Vectors are written to the catalog immediately, so an interrupted run can be continued later. Only images are decoded
again; texts, including speech, are in the catalog.
"""

import shutil
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from indexer.embed import MAX_BATCHES_AHEAD
from indexer.maintain import StoppableThread, wait_for
from indexer.model_change.fill import ChangeResult, SpaceFiller
from indexer.pipeline import Options
from indexer.progress import Progress
from search.active_models import open_index
from search.encoders.encoder import ImageEncoder, TextEncoder
from search.encoders.manifest import find_folder
from search.encoders.registry import (
    ADAPTED,
    BUNDLED,
    ModelNames,
    Models,
    choose_models,
    find_current,
    guess_retriever,
    read_manifest,
)
from search.encoders.whisper.choice import find_whisper
from search.errors import HomeError, IncompleteError
from search.open_home import OpenHome
from search.records import Retriever
from search.samples import sample_images
from search.storage.spaces import Space, SpaceRole

# The number of images of the library on which the runtimes of a model are measured.
MAX_SAMPLE_IMAGES = 32
# If a larger share of the items cannot be read, the model is not switched: a disk is probably not mounted.
MAX_UNREAD_SHARE = 0.05


@dataclass(frozen=True)
class Pace:
    """How a space is filled.

    Attributes:
        load: The share of the time to work, 0 to 1; the rest is left to searches.
        force: Switch even if many files could not be read.
    """

    load: float = 1.0
    force: bool = False


FULL_PACE = Pace()


@dataclass(frozen=True)
class Change:
    """A change to another model.

    Attributes:
        retriever: The retriever that the model is for.
        model: The name of the model.
        pace: How its space is filled.
    """

    retriever: Retriever
    model: str
    pace: Pace = FULL_PACE


def use_model(
    library: OpenHome, model: str, role: str | None, options: Options, progress: Progress, pace: Pace = FULL_PACE
) -> ChangeResult:
    """Change to another model. The caller must hold the lock of the home.

    Args:
        library: An open home.
        model: The name of the model.
        role: The retriever that the model is for, or `speech`; None to infer it from the name.
        options: How to decode, and when to stop.
        progress: Called with the number done, the number of all, and a text.
        pace: How the space is filled.

    Returns:
        The result.

    Raises:
        ModelError: The model cannot be loaded.
        IncompleteError: Too many files could not be read.
    """
    retriever = _choose_retriever(model, role)
    if retriever is not None:
        return change_model(library, Change(retriever, model, pace), options, progress)
    find_whisper(model, library.home.models)
    library.spaces.set_speech_model(model)
    return ChangeResult(model, is_speech=True)


def _choose_retriever(model: str, role: str | None) -> Retriever | None:
    """Return the retriever that a model is for, or None for a speech model."""
    if role is None:
        return guess_retriever(model)
    return None if role == "speech" else Retriever(role)


def change_model(library: OpenHome, change: Change, options: Options, progress: Progress) -> ChangeResult:
    """Fill a space with another model, and switch the search to it. The caller must hold the lock of the home.

    Args:
        library: An open home.
        change: The change.
        options: How to decode, and when to stop.
        progress: Called with the number done, the number of all, and a text.

    Returns:
        The result.

    Raises:
        HomeError: The home uses this model already.
        ModelError: The model cannot be loaded.
        IncompleteError: Too many files could not be read. Nothing is switched; the vectors are kept.
    """
    began = time.monotonic()
    active = library.spaces.get(change.retriever)
    models = load_models(library, change)
    encoder = models.get_encoder(change.retriever)
    if (active.model, active.fingerprint) == (change.model, encoder.fingerprint):
        raise HomeError(f"{change.model} is in use already. Choose another model.")
    space = _find_space(library, change.retriever, encoder)
    max_running = MAX_BATCHES_AHEAD if change.pace.load >= 1 else 0
    paced = throttle(options, change.pace.load)
    outcome = ChangeResult(change.model)
    SpaceFiller(library, active, space, models, paced, progress, max_running).fill(outcome)
    if not change.pace.force:
        _require_complete(outcome, library.spaces.count_items(active.id))
    # The first search with the new model should not have to build its index.
    index = open_index(library.home, library.database, space, encoder, library.machine.device)
    revision = library.catalog.read_revision()
    with closing(StoppableThread("build")) as thread:
        wait_for(thread.submit(lambda: index.build(revision)), options.check)
    drop_spaces(library, change.retriever, (SpaceRole.PREVIOUS,))
    library.spaces.switch(change.retriever)
    outcome.filled = library.spaces.count(space.id)
    outcome.seconds = time.monotonic() - began
    return outcome


def _require_complete(outcome: ChangeResult, item_count: int) -> None:
    """Raise IncompleteError if too many files could not be read."""
    if len(outcome.unread) <= MAX_UNREAD_SHARE * item_count:
        return
    path, reason = next(iter(outcome.unread.items()))
    raise IncompleteError(
        f"{len(outcome.unread)} files could not be read; the first is {path} ({reason}). The model was not changed; "
        "completed work is saved. Mount missing disks and run the command again, or pass --force to change anyway."
    )


def update_outdated(library: OpenHome, options: Options, progress: Progress) -> list[ChangeResult]:
    """Replace the vectors of earlier versions of bundled models, and switch the search to the new vectors.

    The old vectors cannot be searched, so the search is switched even if many files cannot be read; the next run that
    can read them embeds them. The caller must hold the lock of the home, and reload the library afterward.

    Args:
        library: An open home.
        options: How to decode, and when to stop.
        progress: Called with the number done, the number of all, and a text.

    Returns:
        The result of each change; empty when no space is outdated.
    """
    outcomes = []
    for retriever in library.outdated:
        change = Change(retriever, library.models.get_encoder(retriever).name, Pace(force=True))
        outcomes.append(change_model(library, change, options, progress))
        drop_spaces(library, retriever, (SpaceRole.PREVIOUS,))
    return outcomes


def find_previous(library: OpenHome, retriever: Retriever) -> str:
    """Return the name of the previous model of a retriever.

    Raises:
        HomeError: There is no previous model.
    """
    previous = library.spaces.find(retriever, SpaceRole.PREVIOUS)
    if previous is None:
        raise HomeError(
            f"There is no previous {retriever} model: none was used, or its space was dropped. Choose a model with "
            "`crossmodal models use`."
        )
    return previous.model


def drop_spaces(
    library: OpenHome, retriever: Retriever, roles: Sequence[SpaceRole] = (SpaceRole.NEXT, SpaceRole.PREVIOUS)
) -> int:
    """Delete spaces of a retriever that are not searched, with their indexes.

    Args:
        library: An open home.
        retriever: The retriever.
        roles: The roles of the spaces to delete.

    Returns:
        The number of vectors deleted.
    """
    count = 0
    for role in roles:
        space = library.spaces.find(retriever, role)
        if space is not None:
            count += library.spaces.drop(space.id)
            shutil.rmtree(library.home.index / retriever / space.fingerprint, ignore_errors=True)
    return count


def load_models(library: OpenHome, change: Change) -> Models:
    """Return the models of the home, with the new model in place of the current one.

    If the new model has no manifest yet, it is loaded once and its manifest is written.

    Raises:
        ModelError: The model cannot be loaded.
    """
    names = ModelNames(
        visual=find_current(library.spaces.get(Retriever.VISUAL).model, library.home.models),
        semantic=library.spaces.get(Retriever.SEMANTIC).model,
        speech=library.models.transcriber.name,
    )
    names = replace(names, **{str(change.retriever): change.model})
    folder, machine = library.home.models, library.machine
    if change.retriever is Retriever.VISUAL and needs_manifest(library, change.model):
        read_manifest(change.model, change.retriever, folder, machine, list(sample_images(library, MAX_SAMPLE_IMAGES)))
    return choose_models(folder, machine, names)


def needs_manifest(library: OpenHome, name: str) -> bool:
    """Return whether a model that is neither bundled nor adapted was never loaded for this home."""
    return name not in BUNDLED and ADAPTED not in name and find_folder(library.home.models, name).read() is None


def throttle(options: Options, load: float) -> Options:
    """Return options that make a run pause between batches.

    Args:
        options: The options of the run.
        load: The share of the time to work, above 0 and at most 1.

    Returns:
        The options, with a `check` that also sleeps.
    """
    if load >= 1:
        return options
    last = time.monotonic()

    def check() -> None:
        nonlocal last
        options.check()
        time.sleep((time.monotonic() - last) * (1 - load) / load)
        last = time.monotonic()

    return replace(options, check=check)


def _find_space(library: OpenHome, retriever: Retriever, encoder: ImageEncoder | TextEncoder) -> Space:
    """Return the space to fill: a partly filled one, the previous one if this model filled it, or a new one."""
    partial = library.spaces.find(retriever, SpaceRole.NEXT)
    previous = library.spaces.find(retriever, SpaceRole.PREVIOUS)
    if partial is not None and partial.fingerprint != encoder.fingerprint:
        library.spaces.drop(partial.id)
        partial = None
    if partial is None and previous is not None and previous.fingerprint == encoder.fingerprint:
        library.spaces.prepare_previous(retriever)
    space = library.spaces.add(retriever, SpaceRole.NEXT, encoder)
    if space.model != encoder.name:
        # The same weights under another name, for example in a folder that was moved.
        library.spaces.rename_model(space.id, encoder.name)
    return space
