"""The baseline: what a programmer writes in an afternoon with open_clip and FAISS.

It embeds batches of 32 photos, stores the vectors in a flat index and the paths in a JSON file, skips files whose path
and time of change it has, and prints the files that it cannot read. It saves once, at the end.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from support import Search, declare_operators, list_photos, main

DECLARED = declare_operators()

import faiss  # noqa: E402
import open_clip  # noqa: E402
import torch  # noqa: E402
from PIL import Image  # noqa: E402

MODEL = "ViT-B-32-256"
BATCH_SIZE = 32


def load(weights: Path) -> tuple[Any, Any]:
    model, _, preprocess = open_clip.create_model_and_transforms(MODEL, str(weights / "model.pt"))
    return model.eval(), preprocess


def read_state(state: Path) -> tuple[Any, dict[str, int]]:
    if not (state / "paths.json").exists():
        return faiss.IndexFlatIP(512), {}
    return faiss.read_index(str(state / "index.faiss")), json.loads((state / "paths.json").read_text())


def embed(model: Any, preprocess: Any, paths: Sequence[Path]) -> tuple[list[Path], Any]:
    tensors, read = [], []
    for path in paths:
        try:
            tensors.append(preprocess(Image.open(path)))
        except Exception as error:
            print(f"skipped {path}: {error}")
            continue
        read.append(path)
    if not read:
        return [], np.zeros((0, 512), np.float32)
    with torch.inference_mode():
        return read, model.encode_image(torch.stack(tensors), normalize=True).numpy()


class Plain:
    """open_clip and FAISS."""

    def prepare(self, state: Path, weights: Path) -> None:
        """Do nothing."""

    def index(self, photos: Path, state: Path, weights: Path) -> None:
        """Embed what is new and save."""
        index, known = read_state(state)
        new = [path for path in list_photos(photos) if known.get(str(path)) != path.stat().st_mtime_ns]
        if new:
            model, preprocess = load(weights)
            for start in range(0, len(new), BATCH_SIZE):
                read, vectors = embed(model, preprocess, new[start : start + BATCH_SIZE])
                index.add(vectors)
                known |= {str(path): path.stat().st_mtime_ns for path in read}
        faiss.write_index(index, str(state / "index.faiss"))
        (state / "paths.json").write_text(json.dumps(known))

    def add(self, photos: Path, state: Path, weights: Path, added: Sequence[Path]) -> None:
        """Index the folder again."""
        self.index(photos, state, weights)

    def list_paths(self, photos: Path, state: Path, weights: Path) -> list[str]:
        """Return the known paths."""
        return list(read_state(state)[1])

    def open(self, photos: Path, state: Path, weights: Path) -> Search:
        """Load the model and the index."""
        model, _ = load(weights)
        tokenize = open_clip.get_tokenizer(MODEL)
        index, known = read_state(state)
        paths = list(known)

        def search(text: str) -> list[str]:
            with torch.inference_mode():
                query = model.encode_text(tokenize([text]), normalize=True).numpy()
            return [paths[row] for row in index.search(query, 10)[1][0] if row >= 0]

        return search


if __name__ == "__main__":
    main(Plain())
