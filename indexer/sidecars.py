"""Sidecars: files that belong to another file of the same folder, such as subtitles and XMP files."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from indexer.companions import EDIT_SUFFIXES, THUMBNAIL_SUFFIXES, find_companions, pair_takeout, pair_xmp
from indexer.decode.document.subtitle_names import drop_version, find_owner, rank_subtitles
from indexer.decode.document.subtitles import SUBTITLE_SUFFIXES
from indexer.decode.families import BY_TYPE, FAMILIES, TYPES
from indexer.pairs import Attachment
from search.media.takeout import TAKEOUT_SUFFIX
from search.media.xmp import XMP_SUFFIX
from search.records import ItemType
from search.storable import make_printable

SIDECAR_SUFFIXES = tuple({suffix for family in FAMILIES for suffix in family.sidecars})
METADATA_SUFFIXES = (XMP_SUFFIX, TAKEOUT_SUFFIX)
# The last suffixes of all files that can belong to another file.
_LAST_SUFFIXES = frozenset(
    suffix[suffix.rfind(".") :] for suffix in (*SIDECAR_SUFFIXES, TAKEOUT_SUFFIX, *THUMBNAIL_SUFFIXES, *EDIT_SUFFIXES)
)


class Sidecars:
    """The sidecars in a folder, such as subtitles and XMP files.

    All sidecars of a file are read with it. The order says which of them decides where they differ: subtitles with all
    that is said before partial ones; `photo.jpg.xmp` before `photo.xmp`, and both before the JSON file of Google
    Takeout. The metadata of a file that is a part of an item, such as the raw file of a photo, comes after that of the
    item.

    Attributes:
        by_owner: Names of sidecars by the name of the file that they are read with, the most important one first.
        owners: The name of the owner by the name of each sidecar.
        companions: The name of the owner by the name of each file that belongs to it and is not read.
    """

    def __init__(self, names: Iterable[str], items: Mapping[str, str] | None = None) -> None:
        """Pair the files of a folder.

        Args:
            names: The names of the files.
            items: The name of the item by the name of each file that is a part of it.
        """
        names = list(names)
        self.by_owner = pair_sidecars(names)
        self.companions = find_companions(names)
        for owner, found in (*pair_xmp(names).items(), *pair_takeout(names).items()):
            self.by_owner.setdefault(owner, []).extend(found)
        self.owners = {sidecar: owner for owner, found in self.by_owner.items() for sidecar in found}
        if items and (self.owners or self.companions):
            self._hand_over(items)

    def _hand_over(self, items: Mapping[str, str]) -> None:
        """Assign what belongs to parts to their items."""
        self.companions = {name: items.get(owner, owner) for name, owner in self.companions.items()}
        for part in sorted(items.keys() & self.by_owner.keys()):
            item = items[part]
            for sidecar in self.by_owner.pop(part):
                if sidecar.lower().endswith(METADATA_SUFFIXES):
                    self.owners[sidecar] = item
                    if sidecar not in self.by_owner.setdefault(item, []):
                        self.by_owner[item].append(sidecar)
                elif self.owners.get(sidecar) == part:
                    del self.owners[sidecar]
                    self.companions[sidecar] = item
        for found in self.by_owner.values():
            found.sort(key=lambda sidecar: sidecar.lower().endswith(TAKEOUT_SUFFIX))

    def list_attachments(self) -> dict[str, Attachment]:
        """Return the files that are not indexed separately, by name, with the reason."""
        companions = {
            name: Attachment(owner, f"belongs to {make_printable(owner)}") for name, owner in self.companions.items()
        }
        together = {
            name: Attachment(owner, f"indexed together with {make_printable(owner)}")
            for name, owner in self.owners.items()
        }
        return companions | together


@dataclass(frozen=True)
class Listing:
    """What the names of the files in a folder show.

    Attributes:
        skipped: The files that are not indexed, by name; the owner is empty if they belong to no item.
        sidecars: The sidecars of the other files.
    """

    skipped: Mapping[str, Attachment]
    sidecars: Sidecars


def pair_sidecars(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the subtitles of the recordings in a folder, and the XMP files of the images.

    `film.srt` and `film.en.sdh.srt` belong to `film.mp4`; `photo.xmp` and `photo.jpg.xmp` to `photo.jpg`.

    Args:
        names: The names of all files in the folder.

    Returns:
        Names of sidecars by the name of their owner, in the order of `Sidecars`.
    """
    names = list(names)
    sidecars = [name for name in names if name.lower().endswith(SIDECAR_SUFFIXES)]
    if not sidecars:
        return {}
    owners: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name in names:
        path = PurePath(name)
        for suffix in BY_TYPE[TYPES.get(path.suffix.lower(), ItemType.DOCUMENT)].sidecars:
            for known in {name, path.stem, drop_version(path.stem)}:
                owners[suffix][known].append(name)
    pairs: dict[str, list[str]] = defaultdict(list)
    for name in sorted(sidecars, key=lambda sidecar: (len(sidecar), sidecar)):
        path = PurePath(name)
        suffix = path.suffix.lower()
        find = find_owner if suffix in SUBTITLE_SUFFIXES else _find_image
        stem = find(path.stem, owners[suffix])
        for owner in owners[suffix].get(stem or "", ()):
            pairs[owner].append(name)
    return {owner: sorted(found, key=lambda name: _rank(name, owner)) for owner, found in pairs.items()}


def _rank(name: str, owner: str) -> tuple[bool, bool, int]:
    """Return a sort key by which the sidecars of a file are in the order of `Sidecars`."""
    if name.lower().endswith(XMP_SUFFIX):
        return False, False, -len(name)
    return *rank_subtitles(name, owner), 0


def _find_image(stem: str, stems: Collection[str]) -> str | None:
    """Return the name of the image that a sidecar belongs to."""
    return next((name for name in (stem, PurePath(stem).stem) if name in stems), None)


NO_SIDECARS = Sidecars(())


def find_sidecars(names: Sequence[str], suffixes: Iterable[str], items: Mapping[str, str]) -> Sidecars:
    """Return the sidecars among the files of a folder; quick if there are none.

    Args:
        names: The names of the files.
        suffixes: The suffixes of the files, each once, in upper or lower case.
        items: The name of the item by the name of each file that is a part of it.
    """
    return NO_SIDECARS if _LAST_SUFFIXES.isdisjoint(map(str.lower, suffixes)) else Sidecars(names, items)
