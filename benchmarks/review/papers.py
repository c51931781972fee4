"""PDFs with text or with scanned pages, and office documents."""

import io
import textwrap
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from PIL import Image

A4 = (595, 842)
COLUMNS, LEADING, MARGIN = 78, 17, 72
ODT_NAMES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2"'
)
ODT_TYPE = "application/vnd.oasis.opendocument.text"


def write_text_pdf(target: Path, pages: Sequence[str]) -> None:
    """Write a PDF with the texts in Helvetica, a page each; the first line of a page is its heading."""
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
    bold = font.replace(b"Helvetica", b"Helvetica-Bold")
    contents = [_show(page) for page in pages]
    _write_pdf(target, [font, bold], "/Font<</F1 3 0 R/F2 4 0 R>>", contents)


def write_scanned_pdf(target: Path, pages: Sequence[Image.Image]) -> None:
    """Write a PDF whose pages are pictures without any text."""
    images, contents = [], []
    for image in pages:
        body = io.BytesIO()
        image.save(body, "JPEG", quality=80)
        entries = f"/Type/XObject/Subtype/Image/Width {image.width}/Height {image.height}"
        entries += "/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode"
        images.append(_make_stream(body.getvalue(), entries))
        scale = min(A4[0] / image.width, A4[1] / image.height)
        name = len(images) - 1
        contents.append(f"q {image.width * scale:.1f} 0 0 {image.height * scale:.1f} 0 0 cm /I{name} Do Q".encode())
    names = "".join(f"/I{index} {index + 3} 0 R" for index in range(len(images)))
    _write_pdf(target, images, f"/XObject<<{names}>>", contents)


def write_office(target: Path, text: str) -> None:
    """Write a document in the format of its file name's ending: DOCX, PPTX, XLSX, ODT, or text as it is."""
    writers = {".docx": _write_docx, ".pptx": _write_pptx, ".xlsx": _write_xlsx, ".odt": _write_odt}
    if target.suffix in writers:
        writers[target.suffix](target, text)
    else:
        target.write_text(text + "\n", encoding="utf-8")


def _show(page: str) -> bytes:
    """Return the content of a page: its lines, broken where they are too long."""
    lines, parts = page.split("\n"), [f"BT /F2 16 Tf {LEADING} TL {MARGIN} {A4[1] - MARGIN} Td"]
    for index, line in enumerate(lines):
        for row in textwrap.wrap(line, COLUMNS) or [""]:
            body = row.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
            parts.append(f"({body}) Tj T*")
        if index == 0:
            parts.append("/F1 11 Tf")
    return "\n".join([*parts, "ET"]).encode("cp1252")


def _make_stream(body: bytes, entries: str) -> bytes:
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (entries.encode(), len(body), body)


def _write_pdf(target: Path, resources: Sequence[bytes], names: str, contents: Sequence[bytes]) -> None:
    """Write a PDF: the catalog, the list of pages, the resources from object 3 on, then each page and its content."""
    first = 3 + len(resources)
    kids = " ".join(f"{first + 2 * index} 0 R" for index in range(len(contents)))
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Count {len(contents)}/Kids[{kids}]>>".encode()]
    objects += resources
    for index, content in enumerate(contents):
        box = f"/MediaBox[0 0 {A4[0]} {A4[1]}]/Contents {first + 2 * index + 1} 0 R"
        objects.append(f"<</Type/Page/Parent 2 0 R/Resources<<{names}>>{box}>>".encode())
        objects.append(_make_stream(zlib.compress(content), "/Filter/FlateDecode"))
    body, places = b"%PDF-1.7\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    end = f"trailer<</Size {size}/Root 1 0 R>>\nstartxref\n{len(body)}\n%%EOF\n".encode()
    target.write_bytes(body + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + end)


def _write_docx(target: Path, text: str) -> None:
    """Write a Word document; its properties are those that the library writes by default."""
    import docx

    document = docx.Document()
    for paragraph in text.split("\n\n"):
        document.add_paragraph(paragraph)
    document.save(str(target))


def _write_pptx(target: Path, text: str) -> None:
    import pptx

    slides = pptx.Presentation()
    for paragraph in text.split("\n\n"):
        slide = slides.slides.add_slide(slides.slide_layouts[0])
        title, _, body = paragraph.partition(": ")
        slide.shapes.title.text, slide.placeholders[1].text = title, body
    slides.save(str(target))


def _write_xlsx(target: Path, text: str) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    for line in text.split("\n"):
        name, value = line.split("\t")
        book.active.append([name, float(value) if value.replace(".", "").isdigit() else value])
    book.save(target)


def _write_odt(target: Path, text: str) -> None:
    paragraphs = "".join(f"<text:p>{escape(paragraph)}</text:p>" for paragraph in text.split("\n\n"))
    content = f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {ODT_NAMES}><office:body><office:text>'
    content += f"{paragraphs}</office:text></office:body></office:document-content>"
    manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    entries = "".join(
        f'<manifest:file-entry manifest:full-path="{path}" manifest:media-type="{kind}"/>'
        for path, kind in (("/", ODT_TYPE), ("content.xml", "text/xml"))
    )
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("mimetype", ODT_TYPE)
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            f'<manifest:manifest xmlns:manifest="{manifest}" manifest:version="1.2">{entries}</manifest:manifest>',
        )
