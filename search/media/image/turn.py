"""Turn and mirror images."""

from PIL import Image

# How images are turned upright, by their EXIF orientation.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# How images are rotated by a number of degrees to the left.
_ROTATIONS = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}


def turn_image(image: Image.Image, degrees: int, is_mirrored: bool) -> Image.Image:
    """Mirror an image from left to right if it is mirrored, then turn it by a multiple of 90 degrees to the left."""
    if is_mirrored:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return image.transpose(_ROTATIONS[degrees]) if degrees else image
