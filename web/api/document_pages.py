"""The pages of a PDF: where words are on a page, and a page as an image."""

import re
from typing import Annotated

from flask import Blueprint, Response, jsonify
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from search.errors import StorageError, UnreadableMediaError
from search.file_cache import FileCache
from search.media.document.pages import PAGE_WIDTHS, draw_page, outline_page
from search.open_home import OpenHome
from search.paths import find_file
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


class PageImageFields(BaseModel):
    """How large a page is drawn.

    Attributes:
        width: The width of the image in pixels: 640, 1024, 1600, 2400 or 3200.
    """

    model_config = ConfigDict(extra="forbid")

    width: Width = DEFAULT_WIDTH


def make_blueprint(library: OpenHome) -> Blueprint:
    """Return the routes."""
    api = Blueprint("document_pages", __name__, url_prefix="/api/v1/items")
    cache = FileCache(library.home.page_images, library.settings.page_cache * MEBIBYTE)

    def find(item_id: int) -> Item:
        return restrict_library(library).catalog.get_item(item_id)

    @api.get("/<int:item_id>/pages/<int:number>")
    @Operation(
        PageDocument,
        role=Role.VIEW,
        query=WordFields,
        errors=(UnreadableMediaError, StorageError),
    )
    def show_page(item_id: int, number: int) -> Response:
        """Return the size of a page of a PDF, the number of pages, and where words are on the page.

        Pages are counted from 1. Words are found in any case, with and without accents, but not in other forms.
        """
        words = tuple(WORD.findall(parse_address(WordFields).text))
        outline = library.media.call(outline_page, find_file(find(item_id), DOCUMENTS), number, words)
        boxes = [[round(share, 5) for share in box] for box in outline.boxes]
        return jsonify(
            {
                "page": outline.page,
                "pages": outline.pages,
                "width": outline.width,
                "height": outline.height,
                "boxes": boxes,
            }
        )

    @api.get("/<int:item_id>/pages/<int:number>/image")
    @Operation(
        media=("image/jpeg",),
        role=Role.VIEW,
        query=PageImageFields,
        errors=(UnreadableMediaError, StorageError),
        statuses=NOT_MODIFIED,
    )
    def send_page_image(item_id: int, number: int) -> Response:
        """Return a page of a PDF as a JPEG."""
        width, item = parse_address(PageImageFields).width, find(item_id)
        path = find_file(item, DOCUMENTS)
        name = f"{item_id}-{item.mtime_ns}-{number}-{width}.jpg"
        body = cache.read(name)
        if body is None:
            body = library.media.call(draw_page, path, number, width)
            cache.add(name, body)
        return send_bytes(body, "image/jpeg")

    return api
