"""Frames as a player shows them: the right track, upright, in shape and color, at the right time."""

import io
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from search.errors import UnreadableMediaError
from search.media.recording.container import DecodeReport
from search.media.recording.frames import iterate_frames, read_frame
from search.media.recording.tracks import probe, read_cover
from tests.support.recordings import BLUE, RED, encode, make_images, make_noise_images, write_frames


def mark_corner(size=(320, 200)):
    image = Image.new("RGB", size, BLUE)
    image.paste(RED, (0, 0, size[0] // 4, size[1] // 4))
    return image


def find_red(image):
    """Return the corner that is red."""
    pixels = np.asarray(image)
    corners = {"top left": pixels[5, 5], "top right": pixels[5, -5], "bottom left": pixels[-5, 5]}
    corners["bottom right"] = pixels[-5, -5]
    return [name for name, pixel in corners.items() if pixel[0] > 150]


def first_image(body):
    return next(iterate_frames(body, 1.0)).image


def write_turned(target, degrees, is_mirrored):
    with av.open(target, "w", format="mp4") as out:
        stream = out.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 200, "yuv420p"
        stream.set_display_rotation(degrees, hflip=is_mirrored)
        for _ in range(3):
            out.mux(stream.encode(av.VideoFrame.from_image(mark_corner())))
        out.mux(stream.encode(None))


@pytest.mark.parametrize(
    ("degrees", "is_mirrored", "size", "corner"),
    [
        (0, False, (320, 200), "top left"),
        (90, False, (200, 320), "bottom left"),
        (180, False, (320, 200), "bottom right"),
        (-90, False, (200, 320), "top right"),
        (0, True, (320, 200), "top right"),
        (180, True, (320, 200), "bottom left"),
        (90, True, (200, 320), "bottom right"),
    ],
)
def test_a_video_is_turned_and_mirrored(degrees, is_mirrored, size, corner):
    image = first_image(encode(write_turned, degrees, is_mirrored))
    assert (image.size, find_red(image)) == (size, [corner])


@pytest.mark.parametrize(
    ("aspect", "width"),
    [(Fraction(16, 11), 465), (Fraction(8, 9), 284), (Fraction(1), 320), (Fraction(1, 100), 320)],
)
def test_pixels_that_are_not_square_are_made_square(aspect, width):
    body = encode(write_frames, make_images(3), "matroska", sample_aspect_ratio=aspect)
    assert first_image(body).size == (width, 200)
    assert (probe(body).media.width, probe(body).media.height) == (width, 200)


def write_with_cover(target):
    with av.open(target, "w", format="mp4") as out:
        cover = out.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = 0x400  # an attached picture
        video = out.add_stream("libx264", rate=10)
        video.width, video.height, video.pix_fmt = 320, 200, "yuv420p"
        out.mux(cover.encode(av.VideoFrame.from_image(Image.new("RGB", (64, 64), RED))))
        out.mux(cover.encode(None))
        for _ in range(30):
            out.mux(video.encode(av.VideoFrame.from_image(Image.new("RGB", (320, 200), BLUE))))
        out.mux(video.encode(None))


def move_first(body, name):
    """Move a box to the start of the index (moov), which is at the end of the file."""
    start = body.rindex(b"moov") + 4
    place = body.index(name, start) - 4
    size = int.from_bytes(body[place : place + 4])
    return body[:start] + body[place : place + size] + body[start:place] + body[place + size :]


def test_a_cover_before_the_video_is_not_the_video():
    body = move_first(encode(write_with_cover), b"udta")
    with av.open(io.BytesIO(body)) as container:
        assert next(iter(container.streams.video)).disposition & 0x400
    frames = list(iterate_frames(body, 1.0))
    assert [frame.seconds for frame in frames] == [0, 1, 2]
    assert {frame.image.size for frame in frames} == {(320, 200)}
    assert np.asarray(frames[0].image)[100, 100, 2] > 150
    assert (probe(body).media.width, probe(body).has_video) == (320, True)
    assert read_cover(body).size == (64, 64)


def read_times(body, **options):
    return [round(frame.seconds, 2) for frame in iterate_frames(body, 0.9, **options)]


@pytest.mark.parametrize("container", ["mp4", "mov", "matroska"])
def test_frames_that_start_late_have_the_time_that_a_player_shows(container):
    body = encode(write_late, container)
    assert read_times(body)[0] == pytest.approx(3, abs=0.05)


def write_late(target, container):
    """Write five seconds of sound, and a video that starts after three."""
    with av.open(target, "w", format=container) as out:
        sound = out.add_stream("aac", rate=16000)
        sound.layout = "mono"
        video = out.add_stream("libx264", rate=10, options={"bf": "0"})
        video.width, video.height, video.pix_fmt = 320, 200, "yuv420p"
        for number in range(80):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            frame.sample_rate, frame.pts, frame.time_base = 16000, number * 1024, Fraction(1, 16000)
            out.mux(sound.encode(frame))
        for number in range(20):
            frame = av.VideoFrame.from_image(Image.new("RGB", (320, 200), BLUE))
            frame.pts, frame.time_base = 30 + number, Fraction(1, 10)
            out.mux(video.encode(frame))
        out.mux(sound.encode(None))
        out.mux(video.encode(None))


def test_the_clock_of_a_broadcast_starts_anywhere(tmp_path):
    body = encode(write_frames, make_images(20), "mpegts", start=5000)
    assert read_times(body) == [0, 1, 2, 3] or read_times(body) == pytest.approx([0, 0.9, 1.8, 2.7, 3.6], abs=0.01)
    (tmp_path / "a.ts").write_bytes(body)
    assert np.asarray(read_frame(tmp_path / "a.ts", 1.0))[100, 100, 0] > 150
    assert np.asarray(read_frame(tmp_path / "a.ts", 3.0))[100, 100, 2] > 150


@pytest.mark.parametrize("pid", [256, 512])
def test_a_new_program_of_a_broadcast_continues_the_old_one(pid):
    first = encode(write_frames, make_images(10), "mpegts", start=500)
    options = {"mpegts_start_pid": str(pid), "mpegts_pmt_start_pid": str(pid * 8)}
    second = encode(write_frames, make_images(10, (640, 360)), "mpegts", start=20, options=options)
    frames = list(iterate_frames(first + second, 0.5))
    seconds = [frame.seconds for frame in frames]
    assert seconds == sorted(seconds)
    assert seconds[-1] == pytest.approx(3.5, abs=0.5)
    assert [frame.image.size for frame in frames][:: len(frames) - 1] == [(320, 200), (640, 360)]


def test_frames_at_irregular_times_keep_them():
    stamps = [0, 40, 1000, 1040, 7000, 7040, 9000]

    def write(target):
        with av.open(target, "w", format="matroska") as out:
            stream = out.add_stream("libx264", rate=25, options={"bf": "0"})
            stream.width, stream.height, stream.pix_fmt = 320, 200, "yuv420p"
            stream.codec_context.time_base = Fraction(1, 1000)
            for stamp in stamps:
                frame = av.VideoFrame.from_image(mark_corner())
                frame.pts, frame.time_base = stamp, Fraction(1, 1000)
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))

    assert read_times(encode(write)) == [0, 1, 7, 9]


