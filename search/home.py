"""The data directory of one installation and the paths in it."""

import os
import stat
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

from search.errors import HomeError

# The longer sides, in pixels, of the thumbnails that are made when they are first requested.
SMALL_THUMBNAIL_SIDES = (128, 256)
# Index folders had these names before version 0.2.
OLD_INDEX_FOLDERS = {"picture": "visual", "meaning": "semantic"}
# The names of uploads that are being received. Such names are not indexed.
RECEIVED_PREFIX, RECEIVED_SUFFIX = ".upload-", ".part"
# The permissions of a folder that only its owner uses, and those of all others.
PRIVATE_FOLDER, OTHERS = 0o700, 0o077


def find_default_home() -> Path:
    """Return the data directory of the user's installation."""
    import platformdirs

    return Path(platformdirs.user_data_dir("crossmodal", appauthor=False))


@dataclass(frozen=True)
class Home:
    """The paths inside a home. Creating an instance does not access the disk.

    Attributes:
        root: The data directory.
    """

    root: Path

    @property
    def catalog(self) -> Path:
        """The SQLite database, the source of truth."""
        return self.root / "catalogue.db"

    @property
    def index(self) -> Path:
        """FAISS index generations, one folder per space; can be rebuilt."""
        return self.root / "index"

    @property
    def thumbnails(self) -> Path:
        """Thumbnails by item id; can be rebuilt."""
        return self.root / "thumbnails"

    @property
    def models(self) -> Path:
        """Manifests, adapters and converted files of the installed models."""
        return self.root / "models"

    @property
    def languages(self) -> Path:
        """The model that detects languages, decompressed; can be rebuilt."""
        return self.root / "languages"

    @property
    def tags(self) -> Path:
        """The user's copy of the vocabulary of machine tags, if there is one."""
        return self.root / "tags.tsv"

    @property
    def uploads(self) -> Path:
        """Uploaded files, indexed like any other source. No other media files are inside the home."""
        return self.root / "uploads"

    def upload_folder(self, account_id: int | None) -> Path:
        """Return the folder for the uploads of an account, or for all uploads while there are no accounts.

        Each account has its own, since files in one folder can belong together: a photo and its side-car.
        """
        return self.uploads if account_id is None else self.uploads / f"account-{account_id}"

    def create_uploads(self) -> None:
        """Create the folder of uploads. Raises HomeError when that fails."""
        try:
            self.uploads.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        except OSError as error:
            raise HomeError(f"cannot create the folder {self.uploads}: {error.strerror}") from error

    @property
    def partial(self) -> Path:
        """Partial transcripts of recordings that are not indexed yet; can be rebuilt."""
        return self.root / "partial"

    def rename_old_folders(self) -> None:
        """Rename index folders from before version 0.2, so that the indexes need not be rebuilt."""
        for old, new in OLD_INDEX_FOLDERS.items():
            if (self.index / old).is_dir() and not (self.index / new).exists():
                (self.index / old).rename(self.index / new)

    def thumbnail(self, item_id: int) -> Path:
        """Return the path of an item's thumbnail; there is a folder for every thousand items."""
        return self.thumbnails / f"{item_id // 1000:06d}" / f"{item_id}.jpg"

    def small_thumbnail(self, item_id: int, size: int) -> Path:
        """Return the path of a smaller thumbnail, which is written when it is first requested.

        Args:
            item_id: The item.
            size: One of `SMALL_THUMBNAIL_SIDES`.
        """
        return self.thumbnail(item_id).with_name(f"{item_id}-{size}.webp")

    def loudness(self, item_id: int, mtime_ns: int, points: int) -> Path:
        """Return the path of a recording's loudness curve, which is written when it is first requested.

        Args:
            item_id: The recording.
            mtime_ns: The modification time of its file in nanoseconds; a changed file gets a new curve.
            points: The number of points of the curve.
        """
        return self.root / "loudness" / f"{item_id}-{mtime_ns}-{points}.json"

    def list_loudness(self, item_ids: set[int]) -> list[Path]:
        """Return the existing files with loudness curves of some recordings."""
        return [path for path in (self.root / "loudness").glob("*-*.json") if int(path.name.split("-")[0]) in item_ids]

    @property
    def page_images(self) -> Path:
        """Images of the pages of documents, made when they are first requested; can be deleted."""
        return self.root / "pages"

    def list_page_images(self, item_ids: set[int]) -> list[Path]:
        """Return the existing images of pages of some items."""
        return [path for path in self.page_images.glob("*-*.jpg") if int(path.name.split("-")[0]) in item_ids]

    @property
    def previews(self) -> Path:
        """What is made when it is first requested: fragments of recordings, clips, and PDFs of office documents."""
        return self.root / "previews"

    def preview(self, item_id: int, mtime_ns: int, name: str) -> Path:
        """Return the path of a fragment, a clip or a PDF.

        Args:
            item_id: The recording or document.
            mtime_ns: The modification time of its file in nanoseconds; a changed file gets new ones.
            name: The name of the fragment, clip or PDF.
        """
        return self.previews / f"{item_id}-{mtime_ns}" / name

    def list_previews(self, item_ids: set[int]) -> list[Path]:
        """Return the existing folders with the previews of some items."""
        return [path for path in self.previews.glob("*-*") if int(path.name.split("-")[0]) in item_ids]

    def create(self) -> None:
        """Create the folders. Raises HomeError when that fails."""
        try:
            for folder in (self.root, self.index, self.thumbnails, self.models):
                folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        except OSError as error:
            raise HomeError(f"cannot create the home {self.root}: {error.strerror}") from error

    def restrict(self) -> None:
        """Take the permissions of other users on the home away, if it belongs to the user of this process.

        A folder that all users share, such as `/tmp`, is left as it is.
        """
        if not hasattr(os, "getuid"):  # Windows
            return
        folders = (self.root, self.index, self.thumbnails, self.models, self.uploads, self.partial)
        files = [self.catalog.with_name(self.catalog.name + ending) for ending in ("", "-wal", "-shm")]
        for path in (*folders, *files):
            with suppress(OSError):
                facts = path.stat()
                is_shared = facts.st_mode & stat.S_ISVTX
                if facts.st_mode & OTHERS and not is_shared and facts.st_uid == os.getuid():
                    path.chmod(stat.S_IMODE(facts.st_mode) & ~OTHERS)

    def require(self) -> None:
        """Raise HomeError unless a catalog exists here."""
        if not self.catalog.exists():
            raise HomeError(
                f"nothing is indexed in {self.root} yet: run `crossmodal index FOLDER` first, "
                "or choose another home with --home"
            )

    def lock(self) -> AbstractContextManager[object]:
        """Return the lock that a process holds while it indexes. Raises HomeError when another process holds it."""
        import filelock

        lock = filelock.FileLock(self.root / "index.lock", timeout=0)
        try:
            return lock.acquire()
        except filelock.Timeout as error:
            raise HomeError(f"another process is indexing into {self.root}: wait for it to end") from error
