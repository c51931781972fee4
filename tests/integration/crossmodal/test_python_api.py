"""The Python API: what `import crossmodal` offers."""

import re
import shutil
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

import crossmodal
from search.open_home import open_home
from search.query.request import SearchRequest
from search.records import FILTERS
from search.settings import Settings
from tests.support.any_library import serving, working

ROOT = Path(__file__).parents[3]
HEAVY = {"numpy", "sqlalchemy", "flask", "onnxruntime", "faiss", "av", "PIL", "torch", "rich", "pydantic", "click"}
HEAVY |= {"httpx2"}


@pytest.fixture(scope="module")
def api(library):
    opened = crossmodal.Library(open_home(Settings(home=library.home.root)))
    yield opened
    opened.close()


@pytest.fixture
def empty(tmp_path):
    with crossmodal.open(tmp_path / "home") as opened:
        yield opened


def find_names(results):
    return [Path(hit.item.path).name for hit in results]


def test_importing_the_package_loads_nothing_heavy():
    code = f"import crossmodal, sys; print(sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_exists():
    assert all(getattr(crossmodal, name) for name in crossmodal.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        crossmodal.Nothing  # noqa: B018


def test_every_package_is_typed():
    for package in ("crossmodal", "search", "indexer", "web"):
        assert (ROOT / package / "py.typed").exists()


def test_every_field_of_a_search_is_an_argument():
    arguments = {"text", *crossmodal.SearchOptions.__annotations__}
    # Pages and tiers are the business of the results.
    assert set(SearchRequest.model_fields) - arguments == {"parts", "weights", "cursor", "include_all", "tier"}
    assert set(FILTERS) <= arguments


def test_search_finds_an_image_with_its_evidence(api):
    results = api.search("a cup of coffee", types=["image"])
    assert not results.nothing_relevant
    best = results[0]
    assert isinstance(best, crossmodal.Hit)
    assert best.item.path.endswith("morning.jpg")
    assert best.evidence[0].retriever == "visual"


def test_one_value_needs_no_list(api, demo):
    assert find_names(api.search("a cat", types="image")) == find_names(api.search("a cat", types=["image"]))
    cat = demo / "pets/chelsea.jpg"
    names = find_names(api.search(images=cat))
    assert "chelsea.jpg" in names
    assert find_names(api.search(images=[cat.read_bytes()])) == names


def test_search_by_voice_returns_its_text(api, demo):
    results = api.search(voice=str(demo / "notes/shopping.wav"))
    assert "tomatoes" in results.voice_text
    assert results[0].item.path.endswith("shopping.wav")


def test_filters_take_folders_names_and_sources(api, demo):
    inside = {"astronaut.jpg"}
    assert set(find_names(api.search(path=demo / "portraits"))) == inside
    assert set(find_names(api.search(path="portraits"))) == inside
    assert len(api.search(sources=demo)) == len(list(api.items()))
    assert not api.search(sources=[demo / "elsewhere"])


def test_iterating_loads_page_after_page(api, demo):
    whole = find_names(api.search(sources=demo, limit=1000))
    paged = api.search(sources=demo, limit=3)
    assert paged.total == len(whole)
    assert find_names(islice(paged, 4)) == whole[:4]
    assert find_names(paged) == whole
    assert len(paged) == len(whole)
    assert paged[-1].item.path.endswith(whole[-1])
    with pytest.raises(IndexError):
        paged[len(whole)]


def test_results_have_possible_ones_and_all(api):
    nothing = api.search("qwzx vbnm")
    assert nothing.nothing_relevant
    assert not nothing
    assert len(nothing) == 0
    assert all(not hit.relevant for hit in nothing.possible())
    assert len(nothing.all()) > 5


def test_correct_can_be_turned_off(api):
    assert api.search("a cup of cofee").corrected == "a cup of coffee"
    assert api.search("a cup of cofee", correct=False).corrected is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"types": "picture"}, "types.0"),
        ({"limit": 0}, "limit"),
        ({"sort": "best"}, "sort"),
        ({"images": "/no/such.jpg"}, "Cannot read /no/such.jpg"),
    ],
)
def test_wrong_arguments_are_named(api, arguments, message):
    with pytest.raises(crossmodal.UsageError, match=message):
        api.search("a cat", **arguments)


def test_items_can_be_listed_by_state_and_read(api):
    items = list(api.items("indexed"))
    assert api.get(items[0].id) == items[0]
    assert not list(api.items("failed"))
    with pytest.raises(crossmodal.UsageError, match="state must be one of"):
        api.items("lost")
    with pytest.raises(crossmodal.NotFoundError):
        api.get(10**9)


def test_index_reports_counts_and_failures(empty, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "note.txt").write_text("Buy milk and bread.")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not a photo")
    seen = []
    assert empty.index(folder, dry_run=True).added == 2
    summary = empty.index(folder, progress=lambda *args: seen.append(args))
    assert (summary.scanned, summary.added, summary.failed) == (2, 1, 1)
    assert list(summary.failures) == [str(folder / "broken.jpg")]
    counts = [done for done, _total, _path in seen]
    assert counts == sorted(counts)
    assert counts[-1] == 2
    again = empty.index(folder)
    assert (again.unchanged, again.failed) == (1, 1)
    assert empty.index(folder, reindex=True).updated == 1
    assert find_names(empty.search("milk")) == ["note.txt"]


def test_a_library_is_indexed_verified_and_forgotten(empty, tmp_path):
    note = tmp_path / "note.txt"
    note.write_text("Buy milk and bread.")
    empty.index(note)
    assert empty.status()["items"]["document"] == {"indexed": 1}
    assert empty.verify() == []
    assert empty.forget(note) == 1
    assert list(empty.items()) == []
    with pytest.raises(crossmodal.NotFoundError):
        empty.forget(note)


def test_a_closed_library_refuses_to_search(empty):
    empty.close()
    empty.close()
    with pytest.raises(crossmodal.HomeError, match="closed"):
        empty.search("a cat")
    assert "closed" in repr(empty)


def test_open_can_require_an_existing_library(tmp_path):
    with pytest.raises(crossmodal.HomeError):
        crossmodal.open(tmp_path / "nothing", create=False)
    assert not (tmp_path / "nothing").exists()


@pytest.mark.slow
def test_the_examples_of_the_documentation_run(demo, fresh, tmp_path, monkeypatch, capsys):
    shutil.copytree(demo, tmp_path / "Pictures")
    monkeypatch.setenv("HOME", str(tmp_path))
    examples = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs/python.md").read_text(), re.M | re.S)
    assert len(examples) > 5
    names = {}
    with working(fresh), serving(fresh) as url:
        for example in examples:
            exec(example.replace("http://127.0.0.1:8000", url), names)
    shown = capsys.readouterr().out
    assert f"100% of {tmp_path}/Pictures/pets/chelsea.jpg" in shown
    assert "done 1 of 1" in shown
    assert shown.rstrip().endswith("uploads/chelsea.jpg'] 0")
    assert "files added" in shown
    assert "morning.jpg" in shown
    assert "closest: " in shown
