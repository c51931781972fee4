"""Nothing about one file ends a run: the other files are indexed, and the ledger has a line for it."""

import json
import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.decode.content import FileSummary
from indexer.decode.preprocess import prepare_file
from search.open_home import open_home
from search.records import FileFacts, ItemType, MediaFacts, Segment, SegmentKind, State
from search.settings import Settings
from tests.support.indexing import change_settings, index
from tests.support.properties import few_examples
from tests.support.web_client import make_client

CANARY = "The lighthouse keeper wrote a letter."
SETTLED = {State.INDEXED, State.FAILED, State.SKIPPED}
# Each example indexes a library, so there are few, and failing ones are not reduced.
odd = few_examples(6)
names = st.one_of(
    st.binary(min_size=1, max_size=40),
    # Every Unicode plane, control characters among them.
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=15).map(str.encode),
).map(lambda name: name.replace(b"/", b"_").replace(b"\0", b"_"))
suffixes = st.sampled_from([b"", b".txt", b".jpg", b".png", b".srt", b".xmp", b".mp3", b".mp4", b".docx", b".xyz"])
texts = st.text(st.characters(codec=None), max_size=40)
floats = st.floats(allow_nan=True, allow_infinity=True) | st.integers(-(2**80), 2**80).map(float)
whole_numbers = st.integers(-(2**80), 2**80)


