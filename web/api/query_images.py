"""/api/v1/query-images: uploaded images to search by, kept so that an address can name them."""

from flask import Blueprint, Response, jsonify, request

from search.errors import UnreadableMediaError, UsageError
from search.library import Library
from search.media.image.picture import encode_thumbnail, open_image
from search.storage.query_images import QueryImages

# Larger than any model sees, so that a region can be cut out.
LARGEST = (1024, 1024)
# What an id names never changes.
YEAR = 365 * 24 * 3600


def make_blueprint(library: Library) -> Blueprint:
    """Return the routes."""
    api = Blueprint("query_images", __name__, url_prefix="/api/v1/query-images")

    images = QueryImages(library.database)

    @api.post("")
    def keep_image() -> tuple[Response, int]:
        """Keep a small copy, without what the file says of place and time."""
        if "image" not in request.files:
            raise UsageError("send a picture as a part named `image` of multipart/form-data")
        body = request.files["image"].read()
        if not body:
            raise UnreadableMediaError("image: the file is empty")
        picture, _ = open_image(body, LARGEST[0])
        kept = images.keep(encode_thumbnail(picture, LARGEST))
        return jsonify({"id": kept}), 201

    @api.get("/<image_id>")
    def send_image(image_id: str) -> Response:
        response = Response(images.read(image_id), mimetype="image/jpeg")
        response.cache_control.private = True
        response.cache_control.max_age = YEAR
        response.cache_control.immutable = True
        return response

    return api
