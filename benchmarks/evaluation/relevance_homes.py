"""Homes of several sizes with the same judged photos."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from shelf import read_space
from speed import BLOCK, add_noise
from sqlalchemy import func, insert, select

from search.open_home import OpenHome, open_home
from search.records import Ids, Retriever, SegmentKind, State, Vectors
from search.settings import read_settings
from search.storage import tables as t
from search.storage.database import now

MADE = "made.json"
REPOSITORY = Path(__file__).parents[2]
SMALLEST = ("judged/core", "judged/photos", "judged/texts", "fit/few")
UNTRAINED = ("judged/more", "fit/core", "fit/more", "fit/photos")
TRAINED = ("train/some", "train/rest")
# The folders of each library, by the number of its photos.
FOLDERS: dict[int, tuple[str, ...]] = {
    300: SMALLEST,
    500: ("judged/photos", "fit/photos"),
    1_500: SMALLEST + UNTRAINED,
    3_000: ("judged/core", "judged/more", "fit/few", "fit/core", "fit/more", "train/some"),
    7_500: SMALLEST + UNTRAINED + TRAINED,
}
# Larger libraries are this one with moved copies of the vectors of photos that are not judged.
LARGEST_REAL = 7_500


def make_home(out: Path, size: int, largest: int = LARGEST_REAL) -> Path:
    """Return the home of one size, and create it if necessary.

    Args:
        out: The folder of the media folders and of the homes.
        size: The number of photos.
        largest: The largest library that is indexed; larger ones are filled up with moved copies of its vectors.

    Returns:
        The folder of the home.
    """
    home = out / (f"home-{size}" if size <= largest else f"home-{size}-from-{largest}")
    done = home / MADE
    if done.exists():
        return home
    if size > largest:
        shutil.rmtree(home, ignore_errors=True)
        _copy(make_home(out, largest), home)
        library = open_home(read_settings(home=home))
        try:
            fill(library, size - largest)
        finally:
            library.close()
    else:
        _index(out, home, size)
    done.write_text(json.dumps({"photos": size}), encoding="utf-8")
    return home


def _index(out: Path, home: Path, size: int) -> None:
    """Index the folders of a home, starting from a copy of the largest home that has only some of them.

    An unfinished home is continued.
    """
    folders_of_size = FOLDERS[size]
    smaller = [
        other
        for other, folders in FOLDERS.items()
        if set(folders) < set(folders_of_size) and (out / f"home-{other}" / MADE).exists()
    ]
    if smaller and not home.exists():
        _copy(out / f"home-{max(smaller)}", home)
    folders = [str(out / "media" / folder) for folder in folders_of_size]
    command = [sys.executable, "-m", "crossmodal", "--home", str(home), "index", *folders]
    code = subprocess.run(command, cwd=REPOSITORY, stdout=sys.stderr, check=False).returncode
    if code not in (0, 1):
        raise SystemExit(f"Cannot index {', '.join(folders)}: exit status {code}.")


def _copy(source: Path, home: Path) -> None:
    """Copy a home under a temporary name, then rename it, so that no incomplete copy is used."""
    partial = home.with_name(home.name + ".part")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(source, partial, ignore=shutil.ignore_patterns(MADE))
    partial.rename(home)


def fill(library: OpenHome, count: int) -> None:
    """Add items that are moved copies of photos that are not judged, one segment each, and build the index.

    A copy has a cosine of about 0.9 to its photo, like another photo of the same kind of scene. If the library has
    photos from `train`, only those are copied.
    """
    vectors, metadata, _ = read_space(library, Retriever.VISUAL)
    items = library.catalog.read_items(metadata["item"].tolist())
    paths = [items[item_id].path for item_id in metadata["item"].tolist()]
    folder = "/media/train/" if any("/media/train/" in path for path in paths) else "/media/fit/"
    originals: Vectors = vectors[np.array([folder in path for path in paths])]
    rng = np.random.default_rng(count)
    source = library.sources.add("/made")
    number = _find_last_id(library) + 1
    for start in range(0, count, BLOCK):
        drawn = rng.integers(len(originals), size=min(BLOCK, count - start))
        rows = add_noise(originals[drawn], rng).astype("<f2")
        ids = np.arange(number, number + len(rows))
        _write_copies(library, source, ids, [row.tobytes() for row in rows])
        number += len(rows)
    revision = library.catalog.read_revision()
    for space in library.indexes.values():
        space.build(revision)


def _find_last_id(library: OpenHome) -> int:
    with library.catalog.database.read() as db:
        return max(
            int(db.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one())
            for table in (t.item, t.segment, t.embedding)
        )


def _write_copies(library: OpenHome, source: int, ids: Ids, vectors: Sequence[bytes]) -> None:
    """Write one item, segment and embedding for each id, shape (n,)."""
    space = library.indexes[Retriever.VISUAL].space_id
    written = now()
    items = [
        {
            "id": number,
            "source_id": source,
            "path": f"/made/{number % 997}/{number}.jpg",
            "type": "image",
            "state": State.INDEXED,
            "size": 1,
            "mtime_ns": number * 10**12,
            "indexed_at": written,
        }
        for number in ids.tolist()
    ]
    segments = [{"id": number, "item_id": number, "kind": SegmentKind.IMAGE} for number in ids.tolist()]
    embeddings = [
        {"id": number, "segment_id": number, "space_id": space, "vector": vector}
        for number, vector in zip(ids.tolist(), vectors, strict=True)
    ]
    with library.catalog.database.write() as db:
        for table, rows in ((t.item, items), (t.segment, segments), (t.embedding, embeddings)):
            db.execute(insert(table), rows)
