"""Sidecars: files that belong to another file of the same folder, such as subtitles and XMP files."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from indexer.companions import EDIT_SUFFIXES, THUMBNAIL_SUFFIXES, find_companions, pair_takeout, pair_xmp
from indexer.decode.document.subtitle_names import drop_version, find_owner, rank_subtitles
from indexer.decode.document.subtitles import SUBTITLE_SUFFIXES
from indexer.decode.families import BY_TYPE, FAMILIES, TYPES
from indexer.decode.image import XMP_SUFFIX
from indexer.pairs import Attachment
from search.media.takeout import TAKEOUT_SUFFIX
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

    If a video has several subtitle files, the first is read with the video. The others are indexed as documents. The
    sidecars of a file that is a part of an item, such as the raw file of a photo, belong to the item: it is read with
    their metadata if it has none itself.

    Attributes:
        by_owner: Names of sidecars by the name of the file that they belong to; the first one is read with it.
        owners: The name of the owner by the name of each sidecar that is not indexed separately.
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
        for owner, sidecar in (*pair_xmp(names).items(), *pair_takeout(names).items()):
            self.by_owner.setdefault(owner, []).append(sidecar)
        self.owners = {
            sidecar: name
            for name, sidecars in self.by_owner.items()
            for index, sidecar in enumerate(sidecars)
            if index == 0 or sidecar.lower().endswith(METADATA_SUFFIXES)
        }

        if items and (self.owners or self.companions):
            self._hand_over(items)

    def _hand_over(self, items: Mapping[str, str]) -> None:
        """Assign what belongs to parts to their items."""
        self.companions = {name: items.get(owner, owner) for name, owner in self.companions.items()}
        for sidecar, owner in list(self.owners.items()):
            if owner not in items:
                continue
            item = items[owner]
            if sidecar.lower().endswith(METADATA_SUFFIXES) and sidecar in self.by_owner.setdefault(item, [sidecar]):
                self.owners[sidecar] = item
            else:
                del self.owners[sidecar]
                self.companions[sidecar] = item

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
    """Return the sidecars of each file in a folder; the one to read with the file comes first.

    `film.srt` and `film.en.sdh.srt` belong to `film.mp4`; `photo.xmp` and `photo.jpg.xmp` to `photo.jpg`. Subtitles
    with all that is said come before partial ones.

    Args:
        names: The names of all files in the folder.

    Returns:
        Names of sidecars by the name of their owner.
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
    return {owner: sorted(found, key=lambda name: rank_subtitles(name, owner)) for owner, found in pairs.items()}


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
