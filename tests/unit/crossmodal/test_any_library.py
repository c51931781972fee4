"""A library on this machine and one on a server behave the same: one contract for all interfaces."""

import inspect
import typing
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

import crossmodal
from crossmodal.arguments import SearchOptions
from search.locations import FULL_DISCLOSURE
from search.records import FILTERS, Query, Task
from search.serializers import serialize_answer
from search.storage.albums import Albums
from tests.support.any_library import INTERFACES, open_interface, working


@pytest.fixture(scope="module", params=INTERFACES)
def demo_library(request, library):
    """The demo; tests must not change it."""
    with open_interface(library, request.param) as opened:
        yield opened


@pytest.fixture(params=INTERFACES)
def own_library(request, fresh):
    """An empty library with a worker."""
    with working(fresh), open_interface(fresh, request.param) as opened:
        yield opened


@pytest.fixture
def reference(library):
    """The interface that the others are compared with."""
    return crossmodal.Library(library)


def find_names(results):
    return [Path(hit.item.path).name for hit in results]


def hide_volume(item):
    """Return an item as a server sends it."""
    return replace(item, volume="")


def simplify(hits):
    """Return results as a server sends them: rounded, and without raw similarities."""
    return [
        replace(
            hit,
            score=round(hit.score, 4),
            item=hide_volume(hit.item),
            evidence=tuple(replace(one, raw=None, score=round(one.score, 4)) for one in hit.evidence),
        )
        for hit in hits
    ]


def test_every_interface_has_the_methods_of_the_protocol_with_their_parameters():
    names = [name for name, one in vars(crossmodal.AnyLibrary).items() if inspect.isfunction(one) and name[0] != "_"]
    assert len(names) > 14
    for name in names:
        expected = inspect.signature(getattr(crossmodal.AnyLibrary, name)).parameters
        for kind in (crossmodal.Library, crossmodal.Client, crossmodal.AsyncClient):
            found = inspect.signature(getattr(kind, name)).parameters
            assert {key: one.kind for key, one in expected.items()}.items() <= {
                key: one.kind for key, one in found.items()
            }.items(), (kind, name)


def test_every_filter_is_an_argument():
    assert set(FILTERS) <= set(typing.get_type_hints(SearchOptions, localns={"Query": Query}))


def test_a_search_has_the_same_results(demo_library, reference):
    results, expected = (
        demo_library.search("a cup of coffee", types="image"),
        reference.search("a cup of coffee", types="image"),
    )
    assert simplify(results) == simplify(expected)
    assert (results.total, results.nothing_relevant, results.corrected) == (expected.total, False, None)
    assert results[0].item.path.endswith("morning.jpg")
    assert (results.answer.coverage, results.answer.ignored) == (expected.answer.coverage, expected.answer.ignored)
    assert repr(results._results if hasattr(results, "_results") else results).endswith("1 relevant>")


def test_a_search_has_the_same_document(demo_library, reference):
    for query in (Query(text="a cup of cofee", explain=True), Query(text="qwzx vbnm"), Query(text='"cup', limit=2)):
        found, expected = (
            serialize_answer(query, one.answer(query), FULL_DISCLOSURE) for one in (demo_library, reference)
        )
        assert found | {"took_ms": 0} == expected | {"took_ms": 0}


def test_images_and_voice_are_sent(demo_library, demo):
    cat = demo / "pets/chelsea.jpg"
    names = find_names(demo_library.search(images=cat))
    assert names[0] == "chelsea.jpg"
    assert find_names(demo_library.search(images=[cat.read_bytes()], exclude="people")) == names
    spoken = demo_library.search(voice=str(demo / "notes/shopping.wav"))
    assert "tomatoes" in spoken.voice_text
    assert spoken[0].item.path.endswith("shopping.wav")


def test_filters_are_the_same(demo_library, demo):
    assert set(find_names(demo_library.search(path=demo / "portraits"))) == {"astronaut.jpg"}
    assert set(find_names(demo_library.search(path="portraits"))) == {"astronaut.jpg"}
    assert len(demo_library.search(sources=demo)) == len(list(demo_library.items()))
    assert find_names(demo_library.search(sources=[demo / "elsewhere"])) == []
    assert set(find_names(demo_library.search(longer=5))) == {"holiday.mp4"}


def test_tags_of_the_machine_are_the_same(demo_library, reference):
    tags = demo_library.machine_tags()
    assert tags == reference.machine_tags()
    assert {"name", "group", "given", "precision", "count"} <= tags[0].keys()
    described = {item.path: (item.machine_tags, item.machine_description) for item in reference.items()}
    assert {item.path: (item.machine_tags, item.machine_description) for item in demo_library.items()} == described


