"""Folders of photos for the comparison, and files that cannot be read."""

import io
import shutil
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

BOMB_SIDE = 20_000
TEXT = "This is a note, not a photo.\n" * 20
TRUNCATED, EMPTY, RENAMED_PNG, BOMB, RENAMED_TEXT = (
    "broken_truncated.jpg",
    "broken_empty.jpg",
    "broken_png_named.jpg",
    "broken_bomb.png",
    "broken_text_named.jpg",
)
# What each file is, for the document.
AWKWARD = {
    TRUNCATED: "JPEG, cut in the middle",
    EMPTY: "empty file named .jpg",
    RENAMED_PNG: "PNG named .jpg",
    BOMB: "PNG of 20,000 x 20,000 pixels, 50 kB",
    RENAMED_TEXT: "text named .jpg",
}


def copy_photos(photos: Iterable[Path], folder: Path) -> None:
    """Copy photos into a folder, which is created."""
    folder.mkdir(parents=True, exist_ok=True)
    for photo in photos:
        shutil.copy(photo, folder / photo.name)


def add_awkward_files(folder: Path, example: Path) -> None:
    """Write the files of `AWKWARD` into a folder; the truncated one is the first half of an example."""
    content = example.read_bytes()
    (folder / TRUNCATED).write_bytes(content[: len(content) // 2])
    (folder / EMPTY).write_bytes(b"")
    (folder / RENAMED_TEXT).write_text(TEXT, encoding="utf-8")
    stream = io.BytesIO()
    with Image.open(example) as image:
        # Another picture than the example, so that it is no copy.
        image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).convert("RGB").save(stream, "PNG")
    (folder / RENAMED_PNG).write_bytes(stream.getvalue())
    Image.new("1", (BOMB_SIDE, BOMB_SIDE)).save(folder / BOMB)


def describe(photos: list[Path]) -> dict[str, float]:
    """Return the number of photos, their size in MB, and their median width and height."""
    widths, heights = [], []
    for photo in photos:
        with Image.open(photo) as image:
            widths.append(image.width)
            heights.append(image.height)
    middle = len(photos) // 2
    megabytes = sum(photo.stat().st_size for photo in photos) / 1e6
    return {
        "count": len(photos),
        "megabytes": round(megabytes, 1),
        "width": sorted(widths)[middle],
        "height": sorted(heights)[middle],
    }
