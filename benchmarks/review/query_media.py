"""The pictures and recordings to search by."""

from pathlib import Path

from PIL import Image

from benchmarks.review import sounds
from benchmarks.review.drawing import draw_paper, make_photo_of_text
from benchmarks.review.fonts import Fonts
from benchmarks.review.manifest import MEDIA, QUERIES, Manifest
from benchmarks.review.rules import SETS, Query, find_photo, read_queries
from benchmarks.review.sources import SEED, Photos

COPY_SIDE = 300
# What is cut out of a picture, as a share of its width and height.
CROP = (0.2, 0.25, 0.7, 0.8)
OTHER_RECEIPT = (
    "GARDEN MARKET\nKing Street 7\n\nTomato plants 6x      11.94\nPotting soil 40l       7.99\n"
    "Watering can          14.50\n\nTOTAL                 34.43\nCash\n22/05/2022"
)


def write_query_media(root: Path, manifest: Manifest, photos: Photos, fonts: Fonts) -> None:
    """Write the picture or the recording of each query that has one."""
    (root / QUERIES).mkdir(parents=True, exist_ok=True)
    for query in (query for name in SETS for query in read_queries(name)):
        if query.picture:
            _make_picture(root, query.picture, manifest, photos, fonts).save(find_media(root, query), quality=75)
        elif query.spoken:
            voice = "en-us" if query.language == "en" else query.language
            sounds.write_sound(find_media(root, query), sounds.speak(query.spoken, voice))


def find_media(root: Path, query: Query) -> Path:
    """Return where the picture or recording of a query is."""
    name = "".join(character if character.isalnum() else "-" for character in query.picture or query.spoken)
    return root / QUERIES / f"{name.lower()}.{'jpg' if query.picture else 'wav'}"


def _make_picture(root: Path, how: str, manifest: Manifest, photos: Photos, fonts: Fonts) -> Image.Image:
    """Return a picture: a small `copy` or a `crop` of a photo of the library, or `another` photo of a concept."""
    verb, _, name = how.partition(" ")
    if verb == "another":
        return photos.take(name).open(COPY_SIDE * 2)
    if verb == "receipt":
        return make_photo_of_text(draw_paper(OTHER_RECEIPT, "photographed", fonts, is_receipt=True), SEED)
    image = Image.open(root / MEDIA / find_photo(manifest, name).path).convert("RGB")
    if verb == "crop":
        left, top, right, bottom = CROP
        width, height = image.size
        return image.crop((round(left * width), round(top * height), round(right * width), round(bottom * height)))
    image.thumbnail((COPY_SIDE, COPY_SIDE))
    return image
