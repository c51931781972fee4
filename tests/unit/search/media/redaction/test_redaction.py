"""Files without the places where they were made: all else is the same, and so is their size."""

import io
import struct

import av
import numpy as np
import pillow_heif
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from search.media.image.pillow import open_image
from search.media.redaction.patches import NotRedactableError, Patch, PatchedFile
from search.media.redaction.redaction import find_patches
from tests.support.properties import few_examples
from tests.support.recordings import make_tone, write_sounds

PLACE = {1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)}
SECRET = "SECRET"
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="52,31.2N" '
    f'exif:GPSLongitude="13,24.3E" exif:{SECRET}="1"/></rdf:RDF></x:xmpmeta>'
).encode()
SIDEWAYS = 6


def make_exif():
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = SIDEWAYS, SECRET
    exif.get_ifd(0x8825).update(PLACE)
    return exif


def make_image():
    return Image.effect_noise((96, 64), 60).convert("RGB")


def make_jpeg(**options):
    body = io.BytesIO()
    make_image().save(body, "JPEG", exif=make_exif(), xmp=XMP, comment=SECRET, quality=90, **options)
    plain = body.getvalue()
    iptc = b"Photoshop 3.0\0" + SECRET.encode()
    segment = b"\xff\xed" + struct.pack(">H", len(iptc) + 2) + iptc
    # A film follows the image, as in photos that move.
    return plain[:2] + segment + plain[2:] + b"\0\0\0\x18ftypmp42" + SECRET.encode()


def make_png():
    body, texts = io.BytesIO(), PngImagePlugin.PngInfo()
    texts.add_text("Comment", SECRET)
    texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
    make_image().save(body, "PNG", exif=make_exif(), pnginfo=texts, icc_profile=b"profile")
    return body.getvalue() + SECRET.encode()


def make_webp(**options):
    body = io.BytesIO()
    make_image().save(body, "WEBP", exif=make_exif(), xmp=XMP, **options)
    return body.getvalue()


def make_avif():
    body = io.BytesIO()
    make_image().save(body, "AVIF", exif=make_exif(), xmp=XMP)
    return body.getvalue()


def make_heic():
    body = io.BytesIO()
    pillow_heif.from_pillow(make_image()).save(body, exif=make_exif().tobytes(), xmp=XMP)
    return body.getvalue()


IMAGES = {
    "baseline.jpg": make_jpeg(),
    "progressive.jpg": make_jpeg(progressive=True),
    "a.png": make_png(),
    "lossy.webp": make_webp(),
    "lossless.webp": make_webp(lossless=True),
    "a.avif": make_avif(),
    "a.heic": make_heic(),
}


def redact(path, orientation=SIDEWAYS):
    with PatchedFile(path, find_patches(path, orientation)) as stream:
        return stream.read()


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_looks_the_same_and_names_no_place(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(IMAGES[name])
    original, facts = open_image(path)
    assert facts.latitude == pytest.approx(52.52)
    redacted = redact(path)
    assert (len(redacted), SECRET.encode() in redacted, b"GPS" in redacted) == (path.stat().st_size, False, False)
    image, facts = open_image(redacted)
    assert (facts.latitude, facts.longitude, facts.description) == (None, None, None)
    assert np.array_equal(np.asarray(image), np.asarray(original))


def write_film(path, **metadata):
    options = {"movflags": "use_metadata_tags"} if "mdta" in path.name else {}
    with av.open(str(path), "w", options=options) as out:
        out.metadata.update(metadata)
        film, sound = out.add_stream("libx264", rate=10), out.add_stream("aac", rate=16_000)
        film.width, film.height, film.pix_fmt = 64, 48, "yuv420p"
        sound.layout = "mono"
        for number in range(10):
            frame = av.VideoFrame.from_image(Image.new("RGB", (64, 48), (number * 20, 90, 90)))
            frame.pts = number
            out.mux(film.encode(frame))
        out.mux(film.encode(None))
        frame = av.AudioFrame.from_ndarray(make_tone(1.0)[None], format="flt", layout="mono")
        frame.sample_rate = 16_000
        resampler = av.AudioResampler("fltp", "mono", 16_000, frame_size=1024)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(sound.encode(part))
        out.mux(sound.encode(None))


def decode(source, kind="video"):
    with av.open(source) as film:
        return [packet for frame in film.decode(**{kind: 0}) for packet in [frame.to_ndarray().tobytes()]]


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "mdta.mov"])
def test_a_film_plays_the_same_and_names_no_place(tmp_path, name):
    path = tmp_path / name
    write_film(path, location="+52.5200+013.4050/", comment=SECRET)
    with av.open(str(path)) as film:
        assert "+52.52" in str(film.metadata)
    redacted = redact(path)
    assert (len(redacted), SECRET.encode() in redacted, b"+52.5" in redacted) == (path.stat().st_size, False, False)
    for kind in ("video", "audio"):
        assert decode(io.BytesIO(redacted), kind) == decode(str(path), kind)