@contextmanager
def new_library(empty_home):
    """Return a new empty library and an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(empty_home, Path(folder) / "home")
        (Path(folder) / "media").mkdir()
        with open_home(Settings(home=Path(folder) / "home")) as library:
            yield library, Path(folder) / "media"


def list_states(library):
    return {item.path: item.state for item in library.catalog.list_items()}


def read_strictly(response):
    """Return a JSON document that browsers can read: one without NaN and Infinity."""

    def refuse(constant):
        raise ValueError(constant)

    assert response.status_code == 200, response.data
    return json.loads(response.data.decode("utf-8", "strict"), parse_constant=refuse)


def check_answers(library):
    """Check that every answer about the library can be given."""
    client = make_client(library)
    items = read_strictly(client.get("/api/v1/items?limit=1000"))["items"]
    for item in items:
        read_strictly(client.get(f"/api/v1/items/{item['id']}"))
    read_strictly(client.get("/api/v1/facets"))
    answer = read_strictly(client.get("/api/v1/search?q=lighthouse+keeper"))
    assert any(hit["item"]["path"].endswith("canary.txt") for hit in answer["hits"])
    return items


@odd
@given(
    st.dictionaries(
        st.lists(names, min_size=1, max_size=3).map(tuple),
        st.tuples(suffixes, st.binary(max_size=30), st.integers(-(2**33), 2**34)),
        max_size=8,
    )
)
def test_any_tree_is_indexed_but_for_what_is_odd(empty_home, tree):
    with new_library(empty_home) as (library, media):
        (media / "canary.txt").write_text(CANARY)
        count = 1
        for parts, (suffix, body, seconds) in tree.items():
            folder = media.joinpath(*(os.fsdecode(part + b"d") for part in parts[:-1]))
            path = folder / os.fsdecode(b"f" + parts[-1] + suffix)
            folder.mkdir(parents=True, exist_ok=True)
            if path.exists():
                continue
            path.write_bytes(body)
            os.utime(path, ns=(0, seconds * 10**9))
            count += 1
        summary = index(library, media)
        states = list_states(library)
        assert len(states) == summary.counts["scanned"] == count
        assert set(states.values()) <= SETTLED
        assert states[str(media / "canary.txt")] is State.INDEXED
        check_answers(library)
        again = index(library, media)
        assert (again.counts["added"], again.counts["updated"], again.counts["removed"]) == (0, 0, 0)
        assert list_states(library) == states


@odd
@given(whole_numbers, st.integers(1, 2**80))
def test_any_time_and_size_can_be_stored(empty_home, mtime_ns, size):
    original = os.stat

    def stat(path, *args, **kwargs):
        facts = original(path, *args, **kwargs)
        if not str(path).endswith("odd.txt"):
            return facts
        values = {name: getattr(facts, name) for name in dir(facts) if name.startswith("st_")}
        return SimpleNamespace(**values | {"st_mtime_ns": mtime_ns, "st_size": size})

    with new_library(empty_home) as (library, media), pytest.MonkeyPatch.context() as patch:
        (media / "canary.txt").write_text(CANARY)
        (media / "odd.txt").write_text("A letter from another time.")
        patch.setattr("indexer.scan.os.stat", stat)
        index(library, media)
        states = list_states(library)
        assert states[str(media / "canary.txt")] is State.INDEXED
        assert states[str(media / "odd.txt")] in SETTLED  # a document of a gibibyte is refused
        counts = index(library, media).counts
        assert counts["unchanged"] + counts["failed"] == 2
        check_answers(library)


@pytest.fixture(params=["on disk", "in memory"])
def place(request, tmp_path, monkeypatch):
    """A folder; file systems in memory store any time, others limit it."""
    if request.param == "on disk":
        yield tmp_path
        return
    if not os.access("/dev/shm", os.W_OK):
        pytest.skip("there is no file system in memory")
    monkeypatch.setattr("search.protected._SYSTEM_FOLDERS", frozenset())
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


def test_files_of_the_far_past_and_future_are_indexed_and_sent(fresh, place):
    media = place / "media"
    media.mkdir()
    seconds = {"1906.txt": -2 * 10**9, "2300.txt": 10_413_792_000, "33658.txt": 10**12, "-29719.txt": -(10**12)}
    for name, moment in seconds.items():
        (media / name).write_text(f"{CANARY} {name}")
        os.utime(media / name, (moment, moment))
    index(fresh, media)
    client = make_client(fresh)
    for item in fresh.catalog.list_items():
        assert item.state is State.INDEXED
        assert client.get(f"/api/v1/items/{item.id}/media").data.decode().startswith(CANARY)
        assert client.get(f"/api/v1/archive?items={item.id}").data.startswith(b"PK")
    assert index(fresh, media).counts["unchanged"] == 4


@pytest.mark.parametrize("name", ["two\nlines.txt", "return\r.txt", "\x1b[31m.txt", 'quote".txt', "\u202egpj.txt"])
def test_a_name_with_control_characters_is_sent_in_one_header(fresh, tmp_path, name):
    media = tmp_path / "media"
    media.mkdir()
    (media / name).write_text(CANARY)
    index(fresh, media)
    (item,) = fresh.catalog.list_items()
    assert (item.path, item.state) == (str(media / name), State.INDEXED)
    response = make_client(fresh).get(f"/api/v1/items/{item.id}/media")
    assert (response.status_code, response.text) == (200, CANARY)
    assert response.headers["Content-Disposition"].isprintable()


def decode_as(monkeypatch, summary, segments=()):
    """Let the decoder of `odd.txt` return a summary."""
    from indexer.decode import preprocess

    original = preprocess.decode_file

    def decode_file(path, item_type, sidecars=()):
        if path.name != "odd.txt":
            yield from original(path, item_type, sidecars)
            return
        yield from segments
        yield FileSummary(summary)

    monkeypatch.setattr(preprocess, "decode_file", decode_file)


@odd
@given(
    st.builds(
        MediaFacts,
        **dict.fromkeys(("title", "captured_at", "language", "camera", "artist", "album", "description"), texts),
        **dict.fromkeys(("duration", "latitude", "longitude"), floats),
        **dict.fromkeys(("width", "height", "orientation"), whole_numbers),
        tags=st.lists(texts, max_size=4, unique=True).map(tuple),
    ),
    st.lists(
        st.builds(
            Segment,
            kind=st.just(SegmentKind.PASSAGE),
            text=texts,
            start=floats,
            end=floats,
            page=whole_numbers,
            offset=whole_numbers,
        ),
        max_size=3,
    ),
)
def test_any_metadata_can_be_stored_and_shown(empty_home, facts, segments):
    with new_library(empty_home) as (library, media), pytest.MonkeyPatch.context() as patch:
        (media / "canary.txt").write_text(CANARY)
        (media / "odd.txt").write_text("odd")
        decode_as(patch, facts, segments)
        index(library, media)
        assert set(list_states(library).values()) == {State.INDEXED}
        check_answers(library)


def test_numbers_out_of_range_are_dropped(tmp_path, monkeypatch):
    (tmp_path / "odd.txt").write_text("odd")
    facts = MediaFacts(
        title="a\ud800b\0",
        duration=float("nan"),
        width=-5,
        height=2**70,
        latitude=91.0,
        longitude=13.0,
        orientation=9,
        tags=("x\ud801", "x\ud802"),
    )
    decode_as(monkeypatch, facts, [Segment(SegmentKind.PASSAGE, "text\udfff", start=float("inf"), page=2**65)])
    file = FileFacts(str(tmp_path / "odd.txt"), 1, ItemType.DOCUMENT, 3, 1)
    segment, finished = prepare_file(file, lambda _: None)
    assert segment == Segment(SegmentKind.PASSAGE, "text\ufffd", page=2**63 - 1)
    assert finished.facts == MediaFacts(title="a\ufffdb\ufffd", tags=("x\ufffd",))


def test_folders_deeper_than_the_stack_are_walked(fresh, tmp_path):
    media = tmp_path / "media"
    depth = min(sys.getrecursionlimit() + 200, (4000 - len(str(media))) // 2)
    media.mkdir()
    (media / "canary.txt").write_text(CANARY)
    folder = media
    for _ in range(depth):
        folder /= "d"
        folder.mkdir()
    (folder / "a.txt").write_text(CANARY)
    try:
        index(fresh, media)
    finally:
        (folder / "a.txt").unlink()
        while folder != media:  # `shutil.rmtree` would need too deep a stack
            folder.rmdir()
            folder = folder.parent
    assert list(list_states(fresh).values()) == [State.INDEXED] * 2


def test_a_name_that_looks_like_an_escaped_one_is_another_file(fresh, tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    (media / r"caf\xe9.txt").write_text(CANARY)
    with open(os.fsencode(media) + b"/caf\xe9.txt", "wb") as stream:
        stream.write(b"a")
    for _ in range(2):
        index(fresh, media)
        assert list_states(fresh) == {
            str(media / r"caf\xe9.txt"): State.INDEXED,
            str(media / "caf\\xe9.txt\\"): State.FAILED,
        }


def test_a_home_that_a_link_in_a_source_leads_to_is_left_out(fresh, tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    (media / "canary.txt").write_text(CANARY)
    (media / "link").symlink_to(fresh.home.root)
    (fresh.home.root / "uploads").mkdir()
    (fresh.home.root / "uploads/a.txt").write_text("an upload")
    index(change_settings(fresh, follow_outside_links=True), media)
    assert list_states(fresh) == {str(media / "canary.txt"): State.INDEXED}


def test_a_file_that_is_deleted_during_the_scan_leaves_no_trace(fresh, tmp_path, monkeypatch):
    media = tmp_path / "media"
    media.mkdir()
    (media / "canary.txt").write_text(CANARY)
    (media / "gone.txt").write_text("gone")
    original = os.stat

    def stat(path, *args, **kwargs):
        if str(path).endswith("gone.txt"):
            raise FileNotFoundError(2, "No such file or directory")
        return original(path, *args, **kwargs)

    monkeypatch.setattr("indexer.scan.os.stat", stat)
    summary = index(fresh, media)
    assert (summary.failures, list_states(fresh)) == ({}, {str(media / "canary.txt"): State.INDEXED})


@pytest.fixture
def library_of_two(fresh, tmp_path):
    media = tmp_path / "media"
    media.mkdir()
    (media / "canary.txt").write_text(CANARY)
    (media / "odd.txt").write_text("A poem that no model can read.")
    return fresh, media


def test_a_text_that_the_model_cannot_embed_fails_its_file_only(library_of_two, monkeypatch):
    library, media = library_of_two
    encoder = library.models.text_encoder
    original = type(encoder).encode_passages

    def encode_passages(self, passages):
        if any("poem" in text for text in passages):
            raise ValueError("a letter that does not exist")
        return original(self, passages)

    monkeypatch.setattr(type(encoder), "encode_passages", encode_passages)
    summary = index(library, media)
    assert summary.failures == {str(media / "odd.txt"): "a text cannot be embedded: a letter that does not exist"}
    assert list_states(library)[str(media / "canary.txt")] is State.INDEXED


def test_a_model_that_fails_for_every_text_ends_the_run(library_of_two, monkeypatch):
    library, media = library_of_two

    def encode_passages(_self, _passages):
        raise RuntimeError("the model is broken")

    monkeypatch.setattr(type(library.models.text_encoder), "encode_passages", encode_passages)
    with pytest.raises(RuntimeError, match="broken"):
        index(library, media)


def test_an_image_that_the_model_cannot_embed_fails_its_file_only(fresh, tmp_path, monkeypatch):
    from PIL import Image

    media = tmp_path / "media"
    media.mkdir()
    for name, color in (("red.png", (225, 30, 30)), ("blue.png", (30, 30, 225))):
        Image.new("RGB", (64, 64), color).save(media / name)
    encoder = type(fresh.models.image_encoder)
    original = encoder.encode_images

    def encode_images(self, prepared):
        if any(np.asarray(pixels).reshape(-1, 3).mean(0)[2] > 200 for pixels in prepared):
            raise ValueError("too blue")
        return original(self, prepared)

    monkeypatch.setattr(encoder, "encode_images", encode_images)
    summary = index(fresh, media)
    assert summary.failures == {str(media / "blue.png"): "an image cannot be embedded: too blue"}
    assert list_states(fresh)[str(media / "red.png")] is State.INDEXED


def test_a_record_that_cannot_be_stored_fails_its_file_only(library_of_two, monkeypatch):
    from search.storage import catalog

    library, media = library_of_two
    original = catalog.save_records

    def save_records(db, records, moment):
        if any(record.file.path.endswith("odd.txt") for record in records):
            raise OverflowError("too large")
        return original(db, records, moment)

    monkeypatch.setattr(catalog, "save_records", save_records)
    summary = index(library, media)
    assert summary.failures == {str(media / "odd.txt"): "cannot be stored: too large"}
    assert list_states(library) == {
        str(media / "canary.txt"): State.INDEXED,
        str(media / "odd.txt"): State.FAILED,
    }


def test_a_bug_in_reading_fails_its_file_only(library_of_two, monkeypatch):
    library, media = library_of_two
    original, calls = type(library.catalog).find_copy, []

    def find_copy_once(self, content_hash, kind):
        calls.append(1)
        if len(calls) == 1:
            raise LookupError("a bug")
        return original(self, content_hash, kind)

    monkeypatch.setattr(type(library.catalog), "find_copy", find_copy_once)
    summary = index(library, media, workers=1)
    assert summary.failures == {str(media / "canary.txt"): "cannot be read: LookupError: a bug"}
    assert list_states(library)[str(media / "odd.txt")] is State.INDEXED
