"""Sidecars: files that belong to another file of the same folder, such as subtitles and XMP files."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from indexer.decode.families import BY_TYPE, FAMILIES, TYPES
from indexer.decode.image import XMP_SUFFIX
from search.records import ItemType

SIDECAR_SUFFIXES = tuple({suffix for family in FAMILIES for suffix in family.sidecars})
_LAST_SUFFIXES = frozenset(suffix[suffix.rfind(".") :] for suffix in SIDECAR_SUFFIXES)


class Sidecars:
    """The sidecars in a folder, such as subtitles and XMP files.

    If a video has several subtitle files, the first is read with the video. The others are indexed as documents.

    Attributes:
        by_owner: Names of sidecars by the name of the file that they belong to; the first one is read with it.
        owners: The name of the owner by the name of each sidecar that is not indexed separately.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.by_owner = pair_sidecars(names)
        self.owners = {
            sidecar: name
            for name, sidecars in self.by_owner.items()
            for index, sidecar in enumerate(sidecars)
            if index == 0 or sidecar.lower().endswith(XMP_SUFFIX)
        }


def pair_sidecars(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the sidecars of each file in a folder; the one to read with the file comes first.

    `film.srt` and `film.en.srt` belong to `film.mp4`; `photo.xmp` and `photo.jpg.xmp` to `photo.jpg`.

    Args:
        names: The names of all files in the folder.

    Returns:
        Names of sidecars by the name of their owner.
    """
    names = list(names)
    sidecars = [name for name in names if name.lower().endswith(SIDECAR_SUFFIXES)]
    if not sidecars:
        return {}
    owners: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name in names:
        path = PurePath(name)
        for suffix in BY_TYPE[TYPES.get(path.suffix.lower(), ItemType.DOCUMENT)].sidecars:
            owners[path.stem, suffix].append(name)
            owners[name, suffix].append(name)
    pairs: dict[str, list[str]] = defaultdict(list)
    for name in sorted(sidecars, key=lambda sidecar: (len(sidecar), sidecar)):
        path = PurePath(name)
        suffix = path.suffix.lower()
        for stem in (path.stem, PurePath(path.stem).stem):
            if (stem, suffix) in owners:
                for owner in owners[stem, suffix]:
                    pairs[owner].append(name)
                break
    return dict(pairs)


NO_SIDECARS = Sidecars(())


def find_sidecars(names: Sequence[str], suffixes: Iterable[str]) -> Sidecars:
    """Return the sidecars among the files of a folder; quick if there are none.

    Args:
        names: The names of the files.
        suffixes: The suffixes of the files, each once, in upper or lower case.
    """
    return NO_SIDECARS if _LAST_SUFFIXES.isdisjoint(map(str.lower, suffixes)) else Sidecars(names)
