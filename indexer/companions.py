"""Find the files that cameras and services write next to photos and videos, and that are not items themselves."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from pathlib import PurePath

from indexer.decode.families import TYPES
from indexer.edited import drop_apple_mark, find_original
from search.media.takeout import TAKEOUT_SUFFIX
from search.media.xmp import XMP_SUFFIX
from search.records import ItemType

# What Google Takeout puts between the name of a photo and `.json`, at first nothing. It cuts off what is too long.
TAKEOUT_MARK = "supplemental-metadata"
# Takeout cuts names to about this many characters, so a shorter name is complete.
MIN_CUT_LENGTH = 40
# The number that Takeout appends to the second file of the same name: `a(1).jpg` belongs to `a.jpg(1).json`.
_NUMBER = re.compile(r"(.*)\((\d+)\)", re.DOTALL)
# Previews that cameras write next to a video, and the edits of Apple Photos.
THUMBNAIL_SUFFIXES, EDIT_SUFFIXES = (".thm", ".lrv"), (".aae",)
# How GoPro names a preview and its video: GL010001.LRV and GX010001.MP4.
LOW_RESOLUTION_PREFIX, FULL_RESOLUTION_PREFIXES = "gl", ("gx", "gh")
MEDIA_TYPES = {ItemType.IMAGE, ItemType.VIDEO}
RECORDING_TYPES = {ItemType.AUDIO, ItemType.VIDEO}


def pair_takeout(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the JSON files of Google Takeout for each photo and video of a folder.

    Args:
        names: The names of all files in the folder.

    Returns:
        Names of JSON files by the name of their owner. Several files can have the same ones.
    """
    names = sorted(names)
    documents = [name for name in names if name.lower().endswith(TAKEOUT_SUFFIX)]
    if not documents:
        return {}
    media = {_join_number(name): name for name in names if TYPES.get(PurePath(name).suffix.lower()) in MEDIA_TYPES}
    pairs: dict[str, list[str]] = {}
    keys = sorted(media)
    for document in documents:
        owner = _find_owner(document[: -len(TAKEOUT_SUFFIX)], media, keys)
        if owner is not None:
            pairs.setdefault(owner, []).append(document)
    if not pairs:
        return {}
    by_stem = {PurePath(owner).stem: found for owner, found in pairs.items()}
    for name in media.values():
        stem = PurePath(name).stem
        # An edited copy has no separate JSON file.
        same = by_stem.get(stem) or by_stem.get(find_original(stem) or "")
        if same is not None:
            pairs.setdefault(name, same)
    return pairs


def pair_xmp(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the XMP files of each recording of a folder: `clip.mp4.xmp`, and `clip.xmp` if no image has this name.

    Args:
        names: The names of all files in the folder.

    Returns:
        Names of XMP files by the name of their owner.
    """
    names = list(names)
    sidecars = {name[: -len(XMP_SUFFIX)]: name for name in names if name.lower().endswith(XMP_SUFFIX)}
    if not sidecars:
        return {}
    types = {name: TYPES.get(PurePath(name).suffix.lower()) for name in names}
    image_stems = {PurePath(name).stem for name, item_type in types.items() if item_type is ItemType.IMAGE}
    pairs = {}
    for name, item_type in types.items():
        stem = PurePath(name).stem
        keys = (name,) if stem in image_stems else (name, stem)
        found = [sidecars[key] for key in keys if key in sidecars]
        if item_type in RECORDING_TYPES and found:
            pairs[name] = found
    return pairs


def find_companions(names: Iterable[str]) -> dict[str, str]:
    """Return the owner of each file that a camera or Apple Photos writes next to a photo or video.

    Args:
        names: The names of all files in the folder.

    Returns:
        Names of owners by the name of the file that belongs to them.
    """
    names = sorted(names)
    companions = [name for name in names if name.lower().endswith(THUMBNAIL_SUFFIXES + EDIT_SUFFIXES)]
    if not companions:
        return {}
    media = _index_stems(names)
    owners: dict[str, str] = {}
    for name in companions:
        stem = PurePath(name).stem.lower()
        candidates = [media.get(stem)]
        if stem.startswith(LOW_RESOLUTION_PREFIX):
            candidates += [media.get(prefix + stem[2:]) for prefix in FULL_RESOLUTION_PREFIXES]
        if name.lower().endswith(EDIT_SUFFIXES):
            candidates.append(media.get(drop_apple_mark(stem)))
        owner = next((candidate for candidate in candidates if candidate is not None), None)
        if owner is not None:
            owners[name] = owner
    return owners


def _index_stems(names: Iterable[str]) -> dict[str, str]:
    """Return the names of photos and videos by their stem in lower case; of several, the first."""
    stems: dict[str, str] = {}
    for name in names:
        path = PurePath(name)
        if TYPES.get(path.suffix.lower()) in MEDIA_TYPES:
            stems.setdefault(path.stem.lower(), name)
    return stems


def _join_number(name: str) -> str:
    """Return a name in which the number is at the end, as in the names of JSON files: `a(1).jpg` as `a.jpg(1)`."""
    path = PurePath(name)
    match = _NUMBER.fullmatch(path.stem)
    return f"{match[1]}{path.suffix}({match[2]})" if match else name


def _find_owner(stem: str, media: Mapping[str, str], keys: list[str]) -> str | None:
    """Return the photo or video that a JSON file belongs to, None if there is none.

    Args:
        stem: The name of the JSON file without its suffix.
        media: The names of photos and videos by their name with the number at the end.
        keys: The keys of `media`, sorted.
    """
    match = _NUMBER.fullmatch(stem)
    base, number = (match[1], f"({match[2]})") if match else (stem, "")
    head, _, mark = base.rpartition(".")
    for candidate in (base + number, head + number if TAKEOUT_MARK.startswith(mark.lower()) else None, stem):
        if candidate is not None and candidate in media:
            return media[candidate]
    if len(base) < MIN_CUT_LENGTH:
        return None
    matching = []
    for key in keys[bisect_left(keys, base) :]:
        if not key.startswith(base):
            break
        if key.endswith(number) and (number or not _NUMBER.fullmatch(key)):
            matching.append(key)
    return media[matching[0]] if len(matching) == 1 else None
