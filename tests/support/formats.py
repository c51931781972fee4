"""A file of every promised format, and what the decoders make of it."""

import io
import zipfile
from dataclasses import dataclass
from fractions import Fraction

import av
import docx
import numpy as np
import openpyxl
import pillow_heif
import pillow_jxl  # noqa: F401  (registers the format with Pillow)
import pptx
import tifffile
from PIL import Image

from indexer.decode.content import AudioChunk, DecodedImage, FileSummary
from indexer.decode.families import decode_file
from search.media.recording.sound import convert_to_float
from search.records import Segment


@dataclass
class Content:
    """All that a decoder gave of a file."""

    images: list
    samples: np.ndarray
    passages: list
    facts: object
    thumbnail: object
    kind: object


def read(path, kind, *sidecars):
    parts = list(decode_file(path, kind, sidecars))
    assert isinstance(parts[-1], FileSummary)
    sounds = [convert_to_float(one.samples) for one in parts if isinstance(one, AudioChunk)]
    return Content(
        images=[(one.segment, one.image) for one in parts if isinstance(one, DecodedImage)],
        samples=np.concatenate([np.zeros(0, np.float32), *sounds]),
        passages=[one for one in parts if isinstance(one, Segment)],
        facts=parts[-1].facts,
        thumbnail=parts[-1].thumbnail,
        kind=parts[-1].type,
    )