def cut_index(body):
    """Remove the index of an AVI file, as of a camera that lost power."""
    body = bytearray(body[: body.index(b"idx1")])
    body[4:8] = bytes(4)
    place = body.index(b"movi") - 4
    body[place : place + 4] = bytes(4)
    return bytes(body)


def test_an_avi_without_index_is_decoded(tmp_path):
    body = cut_index(encode(write_frames, make_images(20), "avi", "mpeg4"))
    (tmp_path / "a.avi").write_bytes(body)
    assert read_times(body) == pytest.approx([0, 0.9, 1.8, 2.7, 3.6], abs=0.11)
    for seconds, channel in ((0.5, 0), (3.0, 2)):
        assert np.asarray(read_frame(tmp_path / "a.avi", seconds))[100, 100, channel] > 150


def test_an_mp4_without_index_is_explained():
    body = encode(write_frames, make_images(10), "mp4")
    place = body.index(b"moov") - 4
    with pytest.raises(UnreadableMediaError, match="index \\(moov\\) is missing"):
        list(iterate_frames(body[:place], 1.0))


@pytest.mark.parametrize(
    ("container", "options"), [("webm", {"live": "1"}), ("mp4", {"movflags": "frag_keyframe+empty_moov"})]
)
def test_recordings_of_browsers_do_not_state_their_length(container, options):
    codec = "libvpx" if container == "webm" else "libx264"
    report = DecodeReport()
    body = encode(write_frames, make_images(20), container, codec, options=options, max_b_frames=0)
    assert [round(frame.seconds, 1) for frame in iterate_frames(body, 0.9, report=report)] == [0, 0.9, 1.8, 2.7, 3.6]
    assert report.end == pytest.approx(4, abs=0.15)
    assert report.describe(probe(body).video_duration) is None


