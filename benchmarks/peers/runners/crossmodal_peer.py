"""Crossmodal: its command line for indexing, its Python API for queries.

With CROSSMODAL_PEER_MODEL=open_clip it uses the same weights as the peers, and CROSSMODAL_PEER_RUNTIME is how they run.
"""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from support import Search, main


class Crossmodal:
    """Crossmodal."""

    def prepare(self, state: Path, weights: Path) -> None:
        """Choose the model, unless it is the bundled one."""
        if os.environ.get("CROSSMODAL_PEER_MODEL") != "open_clip":
            return
        from indexer.model_change.change import use_model
        from indexer.pipeline import Options
        from search.encoders.manifest import find_folder
        from search.open_home import open_home
        from search.settings import read_settings

        model = f"ViT-B-32-256/{weights / 'model.pt'}"
        library = open_home(read_settings(home=state), create=True)
        with library.home.lock():
            use_model(library, model, None, Options(), lambda *_: None)
        folder = find_folder(library.home.models, model)
        manifest = folder.read()
        runtime = os.environ.get("CROSSMODAL_PEER_RUNTIME")
        if runtime and manifest is not None:
            folder.write(replace(manifest, runtime=runtime))
        library.close()

    def index(self, photos: Path, state: Path, weights: Path) -> None:
        """Run `crossmodal index`."""
        os.execv(sys.executable, [sys.executable, "-m", "crossmodal", "--home", state, "index", photos, "--json"])

    def add(self, photos: Path, state: Path, weights: Path, added: Sequence[Path]) -> None:
        """Index the folder again."""
        self.index(photos, state, weights)

    def list_paths(self, photos: Path, state: Path, weights: Path) -> list[str]:
        """Return the indexed paths; print the ledger of the others."""
        import crossmodal

        with crossmodal.open(state) as library:
            items = list(library.items())
            print(json.dumps([[item.path, str(item.state), item.reason] for item in items if item.reason]))
            return [str(item.path) for item in items if item.state == "indexed"]

    def open(self, photos: Path, state: Path, weights: Path) -> Search:
        """Open the library."""
        import crossmodal
        from crossmodal.arguments import make_query

        library = crossmodal.open(state)

        def search(text: str) -> list[str]:
            # With random weights nothing is relevant: the ten closest are requested, as "show all" does.
            query = replace(make_query(text, {"limit": 10}, is_local=True), include_all=True)
            return [hit.item.path for hit in library.answer(query).hits]

        return search


if __name__ == "__main__":
    main(Crossmodal())
