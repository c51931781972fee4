"""Change the pixels of large images without large arrays: block by block, or by a table."""

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


def map_colors(image: Image.Image, table: list[int]) -> Image.Image:
    """Return an image of 8 bits per channel with other values in every channel except the transparency.

    Args:
        image: The image.
        table: The new value of each value from 0 to 255.
    """
    bands = [
        band if name == "A" else band.point(table) for name, band in zip(image.getbands(), image.split(), strict=True)
    ]
    return Image.merge(image.mode, bands)
