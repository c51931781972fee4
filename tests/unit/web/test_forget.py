"""POST /api/v1/forget: items are removed by path, or because their files are gone."""

import pytest

from search.records import Task
from tests.support.indexing import index
from tests.support.web_client import make_client


@pytest.fixture
def client(fresh, media):
    index(fresh, media)
    return make_client(fresh)


def forget(client, **body):
    return client.post("/api/v1/forget", json=body)


def test_files_folders_and_sources_are_forgotten(client, fresh, media):
    assert forget(client, paths=[str(media / "a.txt"), f"{media}/sub/../sub"]).json == {"forgotten": 2}
    assert [item.path for item in fresh.catalog.list_items()] == [str(media / "green.png")]
    job = fresh.jobs.add(Task((str(media / "sub"),)))
    assert forget(client, paths=[str(media)]).json == {"forgotten": 1}
    assert fresh.sources.list_all() == []
    assert fresh.jobs.get(job.id).state == "cancelled"
    assert (media / "a.txt").exists()


def test_missing_items_are_forgotten(client, fresh, media):
    (media / "a.txt").unlink()
    index(fresh, media)
    assert forget(client, missing_for=1).json == {"forgotten": 0}
    assert forget(client, missing_for=0).json == {"forgotten": 1}


def test_an_unknown_path_removes_nothing(client, fresh, media):
    refused = forget(client, paths=[str(media / "a.txt"), "/nowhere"])
    assert (refused.status_code, "/nowhere" in refused.json["detail"]) == (404, True)
    assert len(fresh.catalog.list_items()) == 3


@pytest.mark.parametrize("body", [{}, {"paths": []}, {"missing_for": -1}, {"paths": "/a"}, {"path": ["/a"]}])
def test_a_request_without_effect_or_with_wrong_fields_is_refused(client, body):
    assert forget(client, **body).status_code == 400