RED = Image.new("RGB", (320, 200), (200, 30, 30))
IMAGES = {
    "jpg": "JPEG",
    "png": "PNG",
    "webp": "WEBP",
    "gif": "GIF",
    "bmp": "BMP",
    "tiff": "TIFF",
    "heic": "HEIF",
    "avif": "AVIF",
    "jp2": "JPEG2000",
    "qoi": "QOI",
    "tga": "TGA",
    "ppm": "PPM",
    "jxl": "JXL",
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


def encode(image, kind, **options):
    """Return an image as the content of a file."""
    stream = io.BytesIO()
    image.copy().save(stream, kind, **options)  # Pillow keeps the options of the last encoder
    return stream.getvalue()


def write_image(image, path, **options):
    pillow_heif.register_heif_opener()
    image.save(path, IMAGES[path.suffix[1:]], **options)


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


def write_film(path, codec="libx264"):
    """Encode four seconds: red, then blue."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=Fraction(10))
        stream.width, stream.height, stream.pix_fmt = 320, 200, "yuv420p"
        for number in range(40):
            color = (200, 30, 30) if number < 20 else (20, 40, 200)
            out.mux(stream.encode(av.VideoFrame.from_image(Image.new("RGB", (320, 200), color))))
        out.mux(stream.encode(None))


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


def save(document):
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def make_docx():
    document = docx.Document()
    document.core_properties.title = "The year"
    document.add_paragraph("The harvest was good.")
    document.add_table(1, 2).rows[0].cells[1].text = "wheat"
    return save(document)


def make_pptx():
    document = pptx.Presentation()
    document.core_properties.title = "The year"
    slide = document.slides.add_slide(document.slide_layouts[1])
    slide.shapes.title.text = "Autumn"
    slide.placeholders[1].text = "The harvest was good."
    slide.notes_slide.notes_text_frame.text = "Speak of the wheat."
    return save(document)


def make_xlsx():
    book = openpyxl.Workbook()
    book.properties.title = "The year"
    book.active.append(["The harvest was good.", 12, None, "wheat"])
    return save(book)


def zip_files(files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return stream.getvalue()


def make_odt():
    office = "urn:oasis:names:tc:opendocument:xmlns:"
    content = f'''<o:document-content xmlns:o="{office}office:1.0" xmlns:t="{office}text:1.0"><o:body><o:text>
        <t:h>Autumn</t:h><t:p>The harvest <t:span>was good.</t:span></t:p></o:text></o:body></o:document-content>'''
    meta = f'''<o:document-meta xmlns:o="{office}office:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/">
        <o:meta><dc:title>The year</dc:title></o:meta></o:document-meta>'''
    kind = "application/vnd.oasis.opendocument.text"
    return zip_files({"mimetype": kind, "content.xml": content, "meta.xml": meta})


def make_epub():
    container = """<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
        <rootfile full-path="OEBPS/book.opf"/></rootfiles></container>"""
    book = """<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">
        <metadata><dc:title>The year</dc:title><dc:creator>Ann Author</dc:creator><dc:language>en-GB</dc:language>
        </metadata><manifest><item id="b" href="two%20.xhtml"/><item id="a" href="one.xhtml"/>
        <item id="c" href="c.jpg" properties="cover-image"/></manifest>
        <spine><itemref idref="a"/><itemref idref="b"/></spine></package>"""
    cover = io.BytesIO()
    RED.save(cover, "JPEG")
    return zip_files(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": container,
            "OEBPS/book.opf": book,
            "OEBPS/one.xhtml": "<html><body><p>The harvest was good.</p></body></html>",
            "OEBPS/two .xhtml": "<html><body><p>Then winter came.</p></body></html>",
            "OEBPS/c.jpg": cover.getvalue(),
        }
    )


def make_dng(preview=None):
    """A raw file of 1600 x 1200 sensor pixels, to be shown turned by a quarter, with or without a preview in JPEG."""
    sensor = np.zeros((1200, 1600), np.uint16)
    sensor[0::2, 0::2], sensor[0::2, 1::2], sensor[1::2, 0::2], sensor[1::2, 1::2] = 40000, 20000, 20000, 8000
    matrix = [32406, -15372, -4986, -9689, 18758, 415, 557, -2040, 10570]  # of a sensor that sees sRGB
    tags = [
        (50706, "B", 4, (1, 4, 0, 0), True),
        (50708, "s", 0, "Testcam One", True),
        (271, "s", 0, "Testcam", True),
        (272, "s", 0, "Testcam One", True),
        (274, "H", 1, 6, True),
        (33421, "H", 2, (2, 2), True),
        (33422, "B", 4, (0, 1, 1, 2), True),
        (50721, "2i", 9, tuple(one for value in matrix for one in (value, 10_000)), True),
        (50728, "2I", 3, (1, 1, 1, 1, 1, 1), True),
        (50778, "H", 1, 21, True),
    ]
    # The preview is compressed already; tifffile asks for an encoder nevertheless, which is in another package.
    tifffile.TIFF.COMPRESSORS._codecs[tifffile.COMPRESSION.JPEG] = bytes
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as out:
        if preview is None:
            out.write(sensor, photometric="CFA", extratags=tags, metadata=None)
        else:
            jpeg = io.BytesIO()
            Image.new("RGB", preview, (200, 120, 40)).save(jpeg, "JPEG")
            out.write(
                iter([jpeg.getvalue()]),  # already compressed
                shape=(preview[1], preview[0], 3),
                dtype=np.uint8,
                photometric="ycbcr",
                compression="jpeg",
                subsampling=(2, 2),
                rowsperstrip=preview[1],
                subfiletype=1,
                extratags=tags[:5],
                metadata=None,
                subifds=1,
            )
            out.write(sensor, photometric="CFA", subfiletype=0, extratags=tags[5:], metadata=None)
    return stream.getvalue()


DOCUMENTS = {
    "txt": (b"The harvest was good.", "harvest"),
    "md": b"# Title\n\nThe *harvest* was [good](http://x).\n",
    "html": b"<title>T</title><script>var harvest_no</script><p>The harvest was good.</p>",
    "pdf": make_pdf("The harvest was good."),
    "docx": make_docx(),
    "pptx": make_pptx(),
    "xlsx": make_xlsx(),
    "odt": make_odt(),
    "epub": make_epub(),
    "rtf": rb"{\rtf1\ansi{\info{\title The year}}{\*\generator harvest_no;}The harvest {\b was} good.\par}",
    "eml": b"Subject: The year\r\nFrom: Ann <ann@example.org>\r\nDate: Fri, 31 May 2024 14:30:00 +0200\r\n\r\n"
    b"The harvest was good.\r\n",
    "srt": b"1\n00:00:01,500 --> 00:00:03,000\nThe harvest was good.\n",
    "vtt": b"WEBVTT\n\n00:01.500 --> 00:03.000\nThe harvest was good.\n",
}


def make_bomb():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("word/document.xml", b"0" * (300 * 2**20))
    return stream.getvalue()
