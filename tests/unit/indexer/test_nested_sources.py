"""A folder above existing sources: they become part of it, except for the uploads."""

import io
from pathlib import Path

import pytest

from search.forget import forget_paths
from tests.support.indexing import index, list_states
from tests.support.web_client import make_client


def list_sources(library):
    return [source.path for source in library.sources.list_all()]


def read_owners(library):
    """Return the path of the source of each item, by the path of the item."""
    with library.database.read() as db:
        rows = db.exec_driver_sql("SELECT item.path, source.path FROM item JOIN source ON source.id = source_id")
        return dict(map(tuple, rows))


@pytest.fixture
def upload(fresh):
    """Upload a text and index it; return its path."""

    def send(name):
        answer = make_client(fresh).post("/api/v1/uploads", data={"file": (io.BytesIO(name.encode()), name)})
        path = answer.json["files"][0]["path"]
        index(fresh, Path(path))
        return path

    return send


def test_a_folder_that_is_added_over_rest_takes_in_the_sources_below_it(fresh, media):
    index(fresh, media / "sub")
    before = list_states(fresh)
    client = make_client(fresh)
    added = client.post("/api/v1/sources", json={"path": str(media)})
    assert added.status_code == 202
    assert list_sources(fresh) == [str(media), str(media / "sub")]
    summary = index(fresh, media)
    assert list_sources(fresh) == [str(media)]
    assert summary.counts["removed"] == 0
    assert before.items() <= list_states(fresh).items()
    assert set(read_owners(fresh).values()) == {str(media)}


def test_uploads_stay_a_separate_source_of_a_folder_with_the_home_in_it(fresh, tmp_path, upload):
    (tmp_path / "notes.txt").write_text("A garden of roses.")
    first, uploads = upload("first.txt"), str(fresh.home.uploads)
    index(fresh, tmp_path)
    second = upload("second.txt")
    index(fresh, tmp_path)
    assert list_sources(fresh) == [str(tmp_path), uploads]
    owners = read_owners(fresh)
    assert (owners[first], owners[second]) == (uploads, uploads)
    assert owners[str(tmp_path / "notes.txt")] == str(tmp_path)
    assert {list_states(fresh)[name] for name in ("first.txt", "second.txt", "notes.txt")} == {"indexed"}


def test_a_dry_run_takes_in_nothing(fresh, media):
    index(fresh, media / "sub")
    fresh.sources.add(str(media))
    index(fresh, media, dry_run=True)
    assert len(list_sources(fresh)) == 2


def test_a_folder_and_the_one_above_it_are_indexed_in_one_run(fresh, media):
    index(fresh, media / "sub", media)
    assert list_sources(fresh) == [str(media)]
    assert set(list_states(fresh).values()) == {"indexed"}


def test_forgetting_a_folder_with_the_home_in_it_keeps_the_uploads(fresh, tmp_path, upload):
    (tmp_path / "notes.txt").write_text("A garden of roses.")
    upload("first.txt")
    index(fresh, tmp_path)
    forget_paths(fresh, [str(tmp_path)])
    assert list_sources(fresh) == [str(fresh.home.uploads)]
    assert list_states(fresh) == {"first.txt": "indexed"}
