"""Queries of every kind against the demo library, with the real models."""

import dataclasses
import io
import shutil
import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from search.engine import Engine
from search.errors import NoSpeechError, NotFoundError, UnreadableMediaError, UsageError
from search.records import Filters, ItemType, Query, QueryPart, Retriever
from tests.support.indexing import index


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
        ("a close-up of an orange flower", "dahlia.jpg"),
        ("一只猫", "chelsea.jpg"),
        ("un chat", "chelsea.jpg"),
        ("eine Tasse Kaffee", "morning.jpg"),
        ("when does the night train leave", "train.wav"),
        ("how do I mend a puncture", "bicycle.txt"),
        ("may I keep a dog in the flat", "lease.html"),
        ("Planeten im Sonnensystem", "astronomie.txt"),
    ],
)
def test_a_text_finds_images_speech_and_documents(engine, text, name):
    # Relevant or less certain: what is above the cut is measured in tests/integration/search/test_relevance_floor.py.
    assert name in find(engine, text=text, include_all=True)[:2]


def test_a_photo_of_a_flower_ranks_next_to_the_video_of_it(engine):
    assert set(find(engine, text="an orange flower", include_all=True)[:2]) == {"dahlia.jpg", "holiday.mp4"}


def test_speech_is_found_at_its_moment(engine):
    hit = engine.search(Query(text="a red flower opens", filters=Filters(types=(ItemType.VIDEO,)))).hits[0]
    spoken = next(one for one in hit.evidence if one.kind == "speech")
    assert "flower" in spoken.snippet
    assert 4 <= spoken.start <= 7
    seen = next(one for one in hit.evidence if one.kind == "frame")
    assert 5.9 <= seen.start <= 9


def test_an_image_finds_itself_and_the_video_that_shows_it(engine, demo):
    names = find(engine, parts=(QueryPart(image=(demo / "pets/chelsea.jpg").read_bytes()),))
    assert names[:2] in (["chelsea.jpg", "holiday.mp4"], ["holiday.mp4", "chelsea.jpg"])


def test_a_voice_query_finds_what_it_names_and_returns_its_transcript(engine, demo):
    answer = engine.search(Query(voice=(demo / "notes/shopping.wav").read_bytes()))
    assert Path(answer.hits[0].item.path).name == "shopping.wav"
    assert "tomatoes" in answer.voice.text
    assert answer.voice.language == "en"


def test_parts_of_a_query_combine(engine, demo):
    cat = (demo / "pets/chelsea.jpg").read_bytes()
    both = find(engine, text="a cup of coffee", parts=(QueryPart(image=cat),), include_all=True)[:5]
    assert {"chelsea.jpg", "morning.jpg"} <= set(both)


def test_exclusion_is_checked_on_what_was_found(engine):
    wanted = Filters(types=(ItemType.IMAGE,))
    assert "chelsea.jpg" in find(engine, text="an animal", filters=wanted, include_all=True)
    left = find(engine, text="an animal", exclude=("a cat",), filters=wanted, include_all=True)
    assert "chelsea.jpg" not in left
    assert len(left) >= 8


def test_nonsense_is_reported_as_nothing_relevant(engine):
    answer = engine.search(Query(text="xqzzt blorfing vrunk"))
    assert answer.nothing_relevant
    assert answer.hits == ()
    nearest = engine.search(Query(text="xqzzt blorfing vrunk", include_all=True))
    assert nearest.nothing_relevant
    assert nearest.hits
    assert not any(hit.relevant for hit in nearest.hits)


@pytest.mark.parametrize("kind", list(ItemType))
def test_type_filters_apply_to_every_retriever(engine, kind):
    answer = engine.search(Query(text="the rocket", filters=Filters(types=(kind,)), include_all=True, limit=50))
    assert {hit.item.type for hit in answer.hits} <= {kind}
    assert answer.hits


def test_paging_returns_every_item_once(engine, library):
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


