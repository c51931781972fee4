"""Every promised format, written by a real encoder and read back."""

import io

import numpy as np
import pytest
from PIL import Image

from docs.format_tables import DOCUMENT, insert_tables
from indexer.decode.document.document import FORMATS
from indexer.decode.families import BY_TYPE, FAMILIES
from search.errors import UnreadableMediaError
from search.media.document.pdf_file import MAX_PAGES
from search.records import ItemType
from tests.support.formats import (
    DOCUMENTS,
    FILMS,
    IMAGES,
    RED,
    SOUNDS,
    make_bomb,
    make_dng,
    make_pdf,
    read,
    write_film,
    write_image,
    write_tone,
)


@pytest.mark.parametrize("suffix", IMAGES)
def test_images(tmp_path, suffix):
    write_image(RED, tmp_path / f"a.{suffix}")
    content = read(tmp_path / f"a.{suffix}", ItemType.IMAGE)
    ((_, image),) = content.images
    assert (content.facts.width, content.facts.height) == (320, 200)
    assert abs(np.asarray(image).mean((0, 1)) - (200, 30, 30)).max() < 6


@pytest.mark.parametrize("suffix", SOUNDS)
def test_sounds(tmp_path, suffix):
    write_tone(str(tmp_path / f"a.{suffix}"), SOUNDS[suffix], 48000 if SOUNDS[suffix] == "libopus" else 22050)
    content = read(tmp_path / f"a.{suffix}", ItemType.AUDIO)
    assert content.facts.duration == pytest.approx(1.0, abs=0.12)
    spectrum = np.abs(np.fft.rfft(content.samples))
    assert np.argmax(spectrum) * 16000 / len(content.samples) == pytest.approx(440, abs=5)


@pytest.mark.parametrize("suffix", FILMS)
def test_films(tmp_path, suffix):
    write_film(tmp_path / f"a.{suffix}", FILMS[suffix])
    content = read(tmp_path / f"a.{suffix}", ItemType.VIDEO)
    red, blue = content.images
    assert red[0].start == 0
    assert blue[0].start == pytest.approx(2.0, abs=0.15)
    assert red[0].end == blue[0].start
    assert np.asarray(blue[1]).mean((0, 1))[2] > 150


@pytest.mark.parametrize("suffix", DOCUMENTS)
def test_documents(tmp_path, suffix):
    body = DOCUMENTS[suffix]
    (tmp_path / f"a.{suffix}").write_bytes(body[0] if isinstance(body, tuple) else body)
    content = read(tmp_path / f"a.{suffix}", ItemType.DOCUMENT)
    text = " ".join(one.text for one in content.passages)
    assert "harvest was good" in text
    assert "harvest_no" not in text
    if suffix in {"srt", "vtt"}:
        assert (content.passages[0].start, content.passages[0].end) == (1.5, 3.0)
    if suffix in {"pdf", "pptx", "xlsx"}:
        assert content.passages[0].page == 1
    assert (content.thumbnail is not None) == (suffix in {"pdf", "epub"})
    if suffix in {"docx", "pptx", "xlsx", "odt", "epub", "rtf", "eml"}:
        assert content.facts.title == "The year"


def test_a_page_without_text_is_an_image(tmp_path):
    (tmp_path / "a.pdf").write_bytes(make_pdf("", "0.8 0.1 0.1 rg 100 100 400 500 re f"))
    content = read(tmp_path / "a.pdf", ItemType.DOCUMENT)
    ((segment, image),) = content.images
    assert (segment.kind, segment.page, content.passages) == ("image", 1, [])
    red = np.asarray(image)[image.height // 2, image.width // 2]
    assert red[0] > 180 > 60 > red[2]
    assert content.thumbnail is not None


def test_an_empty_pdf_is_reported(tmp_path):
    (tmp_path / "a.pdf").write_bytes(make_pdf(""))
    with pytest.raises(UnreadableMediaError, match="pages of the PDF are empty"):
        read(tmp_path / "a.pdf", ItemType.DOCUMENT)


def test_text_in_an_old_encoding_is_read(tmp_path):
    text = "Les élèves étaient très fatigués après la fête à l'école, où ils avaient dansé. " * 4
    (tmp_path / "a.txt").write_bytes(text.encode("cp1252"))
    assert "élèves étaient" in read(tmp_path / "a.txt", ItemType.DOCUMENT).passages[0].text


def test_exif_sets_the_orientation_and_date_of_an_image(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x0132] = "2021:07:14 10:20:30"
    RED.save(tmp_path / "a.jpg", exif=exif)
    facts = read(tmp_path / "a.jpg", ItemType.IMAGE).facts
    assert (facts.width, facts.height) == (200, 320)
    assert facts.captured_at == "2021-07-14T10:20:30"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "F"])
def test_images_of_every_mode_become_rgb(tmp_path, mode):
    kind = "TIFF" if mode in {"CMYK", "I;16", "F"} else "PNG"
    Image.new(mode, (40, 30)).save(tmp_path / "a.png", kind)
    assert read(tmp_path / "a.png", ItemType.IMAGE).images[0][1].mode == "RGB"


