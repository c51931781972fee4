"""Changing a model: a new space is filled beside the one that is searched, and takes its place when it is complete.

What was filled is in the catalogue, so a run that ends half-way is taken up where it was. Only pictures are decoded
again; texts, speech among them, are in the catalogue.
"""

import shutil
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from indexer.assembly import BATCH, Draft
from indexer.feed import Feed
from indexer.pipeline import Options, Progress, open_decoders
from indexer.preparing import Failed, Finished, Message, Messages, Prepared
from indexer.sandbox import Decoder
from search.errors import CrossmodalError, HomeError, UnreadableMediaError
from search.library import Library
from search.media.picture import USEFUL_SIDE, Picture, open_picture
from search.models.card import find_folder
from search.models.encoder import PictureEncoder, TextEncoder
from search.models.registry import Models, Names, choose_models, read_card
from search.records import LANE_SPACES, ItemType, Lane, Pixels
from search.store.spaces import NEXT, PREVIOUS, Space

# So many of the library's pictures are looked at to find the fastest way to run a model.
MEASURED = 32
# Where more of the items than this cannot be read, a disk is more likely to be away than its files to be damaged.
MOST_UNREAD = 0.05
# How long to look for pictures to measure by: this many files are tried.
TRIED = 200


class IncompleteError(CrossmodalError):
    """Too much of the library could not be read for the new model to take over."""


@dataclass
class Summary:
    """What a change of model came to. filled: vectors in the new space; unread: reasons by path."""

    model: str
    filled: int = 0
    seconds: float = 0.0
    unread: dict[str, str] = field(default_factory=dict)

    @property
    def has_changes(self) -> bool:
        """A change of model is never without."""
        return True

    def describe(self, most: int | None = None) -> dict[str, Any]:
        """Give the summary as a document, with at most so many of the files that could not be read."""
        unread = [{"path": path, "reason": reason} for path, reason in list(self.unread.items())[:most]]
        return {
            "model": self.model,
            "filled": self.filled,
            "unread": len(self.unread),
            "unreadable": unread,
            "seconds": round(self.seconds, 2),
        }


@dataclass(frozen=True)
class Change:
    """What is to be done: another model for a lane.

    load: the share of the time to work, 0 to 1, so that searches have the rest; anyway: switch even if much could not
    be read.
    """

    lane: Lane
    model: str
    load: float = 1.0
    anyway: bool = False


def change_model(library: Library, change: Change, options: Options, progress: Progress) -> Summary:
    """Fill a space by another model, and search by it from then on; does all of it as the only one who writes.

    The caller holds the home's lock. Raises ModelError when the model cannot be loaded, IncompleteError when too much
    could not be read; then nothing is switched, and what was filled is kept.
    """
    began = time.monotonic()
    name, lane = LANE_SPACES[change.lane], change.lane
    active = library.recorded.read_all()[name]
    if active.model == change.model:
        raise HomeError(f"{change.model} is what this home uses already")
    models = load_models(library, change)
    space = _find_space(library, lane, models.get_encoder(lane))
    run = _Run(library, active, space, models, replace_load(options, change.load), progress)
    summary = Summary(change.model)
    fill = run.fill_pictures if lane is Lane.PICTURE else run.fill_texts
    fill(summary)
    total = library.recorded.count(active.id)
    left = library.recorded.count_lacking(active.id, space.id)
    if left > MOST_UNREAD * total and summary.unread and not change.anyway:
        path, reason = next(iter(summary.unread.items()))
        raise IncompleteError(
            f"{len(summary.unread)} files could not be read, the first {path} ({reason}): nothing is switched, and "
            "what was done is kept. Mount what is missing and run this again, or switch all the same with --anyway"
        )
    # The first search by the new model should find its index built.
    index = library.open_space(space, models.get_encoder(lane).bank)
    index.build(library.catalogue.read_revision())
    _forget_previous(library, name)
    library.recorded.switch(lane)
    summary.filled = library.recorded.count(space.id)
    summary.seconds = time.monotonic() - began
    return summary


