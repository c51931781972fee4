"""One page of a PDF: its text in reading order, its form values and comments, and how much of it is a picture."""

import ctypes
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from indexer.decode.document.pdf_layout import Fragment, order_fragments, split_fragments, turn_boxes, turn_fragment
from indexer.decode.document.text import join_hyphenated

if TYPE_CHECKING:
    from pypdfium2 import PdfPage, PdfTextPage

# What PDFium writes for a hyphen at the end of a line, in place of it and the line end.
LINE_HYPHEN = "\x02"
DIVISION = re.compile(f"{LINE_HYPHEN}\n?")
# Characters whose angle is measured to find out how the text of a page is turned.
ANGLE_SAMPLES = 40
# A page with more characters is read in the order of the file.
MAX_ORDERED_CHARACTERS = 50_000
# Fonts without a map to Unicode make these categories; a text that mostly consists of them cannot be searched.
UNREADABLE_CATEGORIES = {"Co", "Cn", "Cc", "Cs"}
MAX_UNREADABLE_SHARE = 0.4
# A picture that covers this share of a page is the page, unless there is more text than a stamp or a fax header has.
MIN_PICTURE_SHARE, MAX_STAMP_CHARACTERS = 0.5, 200
INVISIBLE_MODE = 3
MAX_OBJECT_DEPTH = 4
MAX_ANNOTATIONS = 5_000
# Arabic letters in the shapes that they have within words.
SHAPED_LETTERS = re.compile("[\ufb50-\ufdff\ufe70-\ufefc]+")


def read_text(page: "PdfPage") -> str:
    """Return the text of a page in reading order, with the values of its form fields, then the comments on it.

    The text is left out if its font does not tell the characters.
    """
    fields, comments = _read_annotations(page)
    textpage = page.get_textpage()
    try:
        text = _read_ordered(page, textpage, fields)
    finally:
        textpage.close()
    # On a page, a soft hyphen within a line is drawn like any other.
    text = join_hyphenated(DIVISION.sub("-\n", text)).replace("\xad", "-")
    text = SHAPED_LETTERS.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    return "\n\n".join([text, *comments])


def _read_annotations(page: "PdfPage") -> tuple[list[Fragment], list[str]]:
    """Return the values of the form fields of a page at their places, and the comments on it, each once."""
    from pypdfium2 import raw

    fields: list[Fragment] = []
    comments: list[str] = []
    for number in range(min(raw.FPDFPage_GetAnnotCount(page.raw), MAX_ANNOTATIONS)):
        annotation = raw.FPDFPage_GetAnnot(page.raw, number)
        if not annotation:
            continue
        kind = raw.FPDFAnnot_GetSubtype(annotation)
        text = _read_field(page, annotation) if kind == raw.FPDF_ANNOT_WIDGET else _read_comment(annotation, kind)
        if text and kind == raw.FPDF_ANNOT_WIDGET:
            box = raw.FS_RECTF()
            raw.FPDFAnnot_GetRect(annotation, box)
            fields.append(Fragment(text, box.left, box.right, min(box.bottom, box.top), max(box.bottom, box.top)))
        elif text:
            comments.append(text)
        raw.FPDFPage_CloseAnnot(annotation)
    return fields, list(dict.fromkeys(comments))


def is_scan(page: "PdfPage", text: str) -> bool:
    """Return whether a page is mostly a picture whose text was not recognized, except for a stamp or the like."""
    from pypdfium2 import raw

    if len(text) > MAX_STAMP_CHARACTERS:
        return False
    width, height = page.get_size()
    # A scan can consist of several strips.
    covered = 0.0
    for picture in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=MAX_OBJECT_DEPTH):
        left, bottom, right, top = picture.get_bounds()
        covered += max(right - left, 0) * max(top - bottom, 0)
    return covered >= MIN_PICTURE_SHARE * width * height and not _has_invisible_text(page)


