"""Process large images in blocks of rows, so that arrays of floats stay small."""

from collections.abc import Callable

from PIL import Image

# The maximum number of pixels in a block.
MAX_BLOCK_PIXELS = 2**20


def convert_rows(image: Image.Image, mode: str, convert: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """Return an image that a function made of the blocks of another image.

    Args:
        image: The image.
        mode: The mode of the new image.
        convert: Makes a block in this mode of a block of the image.
    """
    rows = max(1, MAX_BLOCK_PIXELS // image.width)
    if rows >= image.height:
        return convert(image)
    converted = Image.new(mode, image.size)
    for top in range(0, image.height, rows):
        block = image.crop((0, top, image.width, min(top + rows, image.height)))
        converted.paste(convert(block), (0, top))
    return converted
