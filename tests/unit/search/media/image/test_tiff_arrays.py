"""TIFF files of floats in color, of 16 and 64 bits, complex, and in separate planes."""

import io
import struct

import numpy as np
import pytest
import tifffile
from PIL import Image

from search.errors import UnreadableMediaError
from search.media.image.pillow import make_noise, open_image

PHOTO = make_noise(1, 48, 32)[0].resize((120, 80))
PIXELS = np.asarray(PHOTO)
GRADIENT = np.tile(np.linspace(0, 1, 120), (80, 1))


def show(values, **options):
    stream = io.BytesIO()
    tifffile.imwrite(stream, values, **options)
    # tifffile does not write this tag itself.
    body = stream.getvalue().replace(struct.pack("<HHI", 65000, 3, 1), struct.pack("<HHI", 317, 3, 1))
    image, facts = open_image(body)
    assert (image.mode, image.size, facts.width, facts.height) == ("RGB", (120, 80), 120, 80)
    return np.asarray(image).astype(int)


@pytest.mark.parametrize("options", [{}, {"rowsperstrip": 7}, {"tile": (32, 48)}, {"byteorder": ">"}])
@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_colors_as_floats_are_read(kind, options):
    shown = show((PIXELS / 255).astype(kind), photometric="rgb", **options)
    assert np.abs(shown - PIXELS).max() <= 1


@pytest.mark.parametrize("options", [{}, {"rowsperstrip": 7}, {"tile": (32, 48)}])
def test_deflated_floats_are_read(options):
    shown = show((PIXELS / 255).astype(np.float32), photometric="rgb", compression="zlib", **options)
    assert np.abs(shown - PIXELS).max() <= 1


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_floating_point_predictor_is_undone(kind, compression):
    values = (PIXELS / 255).astype(np.dtype(kind).newbyteorder(">"))
    rows = values.view(np.uint8).reshape(80, 120 * 3, -1).transpose(0, 2, 1).reshape(80, -1, 3)
    differences = np.ascontiguousarray(np.diff(rows, axis=1, prepend=np.zeros((80, 1, 3), np.uint8)))
    stored = differences.reshape(80, -1).view(kind).reshape(PIXELS.shape)
    tag = [(65000, "H", 1, 3, True)]
    shown = show(stored, photometric="rgb", compression=compression, rowsperstrip=80, extratags=tag)
    assert np.abs(shown - PIXELS).max() <= 1


def test_the_horizontal_predictor_is_undone():
    values = (GRADIENT * 1000).astype(np.int64)
    stored = np.diff(values, axis=1, prepend=np.zeros((80, 1), np.int64))
    shown = show(stored, photometric="minisblack", rowsperstrip=80, extratags=[(65000, "H", 1, 2, True)])
    assert np.abs(shown[40, :, 0] - np.linspace(0, 255, 120)).max() < 3


@pytest.mark.parametrize("kind", [np.float16, np.float64, np.int64, np.uint64, np.complex64])
def test_gray_numbers_of_every_kind_are_stretched(kind):
    shown = show((GRADIENT * 1000).astype(kind), photometric="minisblack")
    assert np.abs(shown[40, :, 0] - np.linspace(0, 255, 120)).max() < 3


@pytest.mark.parametrize("kind", [np.uint16, np.float32])
def test_separate_planes_are_read(kind):
    planes = np.moveaxis(PIXELS.astype(kind) * 257 if kind is np.uint16 else PIXELS.astype(kind) / 255, 2, 0)
    shown = show(planes, photometric="rgb", planarconfig="separate")
    assert np.abs(shown - PIXELS).max() <= 1


def test_gray_with_transparency_and_colors_that_are_not_declared_are_read():
    values = np.stack([GRADIENT * 65535, GRADIENT * 0 + 65535], -1).astype(np.uint16)
    shown = show(values, photometric="minisblack", planarconfig="contig", extrasamples=["unassalpha"])
    assert np.abs(shown[40, :, 0] - np.linspace(0, 255, 120)).max() < 3
    colors = PIXELS.astype(np.uint16) * 257
    shown = show(colors, photometric="minisblack", planarconfig="contig")
    assert np.abs(shown - PIXELS).max() <= 1


def test_bright_floats_are_scaled_and_missing_ones_are_black():
    values = (PIXELS / 255 * 8).astype(np.float32)
    values[0, 0] = np.nan
    shown = show(values, photometric="rgb")
    assert shown.max() == 255
    assert shown[0, 0].max() == 0
    assert np.abs(shown / shown.mean() - PIXELS / PIXELS.mean())[1:].mean() < 0.05


def test_a_float_image_is_turned_upright():
    stream = io.BytesIO()
    tifffile.imwrite(stream, (PIXELS / 255).astype(np.float32), photometric="rgb", extratags=[(274, "H", 1, 6, True)])
    image, facts = open_image(stream.getvalue())
    assert (image.size, facts.width, facts.height) == ((80, 120), 80, 120)
    assert np.abs(np.asarray(image).astype(int) - np.asarray(PHOTO.transpose(Image.Transpose.ROTATE_270))).max() <= 1


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_damaged_file_is_an_error():
    stream = io.BytesIO()
    tifffile.imwrite(stream, (PIXELS / 255).astype(np.float32), photometric="rgb")
    for length in (9, 150, 1000):
        with pytest.raises(UnreadableMediaError):
            open_image(stream.getvalue()[:length])
