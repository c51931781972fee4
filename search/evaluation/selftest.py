"""What a library can ask of a model by itself: questions to which it holds the answers.

For pictures: what somebody wrote about one (its description, or a file name made of words) must find it, and a copy
must find what it is a copy of. For texts: the end of a passage must find its beginning (the inverse cloze task, Lee et
al., "Latent retrieval for weakly supervised open domain question answering", ACL 2019).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from search.errors import UnreadableMediaError
from search.evaluation.cases import Case
from search.library import Library
from search.media.picture import USEFUL_SIDE, Picture, open_picture
from search.records import Item, ItemType
from search.samples import sample_passages

# A name is a caption when it has as many words, none of them a camera's numbering.
FEWEST_WORDS = 2
NUMBERED = re.compile(r"\d|^(img|dsc|dcim|pict?|image|photo|screenshot|scan|untitled|copy)$", re.IGNORECASE)
WORD = re.compile(r"[^\W\d_]+|\d+")
# A passage is asked for by so much of its end, if it has as many words.
ASKED, LONG_ENOUGH = 0.3, 15


@dataclass(frozen=True)
class Captioned:
    """A picture and what is written about it."""

    item: Item
    caption: str


@dataclass(frozen=True)
class Cloze:
    """A passage without its end, and the end."""

    beginning: str
    end: str


def list_captioned(library: Library, most: int) -> list[Captioned]:
    """Give pictures that have a caption of their own, each caption once."""
    found: dict[str, Captioned] = {}
    for item in library.catalogue.list_some(ItemType.IMAGE, 20 * most):
        caption = read_caption(item)
        if caption is not None and len(found) < most:
            found.setdefault(caption.casefold(), Captioned(item, caption))
    return list(found.values())


def read_caption(item: Item) -> str | None:
    """Give what is written about a picture: its description, its title, or its file's name if that is made of words."""
    for said in (item.facts.description, item.facts.title):
        if said and len(said.split()) >= FEWEST_WORDS:
            return " ".join(said.split())
    words = WORD.findall(Path(item.path).stem)
    if len(words) < FEWEST_WORDS or any(NUMBERED.search(word) for word in words):
        return None
    return " ".join(words)


def list_captions_of(cases: Sequence[Case], library: Library) -> list[Captioned]:
    """Give the pictures that written queries of an evaluation file ask for, one a query."""
    items = {item.path: item for item in library.catalogue.list_items()}
    found = []
    for case in cases:
        item = next((items[one.path] for one in case.relevant if one.path in items), None)
        if case.query.text and item is not None and item.type is ItemType.IMAGE:
            found.append(Captioned(item, case.query.text))
    return found


def list_clozes(library: Library, most: int) -> list[Cloze]:
    """Give passages and spans of speech, each cut before its end."""
    found: list[Cloze] = []
    for text in sample_passages(library, 4 * most):
        words = text.split()
        if len(words) >= LONG_ENOUGH and len(found) < most:
            cut = round(len(words) * (1 - ASKED))
            found.append(Cloze(" ".join(words[:cut]), " ".join(words[cut:])))
    return found


def open_captioned(captioned: Sequence[Captioned]) -> Iterator[tuple[Captioned, Picture]]:
    """Give the pictures that can be read."""
    for one in captioned:
        try:
            picture, _ = open_picture(Path(one.item.path), USEFUL_SIDE)
        except (UnreadableMediaError, OSError):
            continue  # what cannot be read can neither be found by one model nor by the other
        yield one, picture