def roll_back(library: Library, lane: Lane) -> str:
    """Give the name of the model that was used before. Raises HomeError when there is none."""
    before = library.recorded.read_all().get(LANE_SPACES[lane] + PREVIOUS)
    if before is None:
        raise HomeError(f"no model was used for {lane} before, or its space was dropped")
    return before.model


def _forget_previous(library: Library, name: str) -> None:
    """Drop the space before the one that is now to become it."""
    before = library.recorded.read_all().get(name + PREVIOUS)
    if before is not None:
        library.recorded.drop(before.name)
        shutil.rmtree(library.home.index / name / before.fingerprint, ignore_errors=True)


def drop_spaces(library: Library, lane: Lane) -> int:
    """Remove every space of a lane that is not searched, with its index; give how many vectors there were."""
    name = LANE_SPACES[lane]
    count = 0
    for space in library.recorded.read_all().values():
        if space.name in (name + NEXT, name + PREVIOUS):
            count += library.recorded.drop(space.name)
            shutil.rmtree(library.home.index / name / space.fingerprint, ignore_errors=True)
    return count


def load_models(library: Library, change: Change) -> Models:
    """Give the home's models with the new one among them; its card is made where there is none."""
    spaces = library.recorded.read_all()
    names = Names(
        picture=spaces[LANE_SPACES[Lane.PICTURE]].model,
        meaning=spaces[LANE_SPACES[Lane.MEANING]].model,
        speech=library.models.speech.name,
    )
    names = replace(names, **{str(change.lane): change.model})
    folder, machine = library.home.models, library.machine
    if change.lane is Lane.PICTURE and needs_card(library, change.model):
        read_card(change.model, change.lane, folder, machine, list(sample_pictures(library, MEASURED)))
    return choose_models(folder, machine, names)


def needs_card(library: Library, name: str) -> bool:
    """Tell whether a model was never loaded for this home, and is not one that it came with."""
    from search.models.registry import MEANING, PICTURE

    return name not in (PICTURE, MEANING) and find_folder(library.home.models, name).read() is None


def sample_pictures(library: Library, count: int) -> Iterator[Picture]:
    """Give some of the library's pictures, spread over it."""
    items = library.catalogue.list_some(ItemType.IMAGE, TRIED)
    for item in items:
        if count == 0:
            return
        try:
            picture, _ = open_picture(Path(item.path), USEFUL_SIDE)
        except (UnreadableMediaError, OSError):
            continue  # only speed is measured by it; the fill will say what cannot be read
        count -= 1
        yield picture


def replace_load(options: Options, load: float) -> Options:
    """Give options that rest between batches. load: the share of the time to work."""
    if load >= 1:
        return options
    last = time.monotonic()

    def check() -> None:
        nonlocal last
        options.check()
        time.sleep((time.monotonic() - last) * (1 - load) / load)
        last = time.monotonic()

    return replace(options, check=check)


def _find_space(library: Library, lane: Lane, encoder: PictureEncoder | TextEncoder) -> Space:
    """Give the space to fill: the one begun, the one before if it was made by this model, or a new one."""
    name = LANE_SPACES[lane]
    spaces = library.recorded.read_all()
    begun, before = spaces.get(name + NEXT), spaces.get(name + PREVIOUS)
    if begun is not None and begun.fingerprint != encoder.fingerprint:
        library.recorded.drop(begun.name)
        begun = None
    if begun is None and before is not None and before.fingerprint == encoder.fingerprint:
        library.recorded.promote(lane)
    elif begun is None:
        library.recorded.add(name + NEXT, encoder.name, encoder.fingerprint, encoder.dimension)
    return library.recorded.read_all()[name + NEXT]


