"""XLSX: the cells of the sheets as they are shown, with comments, text boxes, charts, headers and footers.

The cells are read from the XML, and not by the size that a sheet claims to have: many programs write a wrong one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from indexer.decode.document.archive import Archive, get_attribute, get_name
from indexer.decode.document.docx import CELL_SEPARATOR
from indexer.decode.document.ooxml import Package, read_chart, read_paragraphs
from indexer.decode.document.text import Text

if TYPE_CHECKING:
    from lxml.etree import _Element

# Only the first rows with content of longer sheets are indexed: such sheets are data, not text.
MAX_ROWS = 50_000
# Ids of the built-in number formats of dates and times.
DATE_FORMATS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
PERCENT_FORMATS = {9, 10}
# Parts of a number format that are shown as they are, or only set a color or a condition.
LITERALS = re.compile(r'"[^"]*"|\\.|_.|\[(?!h|m|s)[^\]]*\]', re.IGNORECASE)
DATE_CODE = re.compile(r"[dmyhs]", re.IGNORECASE)
# Days are counted from here; serial 60 is a day that never was, which the first two months are corrected for.
EPOCH, EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)
MISSING_DAY = 60
# Serial numbers up to the year 9999.
MAX_SERIAL = 2_958_465
EDGES = {f"{pages}{edge}" for pages in ("odd", "even", "first") for edge in ("Header", "Footer")}
# Codes of fonts, positions and fields in the header or footer of a sheet.
HEADER_CODES = re.compile(r'&(?:"[^"]*"|K[0-9A-F]{6}|K\d\d[+-]\d{3}|\d+|[A-Z])', re.IGNORECASE)
HEADER_AMPERSAND = "\0"


@dataclass(frozen=True)
class Book:
    """What the sheets of a workbook share.

    Attributes:
        strings: Texts that cells refer to.
        dates: Indexes of the cell styles that show a date or a time.
        percents: Indexes of the cell styles that show a percentage.
        epoch: The day from which dates are counted.
    """

    strings: list[str]
    dates: frozenset[int]
    percents: frozenset[int]
    epoch: datetime


def read_xlsx(body: bytes) -> Iterator[Text]:
    """Yield the sheets of an XLSX, each as a page with one line per row."""
    with Archive(body) as archive:
        package = Package(archive)
        main = package.find_main("xl/workbook.xml")
        root, title = archive.read_xml(main), package.read_title()
        book = _read_book(package, main, root)
        targets = {relation.id: relation.target for relation in package.list_relations(main)}
        sheets = [element for element in root.iter() if get_name(element) == "sheet"]
        for number, sheet in enumerate(sheets, 1):
            part = targets.get(get_attribute(sheet, "id") or "", "")
            lines = list(_read_sheet(package, book, part)) if part in archive else []
            if lines:
                yield Text("\n".join([sheet.get("name") or "", *lines]), title, number)


def _read_book(package: Package, main: str, root: "_Element") -> Book:
    strings: list[str] = []
    for part in package.find_related(main, "sharedStrings"):
        strings += [_read_string(entry) for entry in package.archive.iterate_xml(part, {"si"})]
    dates: set[int] = set()
    percents: set[int] = set()
    for part in package.find_related(main, "styles"):
        styles = package.archive.find_xml(part)
        if styles is not None:
            _read_styles(styles, dates, percents)
    is_1904 = any(element.get("date1904") in {"1", "true"} for element in root if get_name(element) == "workbookPr")
    return Book(strings, frozenset(dates), frozenset(percents), EPOCH_1904 if is_1904 else EPOCH)


def _read_string(entry: "_Element") -> str:
    """Return a text of one or several runs, without the pronunciation of East Asian words."""
    texts: list[str] = []
    for child in entry:
        if get_name(child) == "t":
            texts.append(child.text or "")
        elif get_name(child) == "r":
            texts += [text.text or "" for text in child if get_name(text) == "t"]
    # Characters that XML does not allow are written as `_x000D_`.
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), "".join(texts))


def _read_styles(styles: "_Element", dates: set[int], percents: set[int]) -> None:
    """Add the indexes of the cell styles that show dates, and of those that show percentages."""
    codes = {
        element.get("numFmtId"): LITERALS.sub("", element.get("formatCode") or "")
        for element in styles.iter()
        if get_name(element) == "numFmt"
    }
    for element in (child for child in styles if get_name(child) == "cellXfs"):
        for index, style in enumerate(element):
            number = style.get("numFmtId") or "0"
            code = codes.get(number, "")
            if DATE_CODE.search(code.split(";")[0]) or (number.isdigit() and int(number) in DATE_FORMATS):
                dates.add(index)
            elif "%" in code or (number.isdigit() and int(number) in PERCENT_FORMATS):
                percents.add(index)


def _read_sheet(package: Package, book: Book, part: str) -> Iterator[str]:
    """Yield the rows, what is drawn on the sheet, the comments, the header and the footer."""
    count, edges = 0, []
    for element in package.archive.iterate_xml(part, {"row", *EDGES}):
        if get_name(element) != "row":
            edges.append(_read_header(element))
            continue
        cells = [text for cell in element if get_name(cell) == "c" and (text := _read_cell(cell, book).strip())]
        if cells:
            count += 1
            yield CELL_SEPARATOR.join(cells)
        if count >= MAX_ROWS:
            break
    yield from _read_attached(package, part)
    yield from (text for text in dict.fromkeys(edges) if text)


def _read_cell(cell: "_Element", book: Book) -> str:
    """Return what a cell shows; the formula if its value was never computed, nothing for an error."""
    values = {get_name(child): child for child in cell}
    kind = cell.get("t") or "n"
    if kind == "inlineStr":
        return _read_string(values["is"]) if "is" in values else ""
    value = (values["v"].text or "") if "v" in values else ""
    if not value:
        formula = (values["f"].text or "") if "f" in values else ""
        return f"={formula}" if formula and kind != "e" else ""
    if kind == "s":
        return book.strings[int(value)] if value.isdigit() and int(value) < len(book.strings) else ""
    if kind == "b":
        return "TRUE" if value == "1" else "FALSE"
    if kind == "n":
        style = cell.get("s") or ""
        return _show_number(value, int(style) if style.isdigit() else -1, book)
    return value if kind in {"str", "d"} else ""


def _show_number(value: str, style: int, book: Book) -> str:
    """Return a number as its style shows it: as a date, a time, a percentage, or with up to 15 digits."""
    try:
        number = float(value)
    except ValueError:
        return value
    if style in book.dates and 0 <= number <= MAX_SERIAL:
        return _show_date(number, book.epoch)
    return f"{number * 100:.15g}%" if style in book.percents else f"{number:.15g}"


def _show_date(serial: float, epoch: datetime) -> str:
    """Return a date, a time or both in ISO 8601."""
    if epoch is EPOCH and 1 <= serial < MISSING_DAY:
        serial += 1
    moment = epoch + timedelta(seconds=round(serial * 86_400))
    if serial < 1:
        return moment.time().isoformat()
    return moment.date().isoformat() if moment.time() == datetime.min.time() else moment.isoformat(" ")


def _read_attached(package: Package, part: str) -> Iterator[str]:
    """Yield the texts of text boxes, charts and comments of a sheet, each once."""
    texts: list[str] = []
    for drawing in package.find_related(part, "drawing"):
        root = package.archive.find_xml(drawing)
        texts += read_paragraphs(root) if root is not None else []
        charts = (package.archive.find_xml(chart) for chart in package.find_related(drawing, "chart"))
        texts += [text for chart in charts if chart is not None for text in read_chart(chart)]
    for comments in (*package.find_related(part, "threadedComment"), *package.find_related(part, "comments")):
        root = package.archive.find_xml(comments)
        for element in root.iter() if root is not None else ():
            if get_name(element) == "text":
                texts.append(_read_string(element).strip() or (element.text or "").strip())
    # The copy of a threaded comment for older programs begins with a note to their users.
    yield from (text for text in dict.fromkeys(texts) if text and not text.startswith("[Threaded comment]"))


def _read_header(element: "_Element") -> str:
    text = (element.text or "").replace("&&", HEADER_AMPERSAND)
    return " ".join(HEADER_CODES.sub(" ", text).replace(HEADER_AMPERSAND, "&").split())