@pytest.mark.parametrize(("container", "codec"), [("mp4", "libx264"), ("matroska", "libx264"), ("mov", "mjpeg")])
def test_of_a_truncated_video_all_that_is_there_is_decoded(tmp_path, container, codec):
    noise = make_noise_images(40)
    settings = {"pix_fmt": "yuvj420p"} if codec == "mjpeg" else {}
    options = {"movflags": "faststart"} if container != "matroska" else {}  # the index comes first
    write_frames(str(tmp_path / "a"), noise, container, codec, options=options, **settings)
    body = (tmp_path / "a").read_bytes()
    report = DecodeReport()
    times = [frame.seconds for frame in iterate_frames(body[: len(body) // 2], 0.5, report=report)]
    assert 1.5 <= times[-1] <= 2.5
    decoded = f"{report.end:.1f}".removesuffix(".0")
    assert report.describe(4.0) == f"the file is incomplete: {decoded} of 4 seconds could be decoded"
    assert 1.5 <= report.end <= 2.6


def test_damaged_frames_are_left_out():
    noise = make_noise_images(30)
    body = bytearray(encode(write_frames, noise, "avi", "mjpeg", pix_fmt="yuvj420p"))
    place = body.index(b"00dc", len(body) // 2) + 8
    body[place : place + 400] = b"\x55" * 400
    report = DecodeReport()
    times = [round(frame.seconds, 1) for frame in iterate_frames(bytes(body), 0.1, report=report)]
    assert len(times) >= 28
    assert times[-1] == pytest.approx(2.9, abs=0.11)


@pytest.mark.parametrize(
    ("codec", "pix_fmt"),
    [
        ("ffv1", "gray"), ("ffv1", "gray10le"), ("ffv1", "gray16le"), ("ffv1", "yuv444p16le"), ("ffv1", "bgr0"),
        ("ffv1", "gbrp12le"), ("ffv1", "bgra"), ("prores_ks", "yuva444p10le"), ("qtrle", "argb"),
        ("libx264", "yuv422p10le"),         ("rawvideo", "rgb555le"), ("rawvideo", "uyvy422"), ("ffv1", "yuv410p"),
        ("libx264", "nv12"), ("libx264", "yuvj444p"),
    ],
)  # fmt: skip
def test_every_pixel_format_is_shown(codec, pix_fmt):
    container = "mov" if codec in {"prores_ks", "qtrle"} else "avi" if codec == "rawvideo" else "matroska"
    body = encode(write_frames, [Image.new("RGB", (320, 200), (200, 60, 30))] * 3, container, codec, pix_fmt=pix_fmt)
    color = np.asarray(first_image(body)).mean((0, 1))
    expected = [106] * 3 if pix_fmt.startswith("gray") else [200, 60, 30]
    assert color == pytest.approx(expected, abs=12)


def write_colored(target, level, transfer, primaries=9, matrix=9, chroma=(512, 512)):
    """Write frames of one level of 1,023, 10 bits, limited range. They are gray if both chroma levels are 512."""
    with av.open(target, "w", format="matroska") as out:
        stream = out.add_stream("ffv1", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p10le"
        stream.codec_context.color_trc, stream.codec_context.color_primaries = transfer, primaries
        stream.codec_context.colorspace, stream.codec_context.color_range = matrix, 1
        for _ in range(3):
            frame = av.VideoFrame(64, 48, "yuv420p10le")
            for plane, value in zip(frame.planes, (level, *chroma), strict=True):
                plane.update(np.full(plane.buffer_size // 2, value, np.uint16).tobytes())
            frame.color_trc, frame.color_primaries, frame.colorspace, frame.color_range = transfer, primaries, matrix, 1
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


@pytest.mark.parametrize(
    ("transfer", "nits", "expected"),
    [(16, 203, 231), (16, 26, 100), (16, 1000, 255), (16, 0, 0), (18, 203, 231), (18, 26, 100)],
)
def test_a_high_dynamic_range_becomes_the_brightness_of_a_screen(transfer, nits, expected):
    body = encode(write_colored, 64 + round(876 * find_level(transfer, nits)), transfer)
    image = np.asarray(first_image(body))
    assert image.mean((0, 1)) == pytest.approx([expected] * 3, abs=3)


# The primaries of sRGB in light of BT.2020 and of Display P3, one column each.
SRGB_IN = {
    9: ((0.6274, 0.3293, 0.0433), (0.0691, 0.9195, 0.0114), (0.0164, 0.0880, 0.8956)),
    12: ((0.8225, 0.1775, 0.0), (0.0332, 0.9668, 0.0), (0.0171, 0.0724, 0.9105)),
    1: ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
}


@pytest.mark.parametrize("primaries", [9, 2, 1, 12])  # 2 is unspecified
def test_the_primaries_of_a_high_dynamic_range_are_those_of_the_video(primaries):
    shown = np.array((180, 60, 40))
    light = np.array(SRGB_IN[9 if primaries == 2 else primaries]) @ (((shown / 255 + 0.055) / 1.055) ** 2.4)
    red, green, blue = find_level(16, light * 203)
    luma = 0.2627 * red + 0.6780 * green + 0.0593 * blue
    chroma = tuple(512 + round(896 * part) for part in ((blue - luma) / 1.8814, (red - luma) / 1.4746))
    body = encode(write_colored, 64 + round(876 * luma), 16, primaries, chroma=chroma)
    assert np.asarray(first_image(body)).mean((0, 1)) == pytest.approx(shown, abs=4)


def find_level(transfer, nits):
    """Return the signal from 0 to 1 for a gray of a brightness."""
    if transfer == 16:
        power = (nits / 10_000) ** 0.1593017578125
        return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375
    scene = (nits / 1000) ** (1 / 1.2)
    return np.sqrt(3 * scene) if scene <= 1 / 12 else 0.17883277 * np.log(12 * scene - 0.28466892) + 0.55991073


@pytest.mark.parametrize(("matrix", "primaries"), [(1, 1), (6, 6)])
def test_the_color_matrix_of_a_video_is_applied(matrix, primaries):
    red = {1: (63, 102, 240), 6: (81, 90, 240)}[matrix]  # full red in Y, Cb and Cr

    def write(target):
        with av.open(target, "w", format="matroska") as out:
            stream = out.add_stream("ffv1", rate=10)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            stream.codec_context.colorspace, stream.codec_context.color_range = matrix, 1
            for _ in range(3):
                frame = av.VideoFrame(64, 48, "yuv420p")
                for plane, value in zip(frame.planes, red, strict=True):
                    plane.update(bytes([value]) * plane.buffer_size)
                frame.colorspace, frame.color_range = matrix, 1
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))

    assert np.asarray(first_image(encode(write))).mean((0, 1)) == pytest.approx([255, 0, 0], abs=6)


@pytest.mark.parametrize("reserved", [{"colorspace": 3}, {"color_trc": 3}, {"color_primaries": 3}, {"color_range": 3}])
def test_reserved_colors_are_shown_as_usual(reserved):
    def write(target):
        with av.open(target, "w", format="mp4") as out:
            stream = out.add_stream("libx264", rate=10)
            stream.width, stream.height, stream.pix_fmt = 320, 200, "yuv420p"
            for name, value in reserved.items():
                setattr(stream.codec_context, name, value)
            for _ in range(3):
                out.mux(stream.encode(av.VideoFrame.from_image(Image.new("RGB", (320, 200), RED))))
            out.mux(stream.encode(None))

    assert np.asarray(first_image(encode(write))).mean((0, 1)) == pytest.approx(RED, abs=25)


def test_an_edit_list_cuts_the_start():
    body = bytearray(encode(write_frames, make_images(20), "mp4"))
    place = body.index(b"elst") + 12
    duration, start = (int.from_bytes(body[place + offset : place + offset + 4]) for offset in (0, 4))
    scale = int.from_bytes(body[body.index(b"mdhd") + 16 : body.index(b"mdhd") + 20])
    body[place : place + 8] = (duration - 1000).to_bytes(4) + (start + scale).to_bytes(4)
    frames = list(iterate_frames(bytes(body), 0.05))
    assert (frames[0].seconds, frames[-1].seconds) == (0, pytest.approx(2.9, abs=0.05))
    blue = next(frame.seconds for frame in frames if np.asarray(frame.image)[100, 100, 2] > 150)
    assert blue == pytest.approx(1, abs=0.05)