BAD = {
    "text.jpg": (ItemType.IMAGE, b"this is text", "unrecognized image format"),
    "half.png": (ItemType.IMAGE, None, "damaged image"),
    "noise.mp3": (ItemType.AUDIO, bytes(range(256)) * 20, "cannot be decoded|no audio|no sound"),
    "noise.mp4": (ItemType.VIDEO, bytes(range(256)) * 20, "cannot be decoded"),
    "zero.wav": (
        ItemType.AUDIO,
        b"RIFF$\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\0\0\0\0",
        "no sound",
    ),
    "binary.txt": (ItemType.DOCUMENT, b"\0\1\2\3" * 50, "not a text"),
    "blank.txt": (ItemType.DOCUMENT, b"  \n", "document is empty"),
    "fake.pdf": (ItemType.DOCUMENT, b"%PDF-1.4 no", "PDF"),
    "fake.docx": (ItemType.DOCUMENT, b"PK no", "not a DOCX"),
    "bomb.docx": (ItemType.DOCUMENT, make_bomb, "limit of 256 MiB when unpacked"),
    "empty.srt": (ItemType.DOCUMENT, b"nothing here", "subtitle"),
}


@pytest.mark.parametrize("name", BAD)
def test_unreadable_files_have_a_reason(tmp_path, name):
    kind, body, message = BAD[name]
    if body is None:
        stream = io.BytesIO()
        Image.effect_noise((200, 200), 80).save(stream, "PNG")
        body = stream.getvalue()[:9000]
    elif callable(body):
        body = body()
    (tmp_path / name).write_bytes(body)
    with pytest.raises(UnreadableMediaError, match=message):
        read(tmp_path / name, kind)


@pytest.mark.parametrize(("suffix", "kind"), [("gif", "GIF"), ("webp", "WEBP"), ("avif", "AVIF")])
def test_an_animation_is_several_images(tmp_path, suffix, kind):
    frames = [Image.new("RGB", (64, 48), (number * 25, 60, 250 - number * 25)) for number in range(10)]
    frames[0].save(tmp_path / f"a.{suffix}", kind, save_all=True, append_images=frames[1:], duration=100)
    images = [np.asarray(image)[0, 0, 0] for _, image in read(tmp_path / f"a.{suffix}", ItemType.IMAGE).images]
    assert len(images) == 3
    assert images == sorted(images)
    assert images[-1] - images[0] > 150


def test_every_page_of_a_tiff_is_an_image_with_its_number(tmp_path):
    pages = [Image.new("RGB", (64, 48), (40 * number, 0, 0)) for number in range(5)]
    pages[0].save(tmp_path / "a.tiff", save_all=True, append_images=pages[1:])
    content = read(tmp_path / "a.tiff", ItemType.IMAGE)
    assert [segment.page for segment, _ in content.images] == [1, 2, 3, 4, 5]
    assert np.asarray(content.images[4][1])[0, 0, 0] == 160


def test_a_suffix_belongs_to_one_document_format():
    suffixes = [suffix for entry in FORMATS for suffix in entry.format.suffixes]
    assert len(suffixes) == len(set(suffixes))


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.py", "a.log", "a.toml", "a.sql"])
def test_tables_settings_and_code_are_read_as_text(tmp_path, name):
    (tmp_path / name).write_text("harvest = 'good'\nanother line, of nothing much\n")
    assert name[1:] in BY_TYPE[ItemType.DOCUMENT].suffixes
    assert "harvest" in read(tmp_path / name, ItemType.DOCUMENT).passages[0].text


def add_dots(names):
    return {f".{name}" for name in names}


def test_the_promised_suffixes_are_known():
    assert add_dots(IMAGES) <= set(BY_TYPE[ItemType.IMAGE].suffixes)
    assert add_dots(SOUNDS) <= set(BY_TYPE[ItemType.AUDIO].suffixes)
    assert add_dots(FILMS) <= set(BY_TYPE[ItemType.VIDEO].suffixes)
    assert add_dots(DOCUMENTS) <= set(BY_TYPE[ItemType.DOCUMENT].suffixes)
    assert MAX_PAGES >= 1000


@pytest.mark.parametrize("preview", [None, (64, 48), (900, 600)])
def test_a_raw_file_is_developed_or_shown_by_its_preview(tmp_path, preview):
    (tmp_path / "a.dng").write_bytes(make_dng(preview))
    content = read(tmp_path / "a.dng", ItemType.IMAGE)
    ((_, image),) = content.images
    assert (content.facts.width, content.facts.height) == (1200, 1600)
    assert image.height > image.width >= 600
    red, green, blue = np.asarray(image)[image.height // 2, image.width // 2]
    assert red > green > blue
    assert content.facts.camera == "Testcam One"


def test_the_documentation_lists_every_format():
    document = DOCUMENT.read_text()
    assert document.count("<!-- formats:") == len(FAMILIES)
    assert document == insert_tables(document), "run `python -m docs.format_tables`"
