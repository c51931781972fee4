"""Every promised format, written by a real encoder and read back."""

import io
import zipfile
from dataclasses import dataclass
from fractions import Fraction

import av
import docx
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from indexer.decoders import decode_file
from indexer.decoders.content import Outline, Shot, Sound
from indexer.decoders.document import PAGE_LIMIT
from indexer.scan import SUFFIXES
from search.errors import UnreadableMediaError
from search.media.container import to_samples
from search.records import ItemType, Segment


@dataclass
class Content:
    """All that a decoder gave of a file."""

    pictures: list
    samples: np.ndarray
    passages: list
    facts: object
    thumbnail: object


def read(path, kind):
    parts = list(decode_file(path, kind))
    assert isinstance(parts[-1], Outline)
    sounds = [to_samples(one.samples) for one in parts if isinstance(one, Sound)]
    return Content(
        pictures=[(one.segment, one.picture) for one in parts if isinstance(one, Shot)],
        samples=np.concatenate([np.zeros(0, np.float32), *sounds]),
        passages=[one for one in parts if isinstance(one, Segment)],
        facts=parts[-1].facts,
        thumbnail=parts[-1].thumbnail,
    )


RED = Image.new("RGB", (320, 200), (200, 30, 30))
PICTURES = {
    "jpg": "JPEG",
    "png": "PNG",
    "webp": "WEBP",
    "gif": "GIF",
    "bmp": "BMP",
    "tiff": "TIFF",
    "heic": "HEIF",
    "avif": "AVIF",
}
SOUNDS = {
    "wav": "pcm_s16le",
    "mp3": "libmp3lame",
    "m4a": "aac",
    "ogg": "libopus",
    "opus": "libopus",
    "flac": "flac",
}
FILMS = {"mp4": "libx264", "mov": "libx264", "mkv": "libx264", "webm": "libvpx-vp9", "avi": "mpeg4"}


@pytest.mark.parametrize("suffix", PICTURES)
def test_pictures(tmp_path, suffix):
    pillow_heif.register_heif_opener()
    RED.save(tmp_path / f"a.{suffix}", PICTURES[suffix])
    content = read(tmp_path / f"a.{suffix}", ItemType.IMAGE)
    ((_, picture),) = content.pictures
    assert (content.facts.width, content.facts.height) == (320, 200)
    assert abs(np.asarray(picture).mean((0, 1)) - (200, 30, 30)).max() < 6


def write_tone(target, codec, rate, container=None):
    """Encode a second of 440 Hz to a file or a stream."""
    tone = (np.sin(np.arange(rate) * 2 * np.pi * 440 / rate) * 8000).astype(np.int16)
    with av.open(target, "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(tone[None], format="s16", layout="mono")
        frame.sample_rate = rate
        resampler = av.AudioResampler(stream.format, "mono", rate, frame_size=stream.codec_context.frame_size or 1024)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(part))
        out.mux(stream.encode(None))


@pytest.mark.parametrize("suffix", SOUNDS)
def test_sounds(tmp_path, suffix):
    write_tone(str(tmp_path / f"a.{suffix}"), SOUNDS[suffix], 48000 if SOUNDS[suffix] == "libopus" else 22050)
    content = read(tmp_path / f"a.{suffix}", ItemType.AUDIO)
    assert content.facts.duration == pytest.approx(1.0, abs=0.12)
    spectrum = np.abs(np.fft.rfft(content.samples))
    assert np.argmax(spectrum) * 16000 / len(content.samples) == pytest.approx(440, abs=5)


@pytest.mark.parametrize("suffix", FILMS)
def test_films(tmp_path, suffix):
    with av.open(str(tmp_path / f"a.{suffix}"), "w") as out:
        stream = out.add_stream(FILMS[suffix], rate=Fraction(10))
        stream.width, stream.height, stream.pix_fmt = 320, 200, "yuv420p"
        for number in range(40):
            colour = (200, 30, 30) if number < 20 else (20, 40, 200)
            out.mux(stream.encode(av.VideoFrame.from_image(Image.new("RGB", (320, 200), colour))))
        out.mux(stream.encode(None))
    content = read(tmp_path / f"a.{suffix}", ItemType.VIDEO)
    red, blue = content.pictures
    assert red[0].start == 0
    assert blue[0].start == pytest.approx(2.0, abs=0.15)
    assert red[0].end == blue[0].start
    assert np.asarray(blue[1]).mean((0, 1))[2] > 150


def make_pdf(text, drawing=""):
    stream = f"{drawing} BT /F1 24 Tf 72 700 Td ({text}) Tj ET".encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    body, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj%s endobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        body
        + b"xref\n0 6\n0000000000 65535 f \n"
        + table
        + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % len(body)
    )


def make_docx():
    document = docx.Document()
    document.add_paragraph("The harvest was good.")
    document.add_table(1, 2).rows[0].cells[1].text = "wheat"
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


DOCUMENTS = {
    "txt": (b"The harvest was good.", "harvest"),
    "md": b"# Title\n\nThe *harvest* was [good](http://x).\n",
    "html": b"<title>T</title><script>var harvest_no</script><p>The harvest was good.</p>",
    "pdf": make_pdf("The harvest was good."),
    "docx": make_docx(),
    "srt": b"1\n00:00:01,500 --> 00:00:03,000\nThe harvest was good.\n",
    "vtt": b"WEBVTT\n\n00:01.500 --> 00:03.000\nThe harvest was good.\n",
}


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
    if suffix == "pdf":
        assert content.passages[0].page == 1
        assert content.thumbnail is not None


