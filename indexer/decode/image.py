"""The family of images."""

from collections.abc import Sequence
from pathlib import Path

from indexer.decode.content import DecodedImage, FileSummary, Parts
from indexer.decode.family import Family, Format, Signature, split_suffixes
from search.media.image.pillow import USEFUL_SIDE, is_blank, iterate_images
from search.media.image.raw import RAW_SUFFIXES
from search.media.xmp import XMP_SUFFIX
from search.records import ItemType, Segment, SegmentKind

PAGED_SUFFIXES = {".tif", ".tiff"}
MAX_PAGES = 500
# Brands of images in the ISO container, which videos use as well.
STILL_BRANDS = b"avif avis heic heix heim heis mif1 msf1 crx".split()
# Sizes of the header after the file header of a BMP: "BM" alone is too short to recognize one.
BITMAP_HEADER_SIZES = {12, 40, 52, 56, 64, 108, 124}


def decode_image(path: Path, _subtitles: Sequence[Path]) -> Parts:
    """Yield an image, the pages of a TIFF, or a few frames of an animation.

    A JPEG is decoded no larger than the models and the thumbnail need.

    Args:
        path: The file.

    Raises:
        UnreadableMediaError: The file cannot be decoded.
    """
    cover, metadata, remark = None, None, None
    is_paged = path.suffix.lower() in PAGED_SUFFIXES
    for picture in iterate_images(path, USEFUL_SIDE, MAX_PAGES):
        remark = picture.remark
        if cover is None or is_blank(cover):
            cover = picture.image
        if metadata is None:
            metadata = picture.facts
            # A description is also searched as text.
            if metadata.description:
                yield Segment(SegmentKind.PASSAGE, metadata.description)
        page = picture.index + 1 if is_paged else None
        yield DecodedImage(Segment(SegmentKind.IMAGE, page=page), picture.image)
    if metadata is not None:
        yield FileSummary(metadata, cover, remark=remark)


def _is_bitmap(_path: Path, head: bytes) -> bool:
    return head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in BITMAP_HEADER_SIZES


IMAGE = Family(
    type=ItemType.IMAGE,
    formats=(
        Format(
            "JPEG",
            split_suffixes("jpg jpeg jpe jfif"),
            "the image, also if up to half of it is missing; EXIF, IPTC and XMP",
            "further images in the file, such as gain maps; the film of a Motion Photo, which can be played",
        ),
        Format(
            "PNG",
            (".png",),
            "the image, also with 16 bits; EXIF, XMP and texts",
            "texts of more than 1 MiB when unpacked",
        ),
        Format(
            "WebP, GIF, animated PNG",
            split_suffixes("webp gif"),
            "three frames of an animation; a still WebP also if its end is missing",
        ),
        Format(
            "TIFF",
            split_suffixes("tif tiff"),
            "every page, up to 500; deep, scientific and floating-point images, stretched to the values that they use",
            "reduced copies of pages; floating-point images with LZW compression",
        ),
        Format(
            "HEIC, HEIF, AVIF",
            split_suffixes("heic heif avif"),
            "the primary image, then others; the primary image also if up to half of it is missing at the end",
        ),
        Format("JPEG XL, JPEG 2000", split_suffixes("jxl jp2 j2k"), "the image; EXIF of JPEG XL", "incomplete files"),
        Format("PSD", (".psd",), "the flattened image", "single layers"),
        Format("BMP, TGA, QOI, PPM, PGM", split_suffixes("bmp tga qoi ppm pgm"), "the image"),
        Format(
            "Camera raw",
            tuple(sorted(RAW_SUFFIXES)),
            "the embedded preview if it is large enough, else the developed image",
        ),
    ),
    decode=decode_image,
    signatures=(
        Signature(0, (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*")),
        Signature(0, (b"\xff\x0a", b"\0\0\0\x0cJXL ", b"\0\0\0\x0cjP  ", b"qoif", b"8BPS", b"P5\n", b"P6\n")),
        Signature(0, (b"FUJIFILMCCD-RAW", b"FOVb")),
        Signature(4, tuple(b"ftyp" + brand for brand in STILL_BRANDS)),
        Signature(8, (b"WEBPVP8",)),
    ),
    detect=_is_bitmap,
    sidecars=(XMP_SUFFIX,),
)
