"""RapidOCR with the models in its package; skipped where the extra `ocr` is not installed."""

import socket

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

pytest.importorskip("rapidocr")

from search.encoders.compact.files import CompactFiles
from search.encoders.ocr.blocks import group_lines, join_text
from search.encoders.ocr.presence import TextPresence
from search.encoders.ocr.probe import find_probe
from search.encoders.ocr.rapid import RapidEngine
from search.encoders.runtime import Machine


@pytest.fixture(scope="module")
def engine():
    return RapidEngine(Machine())


def draw_sign(turn=0):
    image = Image.new("RGB", (640, 320), (20, 60, 150))
    draw = ImageDraw.Draw(image)
    draw.text((60, 80), "Harbor Street", font=ImageFont.load_default(56), fill="white")
    draw.text((60, 160), "Platform 42", font=ImageFont.load_default(56), fill="white")
    return np.asarray(image.rotate(turn, expand=True))


def read(engine, image):
    return [join_text(block) for block in group_lines(engine.read(image))]


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_sign_is_read_however_it_is_turned(engine, turn):
    assert read(engine, draw_sign(turn)) == ["Harbor Street Platform 42"]


def test_a_line_begins_where_its_text_does(engine):
    line = next(line for line in engine.read(draw_sign(180)) if line.text.startswith("Harbor"))
    assert line.quad[0][0] > line.quad[1][0]


def test_an_image_without_text_is_read_as_nothing(engine):
    assert engine.read(np.full((200, 300, 3), 128, np.uint8)) == []
    assert not engine.has_line(np.full((200, 300, 3), 128, np.uint8))


def test_a_tiny_image_is_read(engine):
    assert engine.read(np.zeros((1, 5, 3), np.uint8)) == []
    assert not engine.has_line(np.zeros((1, 5, 3), np.uint8))


def test_the_models_are_loaded_without_a_network(monkeypatch):
    def refuse(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert read(RapidEngine(Machine()), draw_sign()) == ["Harbor Street Platform 42"]


def test_a_sign_looks_more_like_text_than_a_smooth_picture():
    presence = TextPresence(Machine())
    smooth = np.linspace(0, 255, 300, dtype=np.uint8)[None, :, None].repeat(200, 0).repeat(3, 2)
    assert presence.find(draw_sign()).log_odds > presence.find(smooth).log_odds


def test_the_place_that_looks_most_like_text_is_found():
    image = np.full((512, 512, 3), 90, np.uint8)
    image[300:400, 200:400] = draw_sign()[70:170, 50:250]
    spot = TextPresence(Machine()).find(image)
    assert 200 <= spot.x <= 400
    assert 300 <= spot.y <= 400


def test_the_packaged_probe_belongs_to_the_bundled_image_encoder():
    assert find_probe(CompactFiles().image_fingerprint) is not None
    assert find_probe("another model") is None
