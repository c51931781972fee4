"""MaterialSearch: its core package, without the web page. Its settings are environment variables."""

import os
from collections.abc import Sequence
from pathlib import Path

from support import Search, main


class MaterialSearch:
    """MaterialSearch with a folder of weights in place of its Chinese CLIP."""

    def prepare(self, state: Path, weights: Path) -> None:
        """Create its folder for temporary files."""
        (state / "tmp").mkdir()

    def index(self, photos: Path, state: Path, weights: Path) -> None:
        """Scan the folder, as its button does."""
        self._configure(photos, state, weights)
        from materialsearch_core.scan import scanner

        scanner.init()
        scanner.scan()

    def add(self, photos: Path, state: Path, weights: Path, added: Sequence[Path]) -> None:
        """Scan the folder again."""
        self.index(photos, state, weights)

    def list_paths(self, photos: Path, state: Path, weights: Path) -> list[str]:
        """Return the paths in its database."""
        import sqlite3
        from contextlib import closing

        with closing(sqlite3.connect(state / "assets.db")) as database:
            return [
                path
                for (path,) in database.execute(
                    "SELECT path FROM image WHERE checksum IN (SELECT checksum FROM image_features)"
                )
            ]

    def open(self, photos: Path, state: Path, weights: Path) -> Search:
        """Load the model; every photo is a result, since random weights reach no threshold."""
        self._configure(photos, state, weights)
        from materialsearch_core.search import search_image_by_text_path_time

        def search(text: str) -> list[str]:
            results = search_image_by_text_path_time(text, "", -100, 100)
            return [result["path"] for result in results[:10]]

        return search

    def _configure(self, photos: Path, state: Path, weights: Path) -> None:
        os.environ |= {
            "ASSETS_PATH": str(photos),
            "SKIP_PATH": "",
            "MODEL_NAME": str(weights / "transformers"),
            "SQLALCHEMY_DATABASE_URL": f"sqlite:///{state / 'assets.db'}",
            "TEMP_PATH": str(state / "tmp"),
            "DEVICE": "cpu",
        }


if __name__ == "__main__":
    main(MaterialSearch())
