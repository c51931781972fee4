"""A change of model is killed again and again while clients search; `benchmarks/migration.py` does more of it."""

import subprocess

import pytest
from PIL import Image

from benchmarks.migration import run_benchmark, run_command
from search.open_home import open_home
from search.records import ItemType
from search.settings import Settings
from search.status import verify_library
from tests.support.checkpoints import make_tiny

pytestmark = pytest.mark.slow
# Photos and kills, in `make test` and in `make soak`.
SIZES = [(240, 4), pytest.param(1200, 20, marks=pytest.mark.soak)]


def crop_photos(demo, folder, count):
    """Write crops of real photographs."""
    folder.mkdir()
    photos = sorted(demo.rglob("*.jpg"))
    for number in range(count):
        image = Image.open(photos[number % len(photos)])
        left, top = number % 40, number // 40 * 5
        image.crop((left, top, left + 200, top + 160)).save(folder / f"{number:03d}.jpg")


@pytest.mark.parametrize(("items", "kills"), SIZES)
def test_no_answer_fails_or_is_mixed_and_nothing_is_lost(demo, tmp_path, items, kills):
    crop_photos(demo, tmp_path / "photos", items)
    home = tmp_path / "home"
    subprocess.run(run_command(home, "index", str(tmp_path / "photos")), check=True, capture_output=True)
    seen = run_benchmark(home, make_tiny(tmp_path / "tiny"), kills, 4, items)
    assert seen["failed"] == 0
    assert seen["filled at each kill"] == sorted(seen["filled at each kill"])
    assert seen["by the new model"] > 0
    with open_home(Settings(home=home)) as library:
        assert verify_library(library) == []
        assert library.catalog.count_states()[ItemType.IMAGE, "indexed"] == items
        assert library.spaces.count(library.spaces.get("visual").id) == items
