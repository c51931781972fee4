"""A change of model is killed again and again while clients search; `benchmarks/migration.py` does more of it."""

import pytest
from PIL import Image

from benchmarks.migration import run_command, run_ordeal
from search.library import open_library
from search.records import ItemType
from search.settings import Settings
from search.status import verify_library
from tests.search.models.checkpoints import make_tiny

pytestmark = pytest.mark.slow
ITEMS, KILLS = 240, 4


@pytest.fixture
def photos(demo, tmp_path):
    """Crops of real photographs."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, path in enumerate(sorted(demo.rglob("*.jpg")) * (ITEMS // 10)):
        if number == ITEMS:
            break
        picture = Image.open(path)
        left, top = number % 40, number // 40 * 5
        picture.crop((left, top, left + 200, top + 160)).save(folder / f"{number:03d}.jpg")
    return folder


def test_no_answer_fails_or_is_mixed_and_nothing_is_lost(photos, tmp_path):
    import subprocess

    home = tmp_path / "home"
    subprocess.run(run_command(home, "index", str(photos)), check=True, capture_output=True)
    seen = run_ordeal(home, make_tiny(tmp_path / "tiny"), KILLS, 4, ITEMS)
    assert seen["failed"] == 0
    assert seen["filled at each kill"] == sorted(seen["filled at each kill"])
    assert seen["by the new model"] > 0
    with open_library(Settings(home=home)) as library:
        assert verify_library(library) == []
        assert library.catalog.count_states()[ItemType.IMAGE, "indexed"] == ITEMS
        assert library.spaces.count(library.spaces.get("visual").id) == ITEMS
