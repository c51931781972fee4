"""Files of one folder that show the same moment: Live Photos, raw files next to JPEG, edited versions and bursts.

One of them is the item. The others are skipped, with its name, and can be reached from it.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from indexer.edited import find_original, may_have_edits
from indexer.live_photo import is_live_photo
from search.media.image.raw import RAW_SUFFIXES

FILM_SUFFIXES = frozenset((".mov", ".mp4"))
# The images that a camera or phone writes next to a film or a raw file; the first that exists is the item.
PHOTO_SUFFIXES = (".heic", ".heif", ".jpg", ".jpeg", ".avif")
_PAIRED_SUFFIXES = RAW_SUFFIXES | FILM_SUFFIXES
# Pixel: `PXL_1.RAW-01.COVER.jpg` and `PXL_1.RAW-02.ORIGINAL.dng`; iCloud: `IMG_1_HEVC.MOV`, `IMG_1_HEIC.MOV`.
_MARKS = re.compile(r"(?:\.raw-\d+)?(?:\.mp)?\.(?:cover|original)$|_hevc$|_heic$", re.IGNORECASE)
_BURSTS = (
    re.compile(r"(?P<key>.+)[_.]burst-?(?P<number>\d{1,4})(?P<cover>[_.]cover)?", re.IGNORECASE | re.DOTALL),
    re.compile(r"(?P<number>\d{5})img_\d{5}_burst(?P<key>\d{14,})(?P<cover>_cover)?", re.IGNORECASE),
)


@dataclass(frozen=True)
class Attachment:
    """A file that belongs to an item and is skipped.

    Attributes:
        owner: The name of the file that is the item.
        reason: What the attachment is, for users.
    """

    owner: str
    reason: str


def find_attachments(
    folder: str, names: Sequence[str], suffixes: Iterable[str], is_known: Callable[[str, Attachment], bool]
) -> dict[str, Attachment]:
    """Return the files of a folder that are attachments of another file in it, by name; quick if there are none.

    Args:
        folder: The path of the folder.
        names: The names of the files in it.
        suffixes: The suffixes of the files, each once, in upper or lower case.
        is_known: Returns whether a file, given by its path, was skipped as this attachment before and is unchanged.
    """
    joined = "\n".join(names).lower()
    attachments: dict[str, Attachment] = {}
    if "burst" in joined:
        attachments |= _find_bursts(names)
    if may_have_edits(joined):
        attachments |= _find_edits(names)
    if not _PAIRED_SUFFIXES.isdisjoint(map(str.lower, suffixes)):
        attachments |= _find_companions(folder, names, is_known)
    return {name: _follow(attachment, attachments) for name, attachment in attachments.items()}


def _follow(attachment: Attachment, attachments: Mapping[str, Attachment]) -> Attachment:
    """Return an attachment whose owner is an item: the owner of a film may be the original of an edited version."""
    owner, seen = attachment.owner, {attachment.owner}
    while owner in attachments and attachments[owner].owner not in seen:
        owner = attachments[owner].owner
        seen.add(owner)
    return Attachment(owner, attachment.reason) if owner != attachment.owner else attachment


def _find_companions(
    folder: str, names: Iterable[str], is_known: Callable[[str, Attachment], bool]
) -> dict[str, Attachment]:
    """Return the raw files and the films of Live Photos that are next to a photo."""
    photos: dict[str, dict[str, str]] = {}
    others: list[str] = []
    for name in names:
        suffix = PurePath(name).suffix.lower()
        if suffix in PHOTO_SUFFIXES:
            photos.setdefault(_find_stem(name), {})[suffix] = name
        elif suffix in _PAIRED_SUFFIXES:
            others.append(name)
    attachments: dict[str, Attachment] = {}
    for name in others:
        candidates = photos.get(_find_stem(name), {})
        owner = next((candidates[suffix] for suffix in PHOTO_SUFFIXES if suffix in candidates), None)
        if owner is None:
            continue
        if PurePath(name).suffix.lower() in RAW_SUFFIXES:
            attachments[name] = Attachment(owner, f"the raw file of {owner}")
            continue
        attachment = Attachment(owner, f"the film of the Live Photo {owner}")
        if is_known(name, attachment) or is_live_photo(Path(folder, owner), Path(folder, name)):
            attachments[name] = attachment
    return attachments


def _find_edits(names: Sequence[str]) -> dict[str, Attachment]:
    """Return the originals of edited photos: the edited version is the item."""
    photos = {name.lower(): name for name in names if PurePath(name).suffix.lower() in PHOTO_SUFFIXES}
    attachments: dict[str, Attachment] = {}
    for name in photos.values():
        original = find_original(PurePath(name).stem)
        if original is None:
            continue
        for suffix in PHOTO_SUFFIXES:
            if (found := photos.get((original + suffix).lower())) is not None:
                attachments[found] = Attachment(name, f"the original of {name}")
    return attachments


def _find_bursts(names: Iterable[str]) -> dict[str, Attachment]:
    """Return the photos of bursts except the one that the camera chose, or the first."""
    bursts: dict[str, list[tuple[bool, str]]] = {}
    for name in names:
        path = PurePath(name)
        match = next((match for burst in _BURSTS if (match := burst.fullmatch(path.stem)) is not None), None)
        if match is not None and path.suffix.lower() in PHOTO_SUFFIXES:
            bursts.setdefault(match["key"].lower(), []).append((match["cover"] is None, name))
    return {
        name: Attachment(cover, f"in the burst of {cover}")
        for photos in bursts.values()
        for _, cover in [min(photos)]
        for _, name in photos
        if name != cover
    }


def _find_stem(name: str) -> str:
    return _MARKS.sub("", PurePath(name).stem).lower()
