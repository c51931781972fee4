"""Colors are converted to sRGB: profiles, Adobe RGB, Lab, gamma, PQ and HLG."""

import io
import struct
import zlib

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from search.media.image import color
from search.media.image.pillow import make_noise, open_image
from search.media.tone_mapping import BT2020, PEAK_LUMINANCE, TO_SRGB, WHITE_LUMINANCE, Transfer
from tests.support.formats import encode
from tests.support.profiles import DISPLAY_P3, make_gray_profile, make_profile

PHOTO = make_noise(1, 64, 48)[0].resize((320, 240))
P3_PROFILE = make_profile("Display P3", DISPLAY_P3, 2.2)
# Light of BT.2020 for light of sRGB.
TO_BT2020 = np.linalg.inv(np.array(TO_SRGB[BT2020]))


def read_light(image):
    """Return the linear light of an image in sRGB, 0 to 1."""
    encoded = np.asarray(image) / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def difference(shown, expected):
    return np.abs(np.asarray(shown, np.int16) - np.asarray(expected, np.int16)).mean()


def add_chunk(png, name, body):
    chunk = name + body
    return png[:33] + struct.pack(">I", len(body)) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png[33:]


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("transfer", [13, 1])
@pytest.mark.parametrize(("primaries", "red"), [(12, (234, 51, 35)), (9, (208, 74, 35))])
def test_wider_primaries_of_a_standard_range_are_converted_without_a_profile(mode, transfer, primaries, red):
    # The red of sRGB in Display P3 and in BT.2020.
    source = Image.new(mode, (64, 48), red)
    stream = io.BytesIO()
    coding = {"color_primaries": primaries, "transfer_characteristics": transfer, "full_range_flag": 1}
    pillow_heif.from_pillow(source).save(stream, quality=95, matrix_coefficients=6, **coding)
    png = add_chunk(encode(source, "PNG"), b"cICP", bytes([primaries, transfer, 0, 1]))
    for body in (stream.getvalue(), png):
        assert np.asarray(open_image(body)[0]).mean((0, 1)) == pytest.approx((255, 0, 0), abs=6)


def test_the_primaries_of_srgb_and_a_profile_are_not_converted_twice():
    red = Image.new("RGB", (64, 48), (234, 51, 35))
    body = add_chunk(encode(red, "PNG"), b"cICP", bytes([1, 13, 0, 1]))
    assert open_image(body)[0].getpixel((5, 5)) == (234, 51, 35)
    stream = io.BytesIO()
    coding = {"color_primaries": 12, "transfer_characteristics": 13, "matrix_coefficients": 6, "full_range_flag": 1}
    pillow_heif.from_pillow(red).save(stream, quality=95, icc_profile=P3_PROFILE, **coding)
    assert np.asarray(open_image(stream.getvalue())[0]).mean((0, 1)) == pytest.approx((255, 0, 0), abs=6)


def test_what_is_converted_is_said_before():
    image = Image.new("RGB", (64, 48), (234, 51, 35))
    assert color.find_conversion(image, None) is None
    assert color.find_conversion(image, (1, 13)) is None
    for coding in ((12, 13), (9, 16), (1, 18)):
        assert color.find_conversion(image, coding) is not None
    image.info["gamma"] = 1.0
    assert color.find_conversion(image, None) is not None
    assert color.find_conversion(image, None)(image) != image


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "HEIF"])
def test_display_p3_is_converted(kind):
    # The red of sRGB in Display P3.
    source = Image.new("RGB", (64, 48), (234, 51, 35))
    shown, _ = open_image(encode(source, kind, icc_profile=P3_PROFILE))
    red, green, blue = np.asarray(shown).mean((0, 1))
    assert (red > 250, green < 12, blue < 12) == (True, True, True)


def test_a_profile_applies_to_transparent_and_palette_images():
    source = Image.new("RGBA", (64, 48), (234, 51, 35, 255))
    source.paste((0, 0, 0, 0), (0, 0, 64, 24))
    for image in (source, source.quantize(8)):
        shown, _ = open_image(encode(image, "PNG", icc_profile=P3_PROFILE))
        assert shown.getpixel((5, 5)) == (255, 255, 255)
        red, green, _ = shown.getpixel((5, 40))
        assert (red > 250, green < 14) == (True, True)


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_a_gray_profile_is_applied(mode):
    source = Image.new("L", (64, 48), 128).convert(mode)
    shown, _ = open_image(encode(source, "PNG", icc_profile=make_gray_profile("linear", 1.0)))
    assert shown.getpixel((5, 5)) == pytest.approx((188, 188, 188), abs=1)


@pytest.mark.parametrize("profile", [b"", b"broken", P3_PROFILE[:200], make_gray_profile("gray", 1.0)])
def test_a_profile_that_is_damaged_or_of_another_mode_is_ignored(profile):
    assert np.array_equal(open_image(encode(PHOTO, "PNG", icc_profile=profile))[0], PHOTO)


