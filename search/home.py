"""The data directory of one installation and what lies where in it."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from search.errors import HomeError

# Sides in pixels of the thumbnails that are made when they are first requested.
SMALL_THUMBNAIL_SIDES = (128, 256)
OLD_INDEX_FOLDERS = {"picture": "visual", "meaning": "semantic"}


@dataclass(frozen=True)
class Home:
    """The paths inside a home; making one touches nothing."""

    root: Path

    @property
    def catalog(self) -> Path:
        """The SQLite file that is the truth."""
        return self.root / "catalogue.db"

    @property
    def index(self) -> Path:
        """FAISS generations, one folder a space; disposable."""
        return self.root / "index"

    @property
    def thumbnails(self) -> Path:
        """Small pictures by item id; disposable."""
        return self.root / "thumbnails"

    @property
    def models(self) -> Path:
        """Model files joined or converted for this machine; disposable."""
        return self.root / "models"

    @property
    def uploads(self) -> Path:
        """Files that were uploaded; a source like any other, and the only media kept inside."""
        return self.root / "uploads"

    @property
    def partial(self) -> Path:
        """What was heard of recordings that are not written yet; disposable."""
        return self.root / "partial"

    def rename_old_folders(self) -> None:
        """Return index folders from before version 0.2 their new names, so that no index is built again."""
        for old, new in OLD_INDEX_FOLDERS.items():
            if (self.index / old).is_dir() and not (self.index / new).exists():
                (self.index / old).rename(self.index / new)

    def thumbnail(self, item_id: int) -> Path:
        """Where the thumbnail of an item lies, in folders of a thousand."""
        return self.thumbnails / f"{item_id // 1000:06d}" / f"{item_id}.jpg"

    def small_thumbnail(self, item_id: int, size: int) -> Path:
        """Where a smaller thumbnail is kept once it was asked for; disposable."""
        return self.thumbnail(item_id).with_name(f"{item_id}-{size}.webp")

    def loudness(self, item_id: int, mtime_ns: int, points: int) -> Path:
        """Where the peaks of a recording are kept once they were measured; disposable."""
        return self.root / "loudness" / f"{item_id}-{mtime_ns}-{points}.json"

    def list_loudness(self, item_ids: set[int]) -> list[Path]:
        """Return the peaks that are kept of some recordings."""
        return [path for path in (self.root / "loudness").glob("*-*.json") if int(path.name.split("-")[0]) in item_ids]

    def create(self) -> None:
        """Make the folders. Raises HomeError when they cannot be made."""
        try:
            for folder in (self.root, self.index, self.thumbnails, self.models):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise HomeError(f"cannot create the home {self.root}: {error.strerror}") from error

    def require(self) -> None:
        """Raise HomeError unless a catalog exists here."""
        if not self.catalog.exists():
            raise HomeError(
                f"nothing is indexed in {self.root} yet: run `crossmodal index FOLDER` first, "
                "or name another home with --home"
            )

    def lock(self) -> AbstractContextManager[object]:
        """Hold the right to index; raises HomeError when another process has it."""
        import filelock

        lock = filelock.FileLock(self.root / "index.lock", timeout=0)
        try:
            return lock.acquire()
        except filelock.Timeout as error:
            raise HomeError(f"another process is indexing into {self.root}: wait for it to end") from error