@dataclass
class _Run:
    """One filling of a space. active: the one that is searched; space: the one to fill."""

    library: Library
    active: Space
    space: Space
    models: Models
    options: Options
    progress: Progress

    def fill_texts(self, summary: Summary) -> None:
        recorded = self.library.recorded
        total, done = recorded.count_lacking(self.active.id, self.space.id), 0
        for block in recorded.iterate_lacking(self.active.id, self.space.id):
            for start in range(0, len(block), BATCH):
                self.options.check()
                part = block[start : start + BATCH]
                rows = self.models.meaning.encode_passages([one.text or "" for one in part])
                recorded.fill(self.space.id, [(one.segment_id, row) for one, row in zip(part, rows, strict=True)])
                done += len(part)
                self.progress(done, total, f"{done} texts")

    def fill_pictures(self, summary: Summary) -> None:
        found = self.library.recorded.list_lacking_files(self.active.id, self.space.id)
        ids = {file.path: item_id for item_id, file in found}
        todo = [file for _, file in found]
        decoders = open_decoders(self.models.picture.preparation, len(todo), self.options)
        gathering = _Gathering(self.models.picture)
        done = 0
        with closing(Feed(_read_pictures, todo, decoders)) as feed:
            while not (feed.is_over and gathering.is_empty):
                self.options.check()
                for draft, message in feed.take():
                    gathering.add(draft, message)
                for draft in gathering.take_whole(feed.is_over):
                    reason = self._write(ids[draft.file.path], draft)
                    if reason:
                        summary.unread[draft.file.path] = reason
                    done += 1
                    self.progress(done, len(todo), draft.file.path)

    def _write(self, item_id: int, draft: Draft) -> str | None:
        """Write the vectors of an item; give why it cannot be done, if so."""
        if isinstance(draft.end, Failed):
            return draft.end.reason
        lacking = self.library.recorded.list_lacking(self.active.id, self.space.id, item_id)
        # The pictures of an animation have neither time nor page: they are told by their order.
        places: defaultdict[tuple[float | None, int | None], list[int]] = defaultdict(list)
        for at, segment in enumerate(draft.segments):
            places[segment.start, segment.page].append(at)
        if any(not places[one.start, one.page] for one in lacking):
            return "it is decoded otherwise than when it was indexed: it is read anew by the next run"
        rows = []
        for one in lacking:
            same = places[one.start, one.page]
            rows.append((one.segment_id, draft.vectors[same.pop(0) if len(same) > 1 else same[0]][1]))
        self.library.recorded.fill(self.space.id, rows)
        return None


class _Gathering:
    """Embeds pictures across files, and gives files that are whole."""

    def __init__(self, encoder: PictureEncoder) -> None:
        self._encoder = encoder
        self._pending: list[tuple[Draft, int, Pixels]] = []
        self._waiting: list[Draft] = []

    @property
    def is_empty(self) -> bool:
        return not self._waiting

    def add(self, draft: Draft, message: Message) -> None:
        if isinstance(message, Prepared):
            self._pending.append((draft, len(draft.segments), message.pixels))
            draft.segments.append(message.segment)
            if len(self._pending) >= BATCH:
                self._embed()
        elif isinstance(message, Finished | Failed):
            draft.end = message
            self._waiting.append(draft)

    def take_whole(self, ending: bool) -> Sequence[Draft]:
        if ending:
            self._embed()
        whole = [draft for draft in self._waiting if draft.is_whole]
        self._waiting = [draft for draft in self._waiting if not draft.is_whole]
        return whole

    def _embed(self) -> None:
        batch, self._pending = self._pending, []
        if batch:
            rows = self._encoder.encode_pictures([pixels for _, _, pixels in batch])
            for (draft, place, _), row in zip(batch, rows, strict=True):
                draft.vectors[place] = (Lane.PICTURE, row)


def _read_pictures(decoder: Decoder, draft: Draft) -> Messages:
    """Give the pictures of a file as it is now."""
    try:
        facts = Path(draft.file.path).stat()
    except OSError as error:
        yield Failed(f"cannot be read: {error.strerror or error}")
        return
    if (facts.st_size, facts.st_mtime_ns) != (draft.file.size, draft.file.mtime_ns):
        yield Failed("it has changed since it was indexed: it is read anew by the next run")
        return
    yield from decoder.decode(draft.file, pictures_only=True)
