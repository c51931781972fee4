"""Queries of every kind against the demo library, with the real models."""

import dataclasses
import io
import wave
from pathlib import Path

import numpy as np
import pytest

from search.errors import NotFoundError, NothingHeardError, UnreadableMediaError, UsageError
from search.records import Filters, ItemType, Lane, Query


def find(engine, **fields):
    return [Path(hit.item.path).name for hit in engine.search(Query(**fields)).hits]


def make_wave(samples):
    stream = io.BytesIO()
    with wave.open(stream, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16000)
        out.writeframes(samples.astype(np.int16).tobytes())
    return stream.getvalue()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a cup of coffee", "morning.jpg"),
        ("a red motorcycle", "workshop.jpg"),
        ("an orange flower", "dahlia.jpg"),
        ("一只猫", "chelsea.jpg"),
        ("un chat", "chelsea.jpg"),
        ("eine Tasse Kaffee", "morning.jpg"),
        ("when does the night train leave", "train.wav"),
        ("how do I mend a puncture", "bicycle.txt"),
        ("may I keep a dog in the flat", "lease.html"),
        ("Planeten im Sonnensystem", "astronomie.txt"),
    ],
)
def test_words_find_what_is_seen_said_and_written(engine, text, name):
    assert name in find(engine, text=text)[:2]


def test_speech_is_found_at_its_moment(engine):
    hit = engine.search(Query(text="a red flower opens", filters=Filters(types=(ItemType.VIDEO,)))).hits[0]
    spoken = next(one for one in hit.evidence if one.kind == "speech")
    assert "flower" in spoken.snippet
    assert 4 <= spoken.start <= 7
    seen = next(one for one in hit.evidence if one.kind == "frame")
    assert 5.9 <= seen.start <= 9


def test_a_picture_finds_itself_and_the_film_that_shows_it(engine, demo):
    names = find(engine, images=((demo / "pets/chelsea.jpg").read_bytes(),))
    assert names[:2] in (["chelsea.jpg", "holiday.mp4"], ["holiday.mp4", "chelsea.jpg"])


def test_a_voice_finds_what_it_says_and_tells_what_was_heard(engine, demo):
    answer = engine.search(Query(voice=(demo / "notes/shopping.wav").read_bytes()))
    assert Path(answer.hits[0].item.path).name == "shopping.wav"
    assert "tomatoes" in answer.voice_text
    assert answer.voice_language == "en"


def test_parts_of_a_query_combine(engine, demo):
    cat = (demo / "pets/chelsea.jpg").read_bytes()
    both = find(engine, text="a cup of coffee", images=(cat,), include_all=True)[:4]
    assert {"chelsea.jpg", "morning.jpg"} <= set(both)


def test_an_item_finds_its_like_first_itself(engine):
    first = engine.search(Query(text="a cat", filters=Filters(types=(ItemType.IMAGE,)))).hits[0]
    assert engine.search(Query(like=(first.item.id,))).hits[0].item.id in {first.item.id, 2}


def test_exclusion_is_checked_on_what_was_found(engine):
    wanted = Filters(types=(ItemType.IMAGE,))
    assert "chelsea.jpg" in find(engine, text="an animal", filters=wanted, include_all=True)
    left = find(engine, text="an animal", exclude=("a cat",), filters=wanted, include_all=True)
    assert "chelsea.jpg" not in left
    assert len(left) >= 8


def test_nonsense_finds_nothing_and_says_so(engine):
    answer = engine.search(Query(text="xqzzt blorfing vrunk"))
    assert answer.nothing_relevant
    assert answer.hits == ()
    nearest = engine.search(Query(text="xqzzt blorfing vrunk", include_all=True))
    assert nearest.nothing_relevant
    assert nearest.hits
    assert not any(hit.relevant for hit in nearest.hits)


@pytest.mark.parametrize("kind", list(ItemType))
def test_type_filters_hold_in_every_lane(engine, kind):
    answer = engine.search(Query(text="the rocket", filters=Filters(types=(kind,)), include_all=True, limit=50))
    assert {hit.item.type for hit in answer.hits} <= {kind}
    assert answer.hits


def test_paging_gives_every_item_once(engine, library):
    seen, cursor = [], None
    while True:
        answer = engine.search(Query(text="a cat", include_all=True, limit=5, cursor=cursor))
        seen += [hit.item.id for hit in answer.hits]
        cursor = answer.next
        if cursor is None:
            break
    whole = engine.search(Query(text="a cat", include_all=True, limit=1000))
    assert seen == [hit.item.id for hit in whole.hits]
    assert len(seen) == len(set(seen)) == 22
    assert [hit.rank for hit in whole.hits] == list(range(1, 23))


def test_lane_weights_turn_lanes_off(engine):
    answer = engine.search(Query(text="bread", weights={Lane.PICTURE: 0, Lane.MEANING: 0}))
    assert {one.lane for hit in answer.hits for one in hit.evidence} == {Lane.WORDS}


@pytest.mark.parametrize(
    ("fields", "error", "says"),
    [
        ({}, UsageError, "the query is empty"),
        ({"text": "   "}, UsageError, "the query is empty"),
        ({"text": "a", "limit": 0}, UsageError, "limit"),
        ({"text": "a", "cursor": "%%%"}, UsageError, "cursor"),
        ({"text": "a", "filters": Filters(after="tomorrow")}, UsageError, "after must be a date"),
        ({"images": (b"no picture",)}, UnreadableMediaError, "not a picture"),
        ({"voice": b"no sound"}, UnreadableMediaError, "cannot be decoded"),
        ({"voice": make_wave(np.zeros(32000))}, NothingHeardError, "nothing was heard"),
        ({"voice": make_wave(np.zeros(0))}, NothingHeardError, "nothing was heard"),
        ({"like": (999,)}, NotFoundError, "no item 999"),
    ],
)
def test_what_cannot_be_meant_is_one_clear_error(engine, fields, error, says):
    with pytest.raises(error, match=says):
        engine.search(Query(**fields))


def test_a_very_long_text_is_answered(engine):
    assert "bread.md" in find(engine, text="bake sourdough bread in a hot oven " * 200)


def test_the_answer_shows_coverage(engine):
    assert dataclasses.asdict(engine.search(Query(text="cat")).coverage) == {
        "indexed": 22,
        "pending": 0,
        "failed": 0,
    }