def test_a_track_of_places_is_removed_with_its_samples(tmp_path):
    path = tmp_path / "a.mp4"
    write_film(path)
    body = path.read_bytes()
    with av.open(str(path)) as film:
        packets = [bytes(packet) for packet in film.demux(audio=0) if packet.size > 20]
    assert all(packet in body for packet in packets)
    path.write_bytes(body.replace(b"soun", b"meta"))
    redacted = redact(path)
    assert not any(packet in redacted for packet in packets)
    assert decode(io.BytesIO(redacted)) == decode(io.BytesIO(body))
    with av.open(io.BytesIO(redacted)) as film:
        assert [stream.type for stream in film.streams] == ["video"]


def test_fragments_with_a_track_of_places_are_refused(tmp_path):
    path = tmp_path / "a.mp4"
    write_sounds(str(path), [(0.0, make_tone(1.0), {})], codec="aac", options={"movflags": "frag_keyframe+empty_moov"})
    find_patches(path, None)
    path.write_bytes(path.read_bytes().replace(b"soun", b"meta"))
    with pytest.raises(NotRedactableError):
        find_patches(path, None)


@pytest.mark.parametrize(
    "body", [b"GIF89a" + b"\0" * 20, b"II*\0" + b"\0" * 20, b"", b"\xff\xd8\xff\xe1\0\x05abcXX", b"x"]
)
def test_other_formats_are_refused(tmp_path, body):
    path = tmp_path / "a.bin"
    path.write_bytes(body)
    with pytest.raises(NotRedactableError):
        find_patches(path, None)


@few_examples(150)
@given(
    st.sampled_from(sorted(IMAGES)),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=5),
    st.floats(0, 1),
)
def test_a_damaged_image_is_redacted_or_refused(tmp_path_factory, name, changes, cut):
    body = bytearray(IMAGES[name][: int(len(IMAGES[name]) * max(cut, 0.01))])
    for place, value in changes:
        body[int(place * (len(body) - 1))] = value
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(body)
    try:
        patches = find_patches(path, SIDEWAYS)
    except NotRedactableError:
        return
    with PatchedFile(path, patches) as stream:
        assert len(stream.read()) == len(body)


@given(st.binary(min_size=1, max_size=60), st.data())
def test_a_patched_file_is_read_from_any_position(tmp_path_factory, body, data):
    path = tmp_path_factory.getbasetemp() / "patched"
    path.write_bytes(body)
    bounds = sorted(data.draw(st.lists(st.integers(0, 70), max_size=8)))
    ranges = zip(bounds[::2], bounds[1::2], strict=False)
    patches = [Patch(*pair, data.draw(st.binary(max_size=pair[1] - pair[0]))) for pair in ranges]
    expected = bytearray(body)
    for start, end, part in patches:
        expected[start:end] = (part + bytes(end - start - len(part)))[: max(len(body) - start, 0)]
    position = data.draw(st.integers(0, len(body)))
    with PatchedFile(path, data.draw(st.permutations(patches))) as stream:
        stream.seek(position)
        assert stream.read(7) == bytes(expected)[position : position + 7]


@given(st.lists(st.tuples(st.integers(0, 70), st.integers(0, 70), st.binary(max_size=3)), max_size=6))
def test_nothing_is_left_where_patches_overlap(tmp_path_factory, ranges):
    path = tmp_path_factory.getbasetemp() / "overlapping"
    path.write_bytes(b"\xff" * 60)
    patches = [Patch(start, end, body.replace(b"\xff", b"")[: max(end - start, 0)]) for start, end, body in ranges]
    replaced = {place for start, end, _ in patches for place in range(start, min(end, 60))}
    with PatchedFile(path, patches) as stream:
        assert {place for place, value in enumerate(stream.read()) if value != 255} == replaced
