"""Choose which of several images in a file are decoded."""

from PIL import Image

# The maximum number of frames of an animation that are decoded.
ANIMATION_FRAMES = 3
# TIFF: what a page is for, by bits of the new tag and by values of the old one.
NEW_SUBFILE_TAG, REDUCED_BIT, MASK_BIT = 254, 1, 4
OLD_SUBFILE_TAG, OLD_REDUCED = 255, 2


def choose_indexes(image: Image.Image, max_images: int) -> list[int]:
    """Return the indexes of the pages or frames to decode, the main one first.

    The further images of a JPEG (MPF) are a gain map, a preview or the other eye: only the first is decoded. Of a HEIC
    file the primary image is the main one. Reduced pages and masks of a TIFF file are left out.

    Args:
        image: The open file.
        max_images: The maximum number of images.
    """
    count = getattr(image, "n_frames", 1)
    if count <= 1 or image.format in {"MPO", "JPEG"}:
        return [0]
    if image.format == "TIFF":
        return _choose_pages(image, count, max_images)
    main = image.tell()
    if max_images == 1:
        return [main]
    chosen = min(count, max_images, ANIMATION_FRAMES)
    spread = {round(number * (count - 1) / (chosen - 1)) for number in range(chosen)} if chosen > 1 else set()
    return [main, *sorted(spread - {main})]


def _choose_pages(image: Image.Image, count: int, max_images: int) -> list[int]:
    """Return the indexes of the full pages of a TIFF file; the first one if all are reduced."""
    pages = []
    for index in range(count):
        try:
            image.seek(index)
        except (OSError, EOFError, SyntaxError, ValueError, KeyError, TypeError):
            break  # the pages before it can still be decoded
        tags = getattr(image, "tag_v2", {})
        kind = tags.get(NEW_SUBFILE_TAG, 0)
        is_part = isinstance(kind, int) and kind & (REDUCED_BIT | MASK_BIT)
        if not is_part and tags.get(OLD_SUBFILE_TAG) != OLD_REDUCED:
            pages.append(index)
        if len(pages) == max_images:
            break
    image.seek(0)
    return pages or [0]