def test_a_weight_of_zero_turns_a_retriever_off(engine):
    answer = engine.search(Query(text="bread", weights={Retriever.VISUAL: 0, Retriever.SEMANTIC: 0}))
    assert {one.retriever for hit in answer.hits for one in hit.evidence} == {Retriever.LEXICAL}


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({}, UsageError, "The query is empty"),
        ({"text": "   "}, UsageError, "The query is empty"),
        ({"text": "a", "limit": 0}, UsageError, "limit"),
        ({"text": "a", "cursor": "%%%"}, UsageError, "cursor"),
        ({"text": "a", "filters": Filters(after="tomorrow")}, UsageError, "after must be a date"),
        ({"parts": (QueryPart(image=b"no picture"),)}, UnreadableMediaError, "unrecognized image format"),
        ({"voice": b"no sound"}, UnreadableMediaError, "cannot be decoded"),
        ({"voice": make_wave(np.zeros(32000))}, NoSpeechError, "No speech was recognized"),
        ({"voice": make_wave(np.zeros(0))}, NoSpeechError, "No speech was recognized"),
        ({"parts": (QueryPart(item=999),)}, NotFoundError, "no item 999"),
    ],
)
def test_an_invalid_query_is_one_clear_error(engine, fields, error, message):
    with pytest.raises(error, match=message):
        engine.search(Query(**fields))


def test_a_long_text_is_answered_and_a_longer_one_refused(engine):
    sentence = "bake sourdough bread in a hot oven "
    assert "bread.md" in find(engine, text=sentence * 55)
    with pytest.raises(UsageError, match="the limit is 2,000"):
        find(engine, text=sentence * 200)


def test_the_answer_shows_coverage(engine):
    assert dataclasses.asdict(engine.search(Query(text="cat")).coverage) == {
        "indexed": 22,
        "pending": 0,
        "failed": 0,
        "outdated": (),
        "pending_by_type": {},
    }


def test_the_query_language_reaches_every_retriever(engine, demo):
    assert find(engine, text="a cat type:video") in ([], ["holiday.mp4"])
    assert set(find(engine, text="type:document")) == {path.name for path in demo.rglob("*") if is_document(path)}
    assert find(engine, text='"night train"', include_all=True) == ["train.wav"]
    assert "chelsea.jpg" not in find(engine, text="an animal -cat type:image", include_all=True)
    assert {Path(hit.item.path).parent.name for hit in engine.search(Query(text="in:pets")).hits} == {"pets"}
    with pytest.raises(UsageError, match="did you mean type"):
        find(engine, text="typ:image cat")


def is_document(path):
    return path.suffix in {".txt", ".md", ".html", ".pdf", ".docx", ".srt", ".vtt"}


def test_weights_shift_a_mixed_query(engine, demo):
    cat = (demo / "pets/chelsea.jpg").read_bytes()

    def rank(weight):
        parts = (QueryPart(text="a cup of coffee", weight=weight), QueryPart(image=cat))
        names = find(engine, parts=parts, include_all=True, filters=Filters(types=(ItemType.IMAGE,)))
        return names.index("morning.jpg"), names.index("chelsea.jpg")

    assert rank(5.0)[0] == 0
    assert rank(0.2)[1] == 0


def test_a_negative_part_never_adds_a_result(engine, demo):
    cat = (demo / "pets/chelsea.jpg").read_bytes()
    for text in ("an animal", "a cup of coffee", "a red flower"):
        plain = engine.search(Query(text=text, limit=100, include_all=True))
        less = Query(parts=(QueryPart(text=text), QueryPart(image=cat, weight=-0.6)), limit=100, include_all=True)
        unlike = engine.search(less)
        assert unlike.total <= plain.total
        before = {hit.item.id: hit.score for hit in plain.hits}
        assert all(hit.score <= before.get(hit.item.id, 1.0) + 1e-6 for hit in unlike.hits)


