"""The type of a file: by its content before its name, and by its sidecars."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from indexer.decode.families import choose_type, is_text, recognize_content
from indexer.scan import scan_source
from indexer.scan_results import Skip
from indexer.sidecars import pair_sidecars
from search.records import FileFacts, ItemType
from tests.support.formats import (
    DOCUMENTS,
    FILMS,
    IMAGES,
    RED,
    SOUNDS,
    make_dng,
    read,
    write_film,
    write_image,
    write_tone,
)
from tests.support.indexing import index

# Targa has no signature, as other simple formats have none: only their names identify them.
UNSIGNED = {"tga"}
TEXTS = {"txt", "md", "html", "srt", "vtt"}


@pytest.mark.parametrize("suffix", sorted(set(IMAGES) - UNSIGNED))
def test_an_image_is_recognized_under_any_name(tmp_path, suffix):
    write_image(RED, tmp_path / f"a.{suffix}")
    (tmp_path / f"a.{suffix}").rename(tmp_path / "a.txt")
    assert recognize_content(tmp_path / "a.txt") is ItemType.IMAGE
    assert read(tmp_path / "a.txt", ItemType.DOCUMENT).kind is ItemType.IMAGE


@pytest.mark.parametrize("suffix", SOUNDS)
def test_a_recording_is_known_under_any_name(tmp_path, suffix):
    write_tone(str(tmp_path / f"a.{suffix}"), SOUNDS[suffix], 48000 if SOUNDS[suffix] == "libopus" else 22050)
    (tmp_path / f"a.{suffix}").rename(tmp_path / "a.jpg")
    assert read(tmp_path / "a.jpg", ItemType.IMAGE).kind is ItemType.AUDIO


@pytest.mark.parametrize("suffix", FILMS)
def test_a_film_is_known_under_any_name(tmp_path, suffix):
    write_film(tmp_path / f"a.{suffix}", FILMS[suffix])
    (tmp_path / f"a.{suffix}").rename(tmp_path / "a")
    assert recognize_content(tmp_path / "a") in {ItemType.VIDEO, ItemType.AUDIO}
    assert read(tmp_path / "a", ItemType.AUDIO).kind is ItemType.VIDEO


@pytest.mark.parametrize("suffix", sorted(set(DOCUMENTS) - TEXTS))
def test_a_document_is_known_under_any_name(tmp_path, suffix):
    (tmp_path / "a.jpg").write_bytes(DOCUMENTS[suffix])
    content = read(tmp_path / "a.jpg", ItemType.IMAGE)
    assert content.kind is ItemType.DOCUMENT
    assert "harvest" in " ".join(one.text for one in content.passages)


def test_sound_in_a_film_container_is_a_recording(tmp_path):
    write_tone(str(tmp_path / "a.mp4"), "aac", 22050)
    assert read(tmp_path / "a.mp4", ItemType.VIDEO).kind is ItemType.AUDIO


def test_a_tiny_gif_is_an_image_and_a_short_file_that_begins_with_g_is_nothing(tmp_path):
    Image.new("RGB", (1, 1)).save(tmp_path / "dot.gif")
    assert (tmp_path / "dot.gif").stat().st_size < 188
    assert choose_type(tmp_path / "dot.gif", ItemType.IMAGE) is ItemType.IMAGE
    (tmp_path / "data.bin").write_bytes(b"GRIB\0\1\2")
    assert recognize_content(tmp_path / "data.bin") is None


def test_a_typescript_program_is_no_film(tmp_path):
    (tmp_path / "a.ts").write_text("export const answer: number = 42;\n")
    assert choose_type(tmp_path / "a.ts", ItemType.VIDEO) is ItemType.DOCUMENT
    write_film(tmp_path / "b.ts", "mpeg2video")
    assert read(tmp_path / "b.ts", ItemType.VIDEO).kind is ItemType.VIDEO


@pytest.mark.parametrize("text", ["ID3 format", "P5\nand P6", "x" * 188 + "GALLERY", "The moov atom", "BM, GIF89a"])
def test_a_text_that_begins_like_something_else_stays_a_text(tmp_path, text):
    (tmp_path / "a.txt").write_text(text)
    assert choose_type(tmp_path / "a.txt", ItemType.DOCUMENT) is ItemType.DOCUMENT


def test_text_without_a_suffix_is_a_document_and_noise_is_nothing(tmp_path):
    (tmp_path / "README").write_text("Les élèves 学生\n", encoding="utf-8")
    (tmp_path / "core").write_bytes(bytes(range(256)))
    (tmp_path / "table.dat").write_text("plain text under an unknown suffix may be anything")
    found = {name_of(one): one for one in scan_source(tmp_path, 1, tmp_path / "none", {})}
    assert isinstance(found["README"], FileFacts)
    assert found["README"].type is ItemType.DOCUMENT
    assert isinstance(found["core"], Skip)
    assert isinstance(found["table.dat"], Skip)


def name_of(found):
    return (found if isinstance(found, FileFacts) else found.file).path.rsplit("/", 1)[-1]


def test_the_type_of_an_item_is_that_of_its_content(fresh, tmp_path):
    (tmp_path / "media").mkdir()
    RED.save(tmp_path / "media" / "scan", "PNG")
    RED.rotate(90).save(tmp_path / "media" / "letter.txt", "PNG")
    (tmp_path / "media" / "raw.dng").write_bytes(make_dng())
    assert index(fresh, tmp_path / "media").counts["added"] == 3
    assert {item.type for item in fresh.catalog.list_items()} == {ItemType.IMAGE}
    assert index(fresh, tmp_path / "media").counts["unchanged"] == 3


@given(st.text(max_size=3000))
def test_text_cut_anywhere_is_text(text):
    if text and all(one.isprintable() or one in "\n\r\t\f" for one in text):
        body = text.encode()
        assert is_text(body[: len(body) - 1]) or len(body) < 8


def test_sidecars_find_their_owners():
    names = ["film.mp4", "film.srt", "film.en.srt", "talk.mp3", "talk.vtt", "a.jpg", "a.jpg.xmp", "b.dng", "b.xmp"]
    assert pair_sidecars([*names, "alone.srt", "c.pdf", "c.xmp"]) == {
        "film.mp4": ["film.srt", "film.en.srt"],
        "talk.mp3": ["talk.vtt"],
        "a.jpg": ["a.jpg.xmp"],
        "b.dng": ["b.xmp"],
    }
    assert pair_sidecars(["a.jpg", "b.mp4"]) == {}