def test_a_profile_of_rgb_in_an_image_of_cmyk_is_ignored():
    source = PHOTO.convert("CMYK")
    shown = open_image(encode(source, "TIFF", icc_profile=P3_PROFILE))[0]
    assert np.array_equal(shown, source.convert("RGB"))


@pytest.mark.parametrize(("logo", "background"), [((255, 255, 255), 72), ((250, 240, 235), 72), ((200, 30, 30), 255)])
def test_a_white_logo_on_a_transparent_background_is_visible(logo, background):
    source = Image.new("RGBA", (64, 48), (255, 255, 255, 0))
    source.paste((*logo, 255), (16, 12, 48, 36))
    for image in (source, source.quantize(8)):
        shown = open_image(encode(image, "PNG"))[0]
        assert shown.getpixel((2, 2)) == (background,) * 3
        assert shown.getpixel((32, 24)) == logo


def test_an_image_in_srgb_is_not_changed():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert np.array_equal(open_image(encode(PHOTO, "PNG", icc_profile=profile))[0], PHOTO)


def test_a_large_image_is_reduced_before_its_colors_are_converted():
    image, facts = open_image(encode(PHOTO.resize((1280, 960)), "PNG", icc_profile=P3_PROFILE), 240)
    assert image.size == (320, 240)
    assert (facts.width, facts.height) == (1280, 960)


def test_adobe_rgb_without_a_profile_is_converted():
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA005] = {1: "R03"}
    # The green of sRGB in Adobe RGB.
    source = Image.new("RGB", (64, 48), (144, 255, 60))
    red, green, blue = np.asarray(open_image(encode(source, "JPEG", exif=exif, quality=95))[0]).mean((0, 1))
    assert (red < 12, green > 252, blue < 12) == (True, True, True)


def test_lab_is_converted():
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    lab = ImageCms.buildTransform(*profiles, "RGB", "LAB").apply(PHOTO)
    assert difference(open_image(encode(lab, "TIFF"))[0], PHOTO) < 3


def test_a_png_of_another_gamma_is_converted():
    linear = Image.fromarray(((np.asarray(PHOTO) / 255) ** 2.2 * 255).round().astype(np.uint8))
    body = add_chunk(encode(linear, "PNG"), b"gAMA", struct.pack(">I", 100_000))
    assert difference(open_image(body)[0], PHOTO) < 3
    body = add_chunk(encode(PHOTO, "PNG"), b"gAMA", struct.pack(">I", 45_455))
    assert np.array_equal(open_image(body)[0], PHOTO)


def encode_pq(image):
    """Return the image in BT.2020 and PQ, with white at 203 cd/m²."""
    light = (read_light(image) @ TO_BT2020.T).clip(0, 1) * WHITE_LUMINANCE / 10_000
    power = light**0.1593017578125
    code = ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375
    return Image.fromarray((code * 255).round().astype(np.uint8))


def encode_hlg(image):
    """Return the image in BT.2020 and HLG for a screen of 1000 cd/m², with white at 203 cd/m²."""
    light = (read_light(image) @ TO_BT2020.T).clip(0, 1) * WHITE_LUMINANCE / PEAK_LUMINANCE
    luminance = np.maximum(light @ np.array((0.2627, 0.6780, 0.0593)), 1e-6)[..., None]
    scene = light * luminance ** (-0.2 / 1.2)
    logarithm = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-6)) + 0.55991073
    return Image.fromarray((np.where(scene <= 1 / 12, np.sqrt(3 * scene), logarithm) * 255).round().astype(np.uint8))


def test_a_pq_image_looks_like_the_standard_one():
    stream = io.BytesIO()
    coding = {"color_primaries": 9, "transfer_characteristics": 16, "matrix_coefficients": 9, "full_range_flag": 1}
    pillow_heif.from_pillow(encode_pq(PHOTO)).save(stream, quality=95, **coding)
    png = add_chunk(encode(encode_pq(PHOTO), "PNG"), b"cICP", bytes([9, 16, 0, 1]))
    for body in (stream.getvalue(), png):
        shown = open_image(body)[0]
        assert difference(shown, PHOTO) < 9  # the brightest tones are compressed
        dark = np.asarray(PHOTO).max(-1) < 150
        assert np.abs(np.asarray(shown, np.int16) - np.asarray(PHOTO, np.int16))[dark].mean() < 6


def test_an_hlg_image_looks_like_the_standard_one():
    body = encode(encode_hlg(PHOTO), "AVIF", quality=95)
    place = body.index(b"colrnclx") + 8
    body = body[:place] + bytes([0, 9, 0, 18]) + body[place + 4 :]
    assert difference(open_image(body)[0], PHOTO) < 10


def test_highlights_of_hdr_are_compressed_and_not_clipped():
    ramp = Image.fromarray(np.repeat(np.arange(100, 196, dtype=np.uint8)[None, :, None], 3, 2).repeat(8, 0))
    shown = np.asarray(color.tone_map(ramp, BT2020, Transfer.PQ))[0, :, 0].astype(int)
    assert (np.diff(shown) >= 0).all()
    assert shown[-1] > 250
    assert len(set(shown[40:].tolist())) > 20