def test_a_part_with_a_negative_weight_pushes_away(engine, demo):
    cat = (demo / "pets/chelsea.jpg").read_bytes()
    parts = (QueryPart(text="a photo"), QueryPart(image=cat, weight=-1.0))
    names = find(engine, parts=parts, include_all=True, filters=Filters(types=(ItemType.IMAGE,)), limit=50)
    assert names.index("chelsea.jpg") == len(names) - 1
    with pytest.raises(UsageError, match="must be positive"):
        find(engine, parts=(QueryPart(image=cat, weight=-1.0),))


def test_a_region_of_an_image_is_a_query(engine, demo):
    cat = (demo / "pets/chelsea.jpg").read_bytes()
    assert "chelsea.jpg" in find(engine, parts=(QueryPart(image=cat, crop=(0.2, 0.1, 0.6, 0.7)),))[:2]
    item = engine.search(Query(text="a cat type:image")).hits[0].item
    # The item itself is left out. The film has a shot of it.
    assert find(engine, parts=(QueryPart(item=item.id, crop=(0.2, 0.1, 0.6, 0.7)),))[0] == "holiday.mp4"
    with pytest.raises(UsageError, match="smaller than"):
        find(engine, parts=(QueryPart(image=cat, crop=(0.5, 0.5, 0.0, 0.2)),))


def test_pages_do_not_move_while_the_library_changes(fresh, tmp_path):
    folder = tmp_path / "notes"
    folder.mkdir()
    for number in range(12):
        (folder / f"{number:02}.txt").write_text(f"The garden has roses, row {number}. " * 3)
    index(fresh, folder)
    engine = Engine(fresh)
    query = {"text": "roses in the garden", "include_all": True, "limit": 5}
    first = engine.search(Query(**query))
    (folder / "00.txt").unlink()
    for number in range(20, 30):
        (folder / f"{number}.txt").write_text("Roses, roses in the garden! The garden has roses.")
    index(fresh, folder)
    seen = [hit.item.path for hit in first.hits]
    for other in (engine, Engine(fresh)):  # with the cached ranking, and without it
        cursor, rest = first.next, []
        while cursor:
            page = other.search(Query(**query, cursor=cursor))
            rest += [hit.item.path for hit in page.hits]
            cursor = page.next
        assert len(set(seen + rest)) == len(seen + rest)
        old = {str(folder / f"{number:02}.txt") for number in range(1, 12)}
        assert old <= {*seen, *rest}


def test_a_cursor_of_another_query_is_refused(engine):
    cursor = engine.search(Query(text="a cat", include_all=True, limit=2)).next
    with pytest.raises(UsageError, match="another query"):
        engine.search(Query(text="a dog", include_all=True, limit=2, cursor=cursor))


def test_copies_are_one_result(fresh, demo, tmp_path):
    folder = tmp_path / "copies"
    folder.mkdir()
    with Image.open(demo / "pets/chelsea.jpg") as image:
        image.save(folder / "a.jpg")
        image.resize((image.width // 2, image.height // 2)).save(folder / "b.jpg", quality=60)
    shutil.copy(demo / "kitchen/morning.jpg", folder / "other.jpg")
    index(fresh, folder)
    engine = Engine(fresh)
    stacked = engine.search(Query(text="a cat", include_all=True)).hits
    assert sorted(len(hit.stacked) for hit in stacked) == [0, 1]
    assert len(engine.search(Query(text="a cat", include_all=True, stack=False)).hits) == 3


def test_a_score_can_be_taken_apart(engine):
    answer = engine.search(Query(text="a cat", explain=True))
    seen = next(one for hit in answer.hits for one in hit.evidence if one.retriever is Retriever.VISUAL)
    terms = seen.terms
    assert {"query0.part0.similarity", "query0.part1.standing effect"} <= terms.keys()
    assert 1 / (1 + np.exp(-terms["query0.log-odds"])) * terms["coverage"] == pytest.approx(seen.score, abs=1e-3)


def test_random_letters_are_near_no_text(engine):
    for text in ("qwzx vbnmk", "xkcdqj wrtpl", "hjkqz zzvvx"):
        assert engine.search(Query(text=text, correct=False)).nothing_relevant
