"""A stack of near-duplicates shows the original, not a copy that lost its metadata or pixels."""

import pytest
from PIL import Image

from search.engine import Engine
from search.records import Query
from tests.support.fake_demo import draw_photo
from tests.support.indexing import index

CAMERA, DATE = 272, 306


def write_original(path):
    photo = draw_photo("cat", 1)
    exif = Image.Exif()
    exif[CAMERA], exif[DATE] = "X100V", "2023:05:06 10:00:00"
    photo.save(path, quality=95, exif=exif)


@pytest.mark.parametrize("size", [1.0, 0.5])
def test_the_original_is_the_cover_and_keeps_rank_and_evidence_of_the_stack(fresh, tmp_path, size):
    folder = tmp_path / "photos"
    folder.mkdir()
    write_original(folder / "z original.jpg")
    photo = draw_photo("cat", 1)
    photo.resize((int(photo.width * size), int(photo.height * size))).save(folder / "a copy.jpg", quality=60)
    index(fresh, folder)
    ids = {item.path.rpartition("/")[2]: item.id for item in fresh.catalog.list_items()}
    engine = Engine(fresh)
    (hit,) = engine.search(Query(text="a cat")).hits
    assert (hit.rank, hit.item.id, hit.stacked) == (1, ids["z original.jpg"], (ids["a copy.jpg"],))
    assert hit.evidence
    assert len(engine.search(Query(text="a cat", stack=False)).hits) == 2


def test_of_copies_without_metadata_the_larger_is_the_cover(fresh, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    photo = draw_photo("cat", 1)
    photo.save(folder / "z large.png")
    photo.resize((photo.width // 2, photo.height // 2)).save(folder / "a small.png")
    index(fresh, folder)
    (hit,) = Engine(fresh).search(Query(text="a cat")).hits
    assert hit.item.path.endswith("z large.png")
