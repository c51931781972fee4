"""Queries with known answers that are derived from the library, to compare models without labels.

For images: a caption (the description, or a file name made of words) must find its image, and a copy of an image must
find the original. For texts: the end of a passage must find its beginning (the inverse cloze task, Lee et al., "Latent
retrieval for weakly supervised open domain question answering", ACL 2019).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from search.errors import UnreadableMediaError
from search.evaluation.cases import Case
from search.media.image.pillow import USEFUL_SIDE, PilImage, measure_change, open_image
from search.open_home import OpenHome
from search.records import Ids, Item, ItemType
from search.samples import sample_passages

# A file name is a caption if it has at least this many words and no numbering by a camera.
MIN_WORDS = 2
NUMBERED = re.compile(r"\d|^(img|dsc|dcim|pict?|image|photo|screenshot|scan|untitled|copy)$", re.IGNORECASE)
WORD = re.compile(r"[^\W\d_]+|\d+")
# Two images are copies if their perceptual hashes differ in at most MAX_BITS of 64 bits and their pixels at a low
# resolution by at most MAX_CHANGE, 0 to 1.
MAX_BITS, MAX_CHANGE = 6, 0.02
# To pair hashes, their bits are rotated by this many bits between two sorts.
ROTATION_STEP = 8
# The share of a passage, from its end, that becomes the query; passages with fewer words are not used.
QUERY_SHARE, MIN_PASSAGE_WORDS = 0.3, 15


@dataclass(frozen=True)
class Captioned:
    """An image and its caption.

    Attributes:
        item: The image.
        caption: The caption.
    """

    item: Item
    caption: str


@dataclass(frozen=True)
class ImageCopy:
    """Two files with the same image, scaled, recompressed or in another format.

    Attributes:
        item: The file that is ranked.
        copy: The file that is the query.
    """

    item: Item
    copy: Item


@dataclass(frozen=True)
class Cloze:
    """A passage that is cut in two.

    Attributes:
        beginning: The passage without its end.
        end: The end, which is the query.
    """

    beginning: str
    end: str


def list_captioned(library: OpenHome, max_count: int) -> list[Captioned]:
    """Return up to `max_count` images that have a caption; only one image per caption."""
    by_caption: dict[str, Captioned] = {}
    for item in library.catalog.list_some(ItemType.IMAGE, 20 * max_count):
        caption = read_caption(item)
        if caption is not None and len(by_caption) < max_count:
            by_caption.setdefault(caption.casefold(), Captioned(item, caption))
    return list(by_caption.values())


def read_caption(item: Item) -> str | None:
    """Return an image's description, its title, or its file name if that is made of words."""
    for text in (item.facts.description, item.facts.title):
        if text and len(text.split()) >= MIN_WORDS:
            return " ".join(text.split())
    words = WORD.findall(Path(item.path).stem)
    if len(words) < MIN_WORDS or any(NUMBERED.search(word) for word in words):
        return None
    return " ".join(words)


def list_captions_of(cases: Sequence[Case], library: OpenHome) -> list[Captioned]:
    """Return an image that is relevant to each text query of an evaluation file, with the query as its caption."""
    items = {item.path: item for item in library.catalog.list_items()}
    found = []
    for case in cases:
        item = next((items[relevant.path] for relevant in case.relevant if relevant.path in items), None)
        if case.query.text and item is not None and item.type is ItemType.IMAGE:
            found.append(Captioned(item, case.query.text))
    return found


def list_copied(library: OpenHome, max_count: int) -> list[ImageCopy]:
    """Return up to `max_count` pairs of images that are copies but not identical; each image is in at most one pair."""
    ids, phashes = library.catalog.read_phashes()
    pairs: list[ImageCopy] = []
    used_ids: set[int] = set()
    for first, second in pair_phashes(phashes):
        pair = {int(ids[first]), int(ids[second])}
        if len(pairs) == max_count or len(pair) < 2 or pair & used_ids:
            continue
        items = library.catalog.read_items(pair)
        opened = open_items(items.values())
        if len(opened) == 2 and 0 < measure_change(*opened.values()) <= MAX_CHANGE:
            lower_id, higher_id = sorted(items)
            pairs.append(ImageCopy(items[lower_id], items[higher_id]))
            used_ids |= pair
    return pairs


def pair_phashes(phashes: Ids) -> list[tuple[int, int]]:
    """Return pairs of positions of hashes that differ in at most `MAX_BITS` bits; some pairs may be missed.

    Hashes that differ in few bits are neighbors when sorted by some rotation of their bits (Manku, Jain and Sarma,
    "Detecting near-duplicates for web crawling", WWW 2007).

    Args:
        phashes: 64-bit perceptual hashes, shape (n,).

    Returns:
        Pairs of positions, the smaller first, ascending.
    """
    bits = phashes.astype(np.uint64)
    pairs: set[tuple[int, int]] = set()
    for rotation in range(0, 64, ROTATION_STEP):
        rotated = (bits << np.uint64(rotation)) | (bits >> np.uint64((64 - rotation) % 64))
        order = np.argsort(rotated, kind="stable")
        differ = np.bitwise_count(bits[order[1:]] ^ bits[order[:-1]])
        for position in np.flatnonzero(differ <= MAX_BITS):
            pairs.add((int(min(order[position : position + 2])), int(max(order[position : position + 2]))))
    return sorted(pairs)


def list_clozes(library: OpenHome, max_count: int) -> list[Cloze]:
    """Return up to `max_count` passages and spans of speech, each split before its end."""
    clozes: list[Cloze] = []
    for text in sample_passages(library, 4 * max_count):
        words = text.split()
        if len(words) >= MIN_PASSAGE_WORDS and len(clozes) < max_count:
            cut = round(len(words) * (1 - QUERY_SHARE))
            clozes.append(Cloze(" ".join(words[:cut]), " ".join(words[cut:])))
    return clozes


def open_items(items: Iterable[Item]) -> dict[int, PilImage]:
    """Return the images that can be decoded, by item id."""
    opened = {}
    for item in items:
        try:
            opened[item.id], _ = open_image(Path(item.path), USEFUL_SIDE)
        except (UnreadableMediaError, OSError):
            continue  # neither model could find it
    return opened
