"""Turn and mirror images."""

from PIL import Image

_TURNS = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}


def turn_image(image: Image.Image, degrees: int, is_mirrored: bool) -> Image.Image:
    """Mirror an image from left to right if it is mirrored, then turn it by a multiple of 90 degrees to the left."""
    if is_mirrored:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return image.transpose(_TURNS[degrees]) if degrees else image