def test_pages_follow_one_another(demo_library, demo):
    whole = find_names(demo_library.search(sources=demo, limit=1000))
    paged = demo_library.search(sources=demo, limit=3)
    assert find_names(islice(paged, 4)) == whole[:4]
    assert find_names(paged) == whole


def test_possible_results_and_all(demo_library):
    nothing = demo_library.search("qwzx vbnm")
    assert nothing.nothing_relevant
    assert find_names(nothing) == []
    assert all(not hit.relevant for hit in nothing.possible())
    assert len(nothing.all()) > 5


def test_similar_items(demo_library, reference):
    cat = reference.search("a cat", types="image")[0].item
    assert simplify(islice(demo_library.similar(cat.id, 4), 8)) == simplify(islice(reference.similar(cat.id, 4), 8))


def test_items_and_their_segments(demo_library, reference):
    items = list(demo_library.items("indexed"))
    assert [*map(hide_volume, items)] == [*map(hide_volume, reference.items("indexed"))]
    assert [*map(hide_volume, demo_library.items())] == [*map(hide_volume, reference.items())]
    for item in items:
        assert demo_library.get(item.id) == item
        assert demo_library.segments(item.id) == reference.segments(item.id)


def test_a_clip_is_written_whole_or_not_at_all(demo_library, tmp_path):
    film = demo_library.search(types="video")[0].item.id
    target = tmp_path / "clip.mp4"
    assert demo_library.clip(film, 1, 2.5, target) == target
    assert target.read_bytes()[4:8] == b"ftyp"
    with pytest.raises(crossmodal.UsageError, match="end: must be after `start`"):
        demo_library.clip(film, 3, 2, target)
    with pytest.raises(crossmodal.UsageError, match=r"Cannot write .*No such file"):
        demo_library.clip(film, 1, 2, tmp_path / "none" / "clip.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


def test_the_status(demo_library, reference):
    assert demo_library.status() == reference.status()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda one: one.search("a", types="picture"), crossmodal.UsageError, "types.0: Input should be 'image'"),
        (lambda one: one.search("a", limit=0), crossmodal.UsageError, "limit: "),
        (lambda one: one.search("a", after="soon"), crossmodal.UsageError, "after must be a date"),
        (lambda one: one.search(images="/no/such.jpg"), crossmodal.UsageError, "Cannot read /no/such.jpg: No such"),
        (lambda one: one.search(images=b"no image"), crossmodal.UnreadableMediaError, ""),
        (lambda one: one.search("a", color="red"), TypeError, "unexpected keyword argument 'color'"),
        (lambda one: one.search(like=10**9), crossmodal.NotFoundError, ""),
        (lambda one: one.similar(10**9), crossmodal.NotFoundError, ""),
        (lambda one: one.get(10**9), crossmodal.NotFoundError, "There is no item 1000000000"),
        (lambda one: one.segments(10**9), crossmodal.NotFoundError, "There is no item 1000000000"),
        (lambda one: list(one.items("lost")), crossmodal.UsageError, "state must be one of"),
        (lambda one: one.forget("/nowhere"), crossmodal.NotFoundError, "No item or source at /nowhere"),
        (lambda one: one.hide("/nowhere"), crossmodal.NotFoundError, "No item at /nowhere"),
        (lambda one: one.clip(10**9, 1, 2, "a.mp4"), crossmodal.NotFoundError, "There is no item 1000000000"),
        (lambda one: one.job(77), crossmodal.NotFoundError, "There is no job 77"),
        (lambda one: list(one.follow_job(77)), crossmodal.NotFoundError, "There is no job 77"),
        (lambda one: one.retry_job(77), crossmodal.NotFoundError, "There is no job 77"),
        (lambda one: one.cancel_job(77), crossmodal.NotFoundError, "There is no job 77"),
        (lambda one: one.remove_job(77), crossmodal.NotFoundError, "There is no job 77"),
        (lambda one: one.index("/nowhere"), crossmodal.UsageError, "/nowhere does not exist"),
    ],
)
def test_errors_are_the_same(demo_library, call, error, message):
    with pytest.raises(error) as caught:
        call(demo_library)
    assert message in str(caught.value)


def test_files_are_indexed_and_forgotten(own_library, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "note.txt").write_text("Buy milk and bread.")
    (folder / "drafts").mkdir()
    (folder / "drafts/old.txt").write_text("Buy nothing.")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not a photo")
    seen = []
    summary = own_library.index(folder, exclude="drafts/", progress=lambda *values: seen.append(values))
    assert (summary.added, summary.failed, summary.skipped, summary.is_refused) == (1, 1, 1, False)
    assert list(summary.failures) == [str(folder / "broken.jpg")]
    assert seen[-1][:2] == (2, 2)
    again = own_library.index(folder)
    assert (again.unchanged, again.failures) == (1, summary.failures)
    (folder / "broken.jpg").unlink()
    assert own_library.index(folder, folder / "note.txt", retry_failed=True).failed == 0
    assert find_names(own_library.search("milk")) == ["note.txt"]
    (folder / "note.txt").unlink()
    assert own_library.index(folder).removed == 1
    assert own_library.forget(missing_for=0) == 1
    (folder / "new.txt").write_text("Buy sugar.")
    own_library.index(folder)
    assert own_library.forget(folder / "new.txt") == 1
    own_library.forget(folder)
    assert list(own_library.items()) == []