def _has_invisible_text(page: "PdfPage") -> bool:
    """Return whether a page has text that is not painted: what a program has recognized in its picture."""
    from pypdfium2 import raw

    objects = list(page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], max_depth=MAX_OBJECT_DEPTH))
    hidden = [one for one in objects if raw.FPDFTextObj_GetTextRenderMode(one.raw) == INVISIBLE_MODE]
    return any(right > left for left, _, right, _ in (one.get_bounds() for one in hidden))


def _read_ordered(page: "PdfPage", textpage: "PdfTextPage", fields: list[Fragment]) -> str:
    plain: str = textpage.get_text_bounded()
    count = textpage.count_chars()
    values = "\n".join(field.text for field in fields)
    if not plain.strip() or _is_unreadable(plain):
        return values
    if count > MAX_ORDERED_CHARACTERS:
        return f"{plain}\n{values}"
    text, boxes = _read_characters(textpage, count)
    quarters = _measure_turn(textpage, count)
    fragments = split_fragments(text, turn_boxes(boxes, quarters))
    # PDFium joins lines of turned text, or reads them backwards. Fields are not a part of its text.
    keep_order = not fields and not quarters and not page.get_rotation()
    ordered = order_fragments([*fragments, *(turn_fragment(field, quarters) for field in fields)], keep_order)
    return plain if ordered is None else ordered


def _read_characters(textpage: "PdfTextPage", count: int) -> tuple[str, npt.NDArray[np.float64]]:
    """Return the characters of a page, and left, right, bottom and top of each, shape (n, 4)."""
    from pypdfium2 import raw

    edges = [ctypes.c_double() for _ in range(4)]
    boxes = np.zeros((count, 4))
    characters = []
    for index in range(count):
        code = raw.FPDFText_GetUnicode(textpage.raw, index)
        characters.append(chr(code) if 0 < code < 0x110000 else " ")
        raw.FPDFText_GetCharBox(textpage.raw, index, *edges)
        boxes[index] = [edge.value for edge in edges]
    return "".join(characters), boxes


def _measure_turn(textpage: "PdfTextPage", count: int) -> int:
    """Return by how many quarters, counterclockwise, most of the text is turned."""
    from pypdfium2 import raw

    step = max(count // ANGLE_SAMPLES, 1)
    angles = (raw.FPDFText_GetCharAngle(textpage.raw, index) for index in range(0, count, step))
    turns = Counter(round(-angle / (math.pi / 2)) % 4 for angle in angles if angle >= 0)
    return turns.most_common(1)[0][0] if turns else 0


def _is_unreadable(text: str) -> bool:
    shown = [character for character in text if not character.isspace() and character != LINE_HYPHEN]
    bad = sum(character == "\ufffd" or unicodedata.category(character) in UNREADABLE_CATEGORIES for character in shown)
    return bad > MAX_UNREADABLE_SHARE * len(shown)


def _read_comment(annotation: Any, kind: int) -> str:
    from pypdfium2 import raw

    if kind in {raw.FPDF_ANNOT_POPUP, raw.FPDF_ANNOT_LINK}:
        return ""
    return _read_buffer(lambda buffer, size: raw.FPDFAnnot_GetStringValue(annotation, b"Contents", buffer, size))


def _read_field(page: "PdfPage", annotation: Any) -> str:
    from pypdfium2 import raw

    if page.formenv is None:
        return ""
    form = page.formenv.raw
    kind = raw.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind not in {raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX}:
        return ""
    return _read_buffer(lambda buffer, size: raw.FPDFAnnot_GetFormFieldValue(form, annotation, buffer, size))


def _read_buffer(read: Callable[[Any, int], int]) -> str:
    """Return the text that a function of PDFium writes to a buffer, in UTF-16 with a zero at its end."""
    from pypdfium2 import raw

    size = read(None, 0)
    buffer = ctypes.create_string_buffer(size)
    read(ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)), size)
    return buffer.raw[:size].decode("utf-16-le", "replace").rstrip("\0").strip()