def test_a_page_without_text_is_a_picture(tmp_path):
    (tmp_path / "a.pdf").write_bytes(make_pdf("", "0.8 0.1 0.1 rg 100 100 400 500 re f"))
    content = read(tmp_path / "a.pdf", ItemType.DOCUMENT)
    ((segment, picture),) = content.pictures
    assert (segment.kind, segment.page, content.passages) == ("picture", 1, [])
    red = np.asarray(picture)[picture.height // 2, picture.width // 2]
    assert red[0] > 180 > 60 > red[2]
    assert content.thumbnail is not None


def test_a_pdf_of_nothing_says_so(tmp_path):
    (tmp_path / "a.pdf").write_bytes(make_pdf(""))
    with pytest.raises(UnreadableMediaError, match="empty pages"):
        read(tmp_path / "a.pdf", ItemType.DOCUMENT)


def test_text_in_an_old_encoding_is_read(tmp_path):
    text = "Les élèves étaient très fatigués après la fête à l'école, où ils avaient dansé. " * 4
    (tmp_path / "a.txt").write_bytes(text.encode("cp1252"))
    assert "élèves étaient" in read(tmp_path / "a.txt", ItemType.DOCUMENT).passages[0].text


def test_exif_turns_and_dates_a_picture(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x0132] = "2021:07:14 10:20:30"
    RED.save(tmp_path / "a.jpg", exif=exif)
    facts = read(tmp_path / "a.jpg", ItemType.IMAGE).facts
    assert (facts.width, facts.height) == (200, 320)
    assert facts.captured_at == "2021-07-14T10:20:30"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "F"])
def test_pictures_of_every_mode_become_rgb(tmp_path, mode):
    kind = "TIFF" if mode in {"CMYK", "I;16", "F"} else "PNG"
    Image.new(mode, (40, 30)).save(tmp_path / "a.png", kind)
    assert read(tmp_path / "a.png", ItemType.IMAGE).pictures[0][1].mode == "RGB"


def make_bomb():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"0" * (300 * 2**20))
    return stream.getvalue()


BAD = {
    "text.jpg": (ItemType.IMAGE, b"this is text", "not a picture"),
    "half.png": (ItemType.IMAGE, None, "damaged picture"),
    "noise.mp3": (ItemType.AUDIO, bytes(range(256)) * 20, "cannot be decoded|no audio|no sound"),
    "noise.mp4": (ItemType.VIDEO, bytes(range(256)) * 20, "cannot be decoded"),
    "zero.wav": (
        ItemType.AUDIO,
        b"RIFF$\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\0\0\0\0",
        "no sound",
    ),
    "binary.txt": (ItemType.DOCUMENT, b"\0\1\2\3" * 50, "not a text"),
    "blank.txt": (ItemType.DOCUMENT, b"  \n", "empty document"),
    "fake.pdf": (ItemType.DOCUMENT, b"%PDF-1.4 no", "PDF"),
    "fake.docx": (ItemType.DOCUMENT, b"PK no", "not a DOCX"),
    "bomb.docx": (ItemType.DOCUMENT, make_bomb(), "unpacks to more"),
    "empty.srt": (ItemType.DOCUMENT, b"nothing here", "subtitles"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_says_why(tmp_path, name):
    kind, body, says = BAD[name]
    if body is None:
        stream = io.BytesIO()
        Image.effect_noise((200, 200), 80).save(stream, "PNG")
        body = stream.getvalue()[:9000]
    (tmp_path / name).write_bytes(body)
    with pytest.raises(UnreadableMediaError, match=says):
        read(tmp_path / name, kind)


@pytest.mark.parametrize(("suffix", "kind"), [("gif", "GIF"), ("webp", "WEBP"), ("avif", "AVIF")])
def test_an_animation_is_several_pictures(tmp_path, suffix, kind):
    frames = [Image.new("RGB", (64, 48), (number * 25, 60, 250 - number * 25)) for number in range(10)]
    frames[0].save(tmp_path / f"a.{suffix}", kind, save_all=True, append_images=frames[1:], duration=100)
    pictures = [np.asarray(picture)[0, 0, 0] for _, picture in read(tmp_path / f"a.{suffix}", ItemType.IMAGE).pictures]
    assert len(pictures) == 3
    assert pictures == sorted(pictures)
    assert pictures[-1] - pictures[0] > 150


def test_every_page_of_a_tiff_is_a_picture_with_its_number(tmp_path):
    pages = [Image.new("RGB", (64, 48), (40 * number, 0, 0)) for number in range(5)]
    pages[0].save(tmp_path / "a.tiff", save_all=True, append_images=pages[1:])
    content = read(tmp_path / "a.tiff", ItemType.IMAGE)
    assert [segment.page for segment, _ in content.pictures] == [1, 2, 3, 4, 5]
    assert np.asarray(content.pictures[4][1])[0, 0, 0] == 160


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.py", "a.log", "a.toml", "a.sql"])
def test_tables_settings_and_code_are_read_as_text(tmp_path, name):
    (tmp_path / name).write_text("harvest = 'good'\nanother line, of nothing much\n")
    assert SUFFIXES[ItemType.DOCUMENT].split().count(name[2:]) == 1
    assert "harvest" in read(tmp_path / name, ItemType.DOCUMENT).passages[0].text


def test_the_promised_suffixes_are_known():
    assert set(PICTURES) <= set(SUFFIXES[ItemType.IMAGE].split())
    assert set(SOUNDS) <= set(SUFFIXES[ItemType.AUDIO].split())
    assert set(FILMS) <= set(SUFFIXES[ItemType.VIDEO].split())
    assert set(DOCUMENTS) <= set(SUFFIXES[ItemType.DOCUMENT].split())
    assert PAGE_LIMIT >= 1000