def test_files_are_hidden_and_shown_again(own_library, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "note.txt").write_text("Buy milk and bread.")
    (folder / "copy.txt").write_text("Buy milk and bread.")
    own_library.index(folder)
    assert own_library.hide() == 0
    assert own_library.hide(folder / "note.txt") == 2
    own_library.index(folder)
    assert find_names(own_library.search("milk")) == []
    hidden = own_library.hidden()
    assert [Path(item.path).name for item in hidden] == ["copy.txt", "note.txt"]
    assert own_library.unhide(items=hidden[0].id) == 2
    assert len(own_library.search("milk")) == 2
    assert own_library.hidden() == []


def test_albums_are_renamed_ordered_and_get_a_cover(own_library, fresh, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    for name in ("one", "two"):
        (folder / f"{name}.txt").write_text(f"The letter {name}.")
    own_library.index(folder)
    first, second = (item.id for item in own_library.items())
    albums = Albums(fresh.database)
    album = albums.add("Letters").id
    albums.change(album, [first, second], [])
    assert own_library.rename_album(album, "Mail").name == "Mail"
    assert own_library.order_album(album, [second, first]).cover == second
    assert own_library.set_album_cover(album, first).cover == first
    assert own_library.set_album_cover(album, None).cover == second
    with pytest.raises(crossmodal.NotFoundError, match="There is no item 99 in the album"):
        own_library.set_album_cover(album, 99)


def test_dots_in_paths_are_resolved_as_when_they_are_stored(own_library, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "note.txt").write_text("Buy milk and bread.")
    own_library.index(folder / ".." / "files")
    assert find_names(own_library.search("milk", path=f"{folder}/../files")) == ["note.txt"]
    assert find_names(own_library.search("milk", sources=f"{folder}/./../files")) == ["note.txt"]
    assert own_library.forget(folder / ".." / "files") == 1


def test_a_home_folder_of_nobody_is_a_wrong_path(reference):
    with pytest.raises(crossmodal.UsageError, match="Check the path"):
        reference.forget("~nobody-with-this-name/a")


def test_an_unavailable_source_keeps_its_items(own_library, tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    (folder / "note.txt").write_text("Buy milk and bread.")
    own_library.index(folder)
    folder.rename(tmp_path / "elsewhere")
    summary = own_library.index(folder)
    assert summary.is_refused
    assert dict(summary.unavailable) == {str(folder): "the folder does not exist"}
    assert find_names(own_library.search("milk")) == ["note.txt"]


def test_albums(own_library, fresh):
    album = Albums(fresh.database).add("Best of 2024")
    assert own_library.albums() == [album]


@pytest.mark.parametrize("kind", INTERFACES)
def test_jobs(kind, fresh, tmp_path):
    with open_interface(fresh, kind) as opened:
        job = fresh.jobs.add(Task((str(tmp_path),)))
        assert opened.jobs() == [opened.job(job.id)] == [job]
        assert opened.cancel_job(job.id).state == "cancelled"
        assert opened.cancel_job(job.id).state == "cancelled"
        assert [one.state for one in opened.follow_job(job.id)] == ["cancelled"]
        again = opened.retry_job(job.id)
        assert (again.task, again.state) == (job.task, "queued")
        assert opened.remove_job(again.id).state == "cancelled"
        assert opened.remove_job(again.id).id == again.id
        assert opened.jobs() == [opened.job(job.id)]


@pytest.mark.parametrize("kind", INTERFACES)
def test_a_job_is_followed_to_its_end(kind, fresh, media):
    with working(fresh), open_interface(fresh, kind) as opened:
        fresh.sources.add(str(media))
        job = fresh.jobs.add(Task((str(media),)))
        states = [one.state for one in opened.follow_job(job.id)]
    assert states[-1] == "done"


@pytest.mark.parametrize("kind", ["local", "server"])
def test_a_closed_library_refuses_to_search(kind, tmp_path):
    opened = crossmodal.open(tmp_path) if kind == "local" else crossmodal.Client("http://127.0.0.1:1")
    with opened as same:
        assert same is opened
    opened.close()
    with pytest.raises(crossmodal.HomeError, match="closed"):
        opened.search("a cat")
    assert "(closed)" in repr(opened)
