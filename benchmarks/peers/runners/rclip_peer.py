"""rclip, with the weights in the place where it stores its download."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from support import Search, main


class Rclip:
    """rclip."""

    def prepare(self, state: Path, weights: Path) -> None:
        """Link the models."""
        for name in ("ViT-B-32-256-datacomp_s34b_b86k", "tokenizer"):
            (state / name).symlink_to(weights / "rclip" / name)

    def index(self, photos: Path, state: Path, weights: Path) -> None:
        """Index a folder, as each search does without `--no-indexing`."""
        for part in self._open(photos, state, False):
            part.close()

    def add(self, photos: Path, state: Path, weights: Path, added: Sequence[Path]) -> None:
        """Index the folder again."""
        self.index(photos, state, weights)

    def list_paths(self, photos: Path, state: Path, weights: Path) -> list[str]:
        """Return the paths in its database."""
        import sqlite3

        with closing(sqlite3.connect(state / "db.sqlite3")) as database:
            return [path for (path,) in database.execute("SELECT filepath FROM images WHERE deleted IS NULL")]

    def open(self, photos: Path, state: Path, weights: Path) -> Search:
        """Open the database and the models."""
        rclip, *_ = self._open(photos, state, True)
        return lambda text: [result.filepath for result in rclip.search(text, str(photos), 10)]

    def _open(self, photos: Path, state: Path, no_indexing: bool) -> tuple:
        import os

        os.environ["RCLIP_DATADIR"] = str(state)
        from rclip.main import init_rclip

        return init_rclip(str(photos), 8, no_indexing=no_indexing)


if __name__ == "__main__":
    main(Rclip())
