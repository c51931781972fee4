"""The pages of PDFs and office documents: where words are on a page, and a page as an image."""

import re
from pathlib import Path
from typing import Annotated

from flask import Blueprint, Response, jsonify
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from search.errors import BusyError, MediaLimitError, NotFoundError, StorageError, UnreadableMediaError
from search.file_cache import FileCache, PreviewCache
from search.media.document.office import SLIDE_SUFFIXES, OfficePdfs
from search.media.document.pages import PAGE_WIDTHS, PageOutline, draw_page, outline_page
from search.media.document.passages import find_page
from search.open_home import OpenHome
from search.paths import find_file
from search.query.filters import ItemId
from search.records import Item, ItemType, Role
from web.access.caller import restrict_library
from web.api.body import parse_address
from web.contract.operation import NOT_MODIFIED, Operation
from web.library_files import send_bytes
from web.schemas.items import PageDocument

DOCUMENTS = {ItemType.DOCUMENT}
DEFAULT_WIDTH = 1024
MAX_TEXT_CHARACTERS = 2_000
MEBIBYTE = 1024 * 1024
WORD = re.compile(r"\w+")
# What can go wrong while an office document is converted, or a page is read.
ERRORS = (UnreadableMediaError, MediaLimitError, BusyError, StorageError)


def _check_width(width: int) -> int:
    if width not in PAGE_WIDTHS:
        raise ValueError(f"must be one of {', '.join(map(str, PAGE_WIDTHS))}")
    return width


Width = Annotated[int, AfterValidator(_check_width), Field(json_schema_extra={"enum": [*PAGE_WIDTHS]})]


class WordFields(BaseModel):
    """Which words are found on a page.

    Attributes:
        text: The words; each is found wherever it is.
    """

    model_config = ConfigDict(extra="forbid")

    text: str = Field("", max_length=MAX_TEXT_CHARACTERS)


class SegmentPageFields(WordFields):
    """Which passage, and which words, are found in a document.

    Attributes:
        segment: The id of a segment, whose page is found; without it, the first page is.
    """

    segment: ItemId | None = None


class PageImageFields(BaseModel):
    """How large a page is drawn.

    Attributes:
        width: The width of the image in pixels: 640, 1024, 1600, 2400 or 3200.
    """

    model_config = ConfigDict(extra="forbid")

    width: Width = DEFAULT_WIDTH


class _Pages:
    """Finds and reads the pages of documents as the caller may see them."""

    def __init__(self, library: OpenHome, previews: PreviewCache) -> None:
        self.library = library
        self._pdfs = OfficePdfs(previews, library.office)

    def find(self, item_id: int) -> tuple[Item, Path]:
        """Return a document, and the path of its PDF."""
        item = restrict_library(self.library).catalog.get_item(item_id)
        target = self.library.home.preview(item.id, item.mtime_ns, "document.pdf")
        return item, self._pdfs.get(find_file(item, DOCUMENTS), target)

    def find_number(self, item: Item, path: Path, segment_id: int | None, words: tuple[str, ...]) -> int:
        """Return the number of the page that a segment is on. Raises NotFoundError."""
        if segment_id is None:
            return 1
        found = [one.segment for one in self.library.catalog.list_segments(item.id) if one.id == segment_id]
        if not found:
            raise NotFoundError(f"Item {item.id} has no segment {segment_id}. GET /api/v1/items/{item.id} lists them.")
        # Of other documents, the page of a segment is that of a sheet, if it has one.
        if found[0].page and Path(item.path).suffix.lower() in {".pdf", *SLIDE_SUFFIXES}:
            return found[0].page
        return self.library.media.call(find_page, path, found[0].text or "", words)

    def outline(self, path: Path, number: int, words: tuple[str, ...]) -> Response:
        """Return the response with the size of a page, and where words are on it."""
        return jsonify(_serialize_outline(self.library.media.call(outline_page, path, number, words)))


def make_blueprint(library: OpenHome, previews: PreviewCache) -> Blueprint:
    """Return the routes.

    Args:
        library: The open library.
        previews: Keeps the PDFs that office documents are converted to.
    """
    api = Blueprint("document_pages", __name__, url_prefix="/api/v1/items")
    cache = FileCache(library.home.page_images, library.settings.page_cache * MEBIBYTE)
    pages = _Pages(library, previews)

    @api.get("/<int:item_id>/pages")
    @Operation(PageDocument, role=Role.VIEW, query=SegmentPageFields, errors=ERRORS)
    def show_page_of_passage(item_id: int) -> Response:
        """Return the page of a document on which a segment is, as the route with the number of a page does.

        The passages of an office document are read without its pages: here they are found on them.
        """
        fields = parse_address(SegmentPageFields)
        item, path = pages.find(item_id)
        words = tuple(WORD.findall(fields.text))
        return pages.outline(path, pages.find_number(item, path, fields.segment, words), words)

    @api.get("/<int:item_id>/pages/<int:number>")
    @Operation(PageDocument, role=Role.VIEW, query=WordFields, errors=ERRORS)
    def show_page(item_id: int, number: int) -> Response:
        """Return the size of a page of a document, the number of pages, and where words are on the page.

        Pages are counted from 1. Words are found in any case, with and without accents, but not in other forms. The
        document is a PDF or, where LibreOffice is installed, an office document: `has_pages` of an item says so. An
        office document is converted when a page is first requested, and kept.
        """
        words = tuple(WORD.findall(parse_address(WordFields).text))
        return pages.outline(pages.find(item_id)[1], number, words)

    @api.get("/<int:item_id>/pages/<int:number>/image")
    @Operation(media=("image/jpeg",), role=Role.VIEW, query=PageImageFields, errors=ERRORS, statuses=NOT_MODIFIED)
    def send_page_image(item_id: int, number: int) -> Response:
        """Return a page of a document as a JPEG."""
        width = parse_address(PageImageFields).width
        item, path = pages.find(item_id)
        name = f"{item_id}-{item.mtime_ns}-{number}-{width}.jpg"
        body = cache.read(name)
        if body is None:
            body = library.media.call(draw_page, path, number, width)
            cache.add(name, body)
        return send_bytes(body, "image/jpeg")

    return api


def _serialize_outline(outline: PageOutline) -> dict[str, object]:
    """Return a page as a JSON document."""
    return {
        "page": outline.page,
        "pages": outline.pages,
        "width": outline.width,
        "height": outline.height,
        "boxes": [[round(share, 5) for share in box] for box in outline.boxes],
    }
