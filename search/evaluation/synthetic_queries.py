"""What a library can ask of a model by itself: questions to which it holds the answers.

For pictures: what somebody wrote about one (its description, or a file name made of words) must find it, and a copy
must find what it is a copy of. For texts: the end of a passage must find its beginning (the inverse cloze task, Lee et
al., "Latent retrieval for weakly supervised open domain question answering", ACL 2019).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from search.errors import UnreadableMediaError
from search.evaluation.cases import Case
from search.library import Library
from search.media.image.picture import USEFUL_SIDE, Picture, measure_change, open_image
from search.records import Ids, Item, ItemType
from search.samples import sample_passages

# A name is a caption when it has as many words, none of them a camera's numbering.
MIN_WORDS = 2
NUMBERED = re.compile(r"\d|^(img|dsc|dcim|pict?|image|photo|screenshot|scan|untitled|copy)$", re.IGNORECASE)
WORD = re.compile(r"[^\W\d_]+|\d+")
# Pictures whose perceptual hashes differ in so few of 64 bits are copies when seen from afar no more than this differs,
# of 0 to 1. Hashes are sorted anew after every so many bits.
MAX_BITS, MAX_CHANGE, TURN = 6, 0.02, 8
# A passage is asked for by so much of its end, if it has as many words.
ASKED, LONG_ENOUGH = 0.3, 15


@dataclass(frozen=True)
class Captioned:
    """A picture and what is written about it."""

    item: Item
    caption: str


@dataclass(frozen=True)
class Copied:
    """A picture, and another file of the same picture: scaled, compressed anew, or in another format."""

    item: Item
    copy: Item


@dataclass(frozen=True)
class Cloze:
    """A passage without its end, and the end."""

    beginning: str
    end: str


def list_captioned(library: Library, most: int) -> list[Captioned]:
    """Return pictures that have a caption of their own, each caption once."""
    found: dict[str, Captioned] = {}
    for item in library.catalog.list_some(ItemType.IMAGE, 20 * most):
        caption = read_caption(item)
        if caption is not None and len(found) < most:
            found.setdefault(caption.casefold(), Captioned(item, caption))
    return list(found.values())


def read_caption(item: Item) -> str | None:
    """Return an image's description, its title, or its file name if that is made of words."""
    for said in (item.facts.description, item.facts.title):
        if said and len(said.split()) >= MIN_WORDS:
            return " ".join(said.split())
    words = WORD.findall(Path(item.path).stem)
    if len(words) < MIN_WORDS or any(NUMBERED.search(word) for word in words):
        return None
    return " ".join(words)


def list_captions_of(cases: Sequence[Case], library: Library) -> list[Captioned]:
    """Return the pictures that written queries of an evaluation file ask for, one a query."""
    items = {item.path: item for item in library.catalog.list_items()}
    found = []
    for case in cases:
        item = next((items[one.path] for one in case.relevant if one.path in items), None)
        if case.query.text and item is not None and item.type is ItemType.IMAGE:
            found.append(Captioned(item, case.query.text))
    return found


def list_copied(library: Library, most: int) -> list[Copied]:
    """Return pictures of which there are copies, not to the pixel; each picture is in one pair at most."""
    ids, phashes = library.catalog.read_phashes()
    found: list[Copied] = []
    used: set[int] = set()
    for one, other in pair_phashes(phashes):
        pair = {int(ids[one]), int(ids[other])}
        if len(found) == most or len(pair) < 2 or pair & used:
            continue
        items = library.catalog.read_items(pair)
        opened = open_items(items.values())
        if len(opened) == 2 and 0 < measure_change(*opened.values()) <= MAX_CHANGE:
            first, second = sorted(items)
            found.append(Copied(items[first], items[second]))
            used |= pair
    return found


def pair_phashes(phashes: Ids) -> list[tuple[int, int]]:
    """Return places of perceptual hashes (n,) that differ in few bits; where many do, not every pair.

    Hashes that differ in few bits are neighbors when sorted by some rotation of their bits (Manku, Jain and Sarma,
    "Detecting near-duplicates for web crawling", WWW 2007).
    """
    bits = phashes.astype(np.uint64)
    found: set[tuple[int, int]] = set()
    for turn in range(0, 64, TURN):
        turned = (bits << np.uint64(turn)) | (bits >> np.uint64((64 - turn) % 64))
        order = np.argsort(turned, kind="stable")
        differ = np.bitwise_count(bits[order[1:]] ^ bits[order[:-1]])
        for at in np.flatnonzero(differ <= MAX_BITS):
            found.add((int(min(order[at : at + 2])), int(max(order[at : at + 2]))))
    return sorted(found)


def list_clozes(library: Library, most: int) -> list[Cloze]:
    """Return passages and spans of speech, each cut before its end."""
    found: list[Cloze] = []
    for text in sample_passages(library, 4 * most):
        words = text.split()
        if len(words) >= LONG_ENOUGH and len(found) < most:
            cut = round(len(words) * (1 - ASKED))
            found.append(Cloze(" ".join(words[:cut]), " ".join(words[cut:])))
    return found


def open_items(items: Iterable[Item]) -> dict[int, Picture]:
    """Return the pictures that can be read, by item id."""
    opened = {}
    for item in items:
        try:
            opened[item.id], _ = open_image(Path(item.path), USEFUL_SIDE)
        except (UnreadableMediaError, OSError):
            continue  # what cannot be read can neither be found by one model nor by the other
    return opened
