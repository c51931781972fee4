"""txtai with the loop of its example for images. txtai reads no folders: that loop is the caller's work."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from support import Search, declare_operators, list_photos, main

DECLARED = declare_operators()


def read_images(paths: Sequence[Path]) -> Iterator[tuple[str, Any, None]]:
    from PIL import Image

    for path in paths:
        yield str(path), Image.open(path), None


class Txtai:
    """txtai."""

    def prepare(self, state: Path, weights: Path) -> None:
        """Do nothing."""

    def index(self, photos: Path, state: Path, weights: Path) -> None:
        """Index every photo: `index` replaces what was there."""
        embeddings = self._make(weights)
        embeddings.index(read_images(list_photos(photos)))
        embeddings.save(str(state / "index"))

    def add(self, photos: Path, state: Path, weights: Path, added: Sequence[Path]) -> None:
        """Add photos that the caller knows to be new."""
        embeddings = self._load(state)
        embeddings.upsert(read_images(added))
        embeddings.save(str(state / "index"))

    def list_paths(self, photos: Path, state: Path, weights: Path) -> list[str]:
        """Return the ids, which are paths."""
        if not (state / "index").exists():
            return []
        embeddings = self._load(state)
        return [str(number) for number in embeddings.ids.ids]

    def open(self, photos: Path, state: Path, weights: Path) -> Search:
        """Load the model and the index."""
        embeddings = self._load(state)
        return lambda text: [path for path, _ in embeddings.search(text, 10)]

    def _make(self, weights: Path) -> Any:
        from txtai.embeddings import Embeddings

        return Embeddings(method="sentence-transformers", path=str(weights / "txtai"))

    def _load(self, state: Path) -> Any:
        from txtai.embeddings import Embeddings

        embeddings = Embeddings()
        embeddings.load(str(state / "index"))
        return embeddings


if __name__ == "__main__":
    main(Txtai())
