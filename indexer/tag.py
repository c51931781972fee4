"""Tagging of images and films by the machine, from their stored vectors. Nothing is decoded."""

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from indexer.summary import Profile
from search.errors import UsageError
from search.open_home import OpenHome
from search.records import MachineTag, Retriever
from search.storage.machine_tags import MachineTags, UntaggedImages
from search.tagging.description import choose_tags
from search.tagging.tagger import Tagger

ITEMS_PER_BLOCK = 256
# A film gets at most this many tags.
MAX_TAGS = 40


def tag_items(library: OpenHome, check: Callable[[], None], profile: Profile) -> int:
    """Tag the items that are new, or that were tagged with another model or vocabulary. Return their number.

    A vocabulary that is not valid is logged, and nothing is tagged: it must not keep files from being indexed.

    Args:
        library: An open home, locked by the caller.
        check: Raises an exception to end the run.
        profile: Where the time is recorded.
    """
    if Retriever.VISUAL in library.outdated:
        return 0
    try:
        tagger = Tagger(library)
    except UsageError as error:
        logging.getLogger("crossmodal").warning("no tags are given: %s", error)
        return 0
    stored, index, count = MachineTags(library.database), library.indexes[Retriever.VISUAL], 0
    if not stored.has_untagged(tagger.digest):
        return 0
    stored.write_names(tagger.names)
    while True:
        check()
        found = stored.read_untagged(tagger.digest, index.space_id, index.dimension, ITEMS_PER_BLOCK)
        if not found.items:
            return count
        with profile.measure("tagging", len(found.items)):
            # The tagger embeds the names of the tags when it is first used: for documents that is not needed.
            joined = _join(found, tagger.tag(found.vectors) if len(found.vectors) else [])
            given = {item: _describe(tags, tagger.broader) for item, tags in joined.items()}
            stored.replace(found.items, given, tagger.digest)
        count += len(found.items)


def _join(found: UntaggedImages, tags: list[list[MachineTag]]) -> dict[int, list[MachineTag]]:
    """Return the tags of each item: of a film, each tag once, with the time of the frame that shows it best."""
    joined: dict[int, dict[str, MachineTag]] = defaultdict(dict)
    for owner, start, given in zip(found.owners.tolist(), found.starts, tags, strict=True):
        for tag in given:
            best = joined[owner].get(tag.name)
            if best is None or best.score < tag.score:
                joined[owner][tag.name] = tag._replace(start=start)
    return {owner: sorted(given.values(), key=lambda tag: -tag.score)[:MAX_TAGS] for owner, given in joined.items()}


def _describe(tags: list[MachineTag], broader: Mapping[str, Sequence[str]]) -> list[MachineTag]:
    """Return the tags of an item, with those marked that its short description names."""
    names = choose_tags(tags, broader)
    return [tag._replace(described=tag.name in names) for tag in tags]
