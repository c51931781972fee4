"""Reads and writes of jobs, sources, albums and saved searches."""

import pytest

from search.errors import NotFoundError
from search.records import JobState, Task
from search.storage.albums import Albums
from search.storage.jobs import MAX_ENDED_JOBS, Jobs
from search.storage.saved_searches import SavedSearches
from search.storage.sources import Sources


def test_every_queued_job_of_a_removed_source_is_cancelled(database):
    jobs = Jobs(database)
    oldest = jobs.add(Task(("/media/photos",)))
    others = [jobs.add(Task((f"/elsewhere/{number}",))) for number in range(MAX_ENDED_JOBS)]
    jobs.cancel_below("/media", is_source=True)
    assert jobs.get(oldest.id).state is JobState.CANCELLED
    assert [job.id for job in jobs.list_unfinished()] == [job.id for job in others]


def add_source(database, name):
    return Sources(database).get(Sources(database).add(f"/{name}"))


def add_album(database, name):
    return Albums(database).add(name)


def add_search(database, name):
    return SavedSearches(database).add(name, {"text": name}, "/", False, None)


@pytest.mark.parametrize(
    ("store", "add"),
    [(Sources, add_source), (Albums, add_album), (SavedSearches, add_search)],
    ids=lambda one: one.__name__,
)
def test_one_row_is_read_by_its_id_without_the_others(database, store, add, monkeypatch):
    first, second = add(database, "b"), add(database, "a")
    assert store(database).list_all() == [second, first]
    monkeypatch.setattr(store, "list_all", None)
    assert store(database).get(first.id) == first
    with pytest.raises(NotFoundError, match="99"):
        store(database).get(99)
