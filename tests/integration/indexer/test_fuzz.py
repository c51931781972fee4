"""Thousands of damaged files, and files made to exhaust: each ends with a reason, within time and memory."""

import io
import random
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from indexer.decode.content import Failed, Finished
from indexer.decode.decoder import SandboxedDecoder
from indexer.decode.families import TYPES
from search.media.image.transform import TwoViews
from search.media.sandbox import Limits
from search.records import FileFacts
from tests.support.formats import DOCUMENTS, IMAGES, make_bomb, make_dng, write_tone
from tests.support.mutation import mutate

pytestmark = pytest.mark.slow
# How many damaged files, in `make test` and in `make soak`.
MUTANTS = [600, pytest.param(30_000, marks=pytest.mark.soak)]
VIEWS = TwoViews(260, 0.7)
LIMITS = Limits(stall=20.0, total=60.0, memory=3072)
# MiB that a decoder may come to hold; the address space it may ask for is larger.
MOST_HELD = 1500


def make_image(kind):
    stream = io.BytesIO()
    noise = np.random.default_rng(5).integers(0, 255, (60, 80, 3), np.uint8)
    image = Image.fromarray(noise).resize((160, 120))
    image.save(stream, kind)
    return stream.getvalue()


def make_sound(codec, container, rate):
    stream = io.BytesIO()
    write_tone(stream, codec, rate, container)
    return stream.getvalue()


def make_film(codec, container):
    stream = io.BytesIO()
    with av.open(stream, "w", format=container) as out:
        track = out.add_stream(codec, rate=Fraction(5))
        track.width, track.height, track.pix_fmt = 96, 64, "yuv420p"
        for number in range(10):
            image = Image.new("RGB", (96, 64), (number * 25, 40, 200 - number * 20))
            out.mux(track.encode(av.VideoFrame.from_image(image)))
        out.mux(track.encode(None))
    return stream.getvalue()


def make_seeds():
    """Return a sound file of every type by suffix."""
    seeds = {suffix: make_image(kind) for suffix, kind in IMAGES.items()}
    for suffix, codec, container, rate in (
        ("wav", "pcm_s16le", "wav", 16000),
        ("mp3", "libmp3lame", "mp3", 22050),
        ("ogg", "libopus", "ogg", 48000),
        ("flac", "flac", "flac", 22050),
        ("m4a", "aac", "mp4", 22050),
    ):
        seeds[suffix] = make_sound(codec, container, rate)
    for suffix, codec, container in (
        ("mp4", "libx264", "mp4"),
        ("webm", "libvpx-vp9", "webm"),
        ("avi", "mpeg4", "avi"),
    ):
        seeds[suffix] = make_film(codec, container)
    seeds |= {"dng": make_dng(), "cr2": make_dng((900, 600))}
    seeds |= {suffix: body[0] if isinstance(body, tuple) else body for suffix, body in DOCUMENTS.items()}
    return seeds


def decode(sandbox, path):
    *_, last = sandbox.decode(FileFacts(str(path), 1, TYPES[path.suffix], path.stat().st_size, 1))
    return last


def read_peak(sandbox):
    """Return the most memory that the sandbox's process has held, in MiB."""
    status = Path(f"/proc/{sandbox._sandbox._process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


@pytest.mark.parametrize("mutants", MUTANTS)
def test_no_damaged_file_breaks_the_run(tmp_path, mutants):
    seeds = make_seeds()
    local = threading.local()
    opened = []

    def decode_mutant(number):
        if not hasattr(local, "sandbox"):
            local.sandbox = SandboxedDecoder(VIEWS, LIMITS)
            opened.append(local.sandbox)
        chance = random.Random(number)
        suffix = chance.choice(sorted(seeds))
        path = tmp_path / f"m{number}.{suffix}"
        path.write_bytes(mutate(seeds[suffix], suffix, chance) or b"x")
        began = time.monotonic()
        last = decode(local.sandbox, path)
        path.unlink()
        return last, time.monotonic() - began

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(decode_mutant, range(mutants)))
    peaks = [read_peak(sandbox) for sandbox in opened if sandbox._sandbox._process is not None]
    for sandbox in opened:
        sandbox.close()
    assert len(outcomes) == mutants
    failures = [last.reason for last, _ in outcomes if isinstance(last, Failed)]
    assert mutants * 0.2 < len(failures) < mutants * 0.95
    assert all(reason.strip() for reason in failures)
    assert max(seconds for _, seconds in outcomes) < LIMITS.total + 5
    assert max(peaks) < MOST_HELD


def make_huge_png():
    def chunk(kind, body):
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    header = (50_000).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    rows = zlib.compress(bytes(10_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def make_endless_pdf():
    kids = " ".join(["3 0 R"] * 100_000)
    body = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    body += f"2 0 obj<</Type/Pages/Kids[{kids}]/Count 100000>>endobj\n"
    body += "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]>>endobj\ntrailer<</Size 4/Root 1 0 R>>\n%%EOF"
    return body.encode()


def write_silence(path, hours):
    """Write hours of silence in Opus by repeating the packets of a second."""
    stream = io.BytesIO()
    with av.open(stream, "w", format="ogg") as out:
        track = out.add_stream("libopus", rate=48000, options={"frame_duration": "60"})
        track.layout = "mono"
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 2880), np.int16), format="s16", layout="mono")
        frame.sample_rate = 48000
        packets = []
        for number in range(12):
            frame.pts = number * 2880
            packets += [bytes(packet) for packet in track.encode(frame)]
    with av.open(str(path), "w") as out:
        track = out.add_stream("libopus", rate=48000, options={"frame_duration": "60"})
        track.layout = "mono"
        track.codec_context.open()
        for number in range(int(hours * 3600 / 0.06)):
            packet = av.Packet(packets[5])
            packet.stream, packet.time_base = track, Fraction(1, 48000)
            packet.pts = packet.dts = number * 2880
            packet.duration = 2880
            out.mux(packet)


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        ("huge.png", make_huge_png, "too large to decode"),
        ("bomb.docx", make_bomb, "larger than the limit"),
        ("endless.pdf", make_endless_pdf, "pages"),
    ],
)
def test_what_is_made_to_exhaust_fails_with_its_reason(tmp_path, name, make, message):
    (tmp_path / name).write_bytes(make())
    sandbox = SandboxedDecoder(VIEWS, LIMITS)
    last = decode(sandbox, tmp_path / name)
    sandbox.close()
    assert isinstance(last, Failed)
    assert message in last.reason


def test_ten_hours_of_silence_are_decoded_in_bounded_memory(tmp_path):
    write_silence(tmp_path / "silence.opus", 10)
    sandbox = SandboxedDecoder(VIEWS, Limits(stall=60.0, total=300.0, memory=3072))
    last = decode(sandbox, tmp_path / "silence.opus")
    peak = read_peak(sandbox)
    sandbox.close()
    assert isinstance(last, Finished)
    assert last.facts.duration == pytest.approx(36_000, abs=2)
    assert peak < MOST_HELD
