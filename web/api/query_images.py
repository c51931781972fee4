"""/api/v1/query-images: uploaded images to search by. They have ids, so that an address can contain them."""

from flask import Blueprint, Response, jsonify, request

from search.errors import BusyError, MediaLimitError, UnreadableMediaError, UsageError
from search.media.on_demand import copy_image
from search.open_home import OpenHome
from web.contract.operation import FORM, Operation
from web.schemas.collections import QueryImageDocument
from web.schemas.files import QueryImageForm

# Maximum width and height in pixels. Larger than the input of any model, so that cropped regions have enough detail.
MAX_SIDE = 1024
# The image of an id never changes.
YEAR_SECONDS = 365 * 24 * 3600


def make_blueprint(library: OpenHome) -> Blueprint:
    """Return the routes."""
    api = Blueprint("query_images", __name__, url_prefix="/api/v1/query-images")
    images = library.query_images

    @api.post("")
    @Operation(
        QueryImageDocument,
        201,
        bodies={FORM: QueryImageForm},
        errors=(UnreadableMediaError, MediaLimitError, BusyError),
    )
    def store_image() -> tuple[Response, int]:
        """Store a small copy of an image, without metadata such as place and time, to search by.

        The copy is deleted when it was not used for some time, 90 days by default, and no saved search refers to it.
        """
        if "image" not in request.files:
            raise UsageError("Send an image as a part named `image` of multipart/form-data")
        body = request.files["image"].read()
        if not body:
            raise UnreadableMediaError("image: the file is empty")
        small = library.media.call(copy_image, body, MAX_SIDE, library.limits.pixels)
        return jsonify({"id": images.keep(small)}), 201

    @api.get("/<image_id>")
    @Operation(media=("image/jpeg",))
    def send_image(image_id: str) -> Response:
        """Return a stored query image."""
        response = Response(images.read(image_id), mimetype="image/jpeg")
        response.cache_control.max_age = YEAR_SECONDS
        response.cache_control.immutable = True
        return response

    return api
