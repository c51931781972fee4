"""Documents contain everything that a client needs to read them back."""

from dataclasses import fields, replace

import pytest

from crossmodal.client import parsing
from search.query.request import parse_request
from search.query.serializer import serialize_query
from search.records import FILTERS, Filters, Job, JobState, Query, QueryPart, Retriever, Sort, Task, Tier
from search.serializers import serialize_job

VALUES = {
    "types": ("image", "video"),
    "formats": ("pdf",),
    "picture_kinds": ("screenshot",),
    "date": "2018..2020",
    "sources": ("/a", "/b"),
    "path": "/a/c",
    "places": ("lisbon",),
    "after": "2024-05",
    "before": "2025",
    "longer": 1.5,
    "shorter": 3.0,
    "languages": ("en",),
    "camera": "x",
    "artist": "y",
    "album": "z",
    "tags": ("one",),
    "machine_tags": ("dog", "snow"),
    "rating": 4,
    "albums": (1, 2),
    "phrases": ("night train",),
}
PARTS = (
    QueryPart(image=b"first", crop=(0.0, 0.25, 0.5, 0.5)),
    QueryPart(text="a cat", weight=-0.5),
    QueryPart(item=7, weight=2.0),
    QueryPart(image=b"second"),
    QueryPart(query_image="0" * 32),
)
FULL = Query(
    text="a dog",
    parts=PARTS,
    voice=b"spoken",
    voice_language="de",
    voice_languages=("de", "en"),
    exclude=("snow", "ice"),
    recognize=False,
    literal=("last summer",),
    weights={Retriever.VISUAL: 0.5},
    filters=Filters(**VALUES),
    limit=7,
    cursor="next",
    include_all=True,
    tier=Tier.POSSIBLE,
    correct=False,
    explain=True,
    stack=False,
    diversity=0.25,
    sort=Sort.NEWEST,
)


def read_back(query):
    images = tuple(part.image for part in query.parts if part.image is not None)
    return parse_request(serialize_query(query)).make_query(images, query.voice)


def test_a_query_survives_the_way_to_the_server():
    assert set(VALUES) == set(FILTERS)
    # Only the server sets which filters do not apply.
    sent = [field.name for field in fields(Query) if field.name != "without"]
    assert all(getattr(FULL, name) != getattr(Query(), name) for name in sent)
    assert read_back(FULL) == FULL
    assert read_back(Query()) == Query()
    for name in sent:
        one = replace(Query(), **{name: getattr(FULL, name)})
        assert read_back(one) == one


@pytest.mark.parametrize("state", JobState)
def test_a_job_survives_the_way_to_the_client(state):
    job = Job(3, Task(("/a",), retry_failed=True, model="m"), state, "then", done=7, total=9, seconds=1.26)
    document = serialize_job(replace(job, summary={"added": 7}, detail="/a/b", is_cancelling=True))
    read = parsing.parse_job({**document, "what": "a later version adds"})
    assert serialize_job(read) == document
    assert (read.state, read.task) == (state, job.task)
